"""The message log (one row per intent), what providers report of it, and our own outgoing webhooks."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.core.ids import new_id
from engine.core.models import Base, Tenanted


class MessageStatus(StrEnum):
    """A message's life. S4's `pending` is our `queued` and `sending`; `uncertain` = handed over, answer lost,
    never resent by itself (design decision 5)."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"


class MessageType(StrEnum):
    """What made a message (S4)."""

    CAMPAIGN = "campaign"
    TRIGGER = "trigger"
    TRANSACTIONAL = "transactional"


class Message(Base):
    """One intent to tell one customer one thing. `(tenant_id, dedupe_key)` is what makes it exactly once.

    `fallback` is `{"channel", "template_id"}`: what is queued instead when this one cannot reach the customer.
    `priority`: the higher goes first when two want the same customer on the same day. `journey_limit`: most
    marketing messages of its journey to one customer in seven days. `announce`: somebody waits for an event
    when it is sent, failed or skipped.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("tenant_id", "dedupe_key"),
        Index("ix_messages_due", "tenant_id", "due_at", postgresql_where=text("status = 'queued'")),
        Index("ix_messages_sending", "claimed_at", postgresql_where=text("status = 'sending'")),
        Index(
            "ix_messages_usage",
            "tenant_id",
            "customer_id",
            "admitted_at",
            postgresql_where=text("admitted_at IS NOT NULL"),
        ),
        Index("ix_messages_customer", "tenant_id", "customer_id", "created_at"),
        Index("ix_messages_node", "tenant_id", "version_id", "node_id"),
        Index(
            "ix_messages_provider",
            "tenant_id",
            "provider",
            "provider_message_id",
            postgresql_where=text("provider_message_id IS NOT NULL"),
        ),
        Index("ix_messages_created_at", "tenant_id", "created_at"),
        Index(
            "ix_messages_transactional",
            "tenant_id",
            "due_at",
            postgresql_where=text("status = 'queued' AND purpose = 'transactional'"),
        ),
        Index(
            "ix_messages_rivals",
            "tenant_id",
            "customer_id",
            postgresql_where=text("status = 'queued' AND priority > 0"),
        ),
        Index("ix_messages_uncertain", "tenant_id", postgresql_where=text("status = 'uncertain'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[UUID]
    dedupe_key: Mapped[UUID]
    customer_id: Mapped[UUID]
    branch_id: Mapped[UUID | None]
    channel: Mapped[str] = mapped_column(String(16))
    purpose: Mapped[str] = mapped_column(String(16))
    message_type: Mapped[str] = mapped_column(String(16))
    template_id: Mapped[UUID | None]
    template_version: Mapped[int | None]
    journey_id: Mapped[UUID | None]
    version_id: Mapped[UUID | None]
    enrolment_id: Mapped[UUID | None]
    node_id: Mapped[str | None]
    variables: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    fallback: Mapped[dict[str, Any] | None]
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    journey_limit: Mapped[int | None] = mapped_column(SmallInteger)
    announce: Mapped[bool] = mapped_column(server_default=text("false"))

    status: Mapped[str] = mapped_column(String(12), server_default=MessageStatus.QUEUED)
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    held_code: Mapped[str | None] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    admitted_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None]
    claimed_at: Mapped[datetime | None]

    provider: Mapped[str | None] = mapped_column(String(32))
    provider_message_id: Mapped[str | None]
    address: Mapped[str | None]
    language: Mapped[str | None] = mapped_column(String(16))
    content: Mapped[dict[str, Any] | None]
    cost_micro: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))

    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    clicked_at: Mapped[datetime | None]
    replied_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    code: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None]
    created_at: Mapped[datetime]


class Receipt(Base):
    """A provider's webhook event as it came; worked off later, kept until it matches a message (providers 9.3)."""

    __tablename__ = "receipts"
    __table_args__ = (
        UniqueConstraint("tenant_id", "provider", "unique_key"),
        Index("ix_receipts_due", "tenant_id", "due_at", postgresql_where=text("done_at IS NULL")),
        Index("ix_receipts_done", "tenant_id", "done_at", postgresql_where=text("done_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[UUID]
    provider: Mapped[str] = mapped_column(String(32))
    unique_key: Mapped[str]
    payload: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class TrackedLink(Tenanted, Base):
    """A link in a message, replaced by `/l/{code}` so that the click is known."""

    __tablename__ = "tracked_links"
    __table_args__ = (Index("ix_tracked_links_message_id", "message_id"),)

    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    message_id: Mapped[UUID]
    url: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class OutgoingWebhook(Base):
    """A signed call to a tenant's own endpoint: at least once, with a stable `webhook-id` (Standard Webhooks)."""

    __tablename__ = "outgoing_webhooks"
    __table_args__ = (
        UniqueConstraint("tenant_id", "dedupe_key"),
        Index("ix_outgoing_webhooks_due", "tenant_id", "due_at", postgresql_where=text("status = 'queued'")),
        Index("ix_outgoing_webhooks_created_at", "tenant_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[UUID]
    dedupe_key: Mapped[UUID]
    customer_id: Mapped[UUID | None]
    enrolment_id: Mapped[UUID | None]
    node_id: Mapped[str | None]
    url: Mapped[str]
    body: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(String(12), server_default=MessageStatus.QUEUED)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    answer_status: Mapped[int | None]
    reason: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class MessageHold(Base):
    """Each time the guard held a message: until when, by which rule, and the facts in words (J14)."""

    __tablename__ = "message_holds"
    __table_args__ = (Index("ix_message_holds_message_id", "tenant_id", "message_id"),)

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    tenant_id: Mapped[UUID]
    message_id: Mapped[UUID]
    at: Mapped[datetime]
    until: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str]


class ConversationStatus(StrEnum):
    """Whether somebody of the staff still has to answer."""

    OPEN = "open"
    DONE = "done"


class Conversation(Tenanted, Base):
    """What a customer last said to us, handed over to the staff (C9)."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_last_at", "tenant_id", "status", "last_at"),)

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    channel: Mapped[str] = mapped_column(String(16))
    last_text: Mapped[str] = mapped_column(server_default="")
    last_at: Mapped[datetime]
    replies: Mapped[int] = mapped_column(server_default="1")
    status: Mapped[str] = mapped_column(String(8), server_default=ConversationStatus.OPEN)
    assigned_to: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class Spend(Tenanted, Base):
    """What messages cost in one month of the tenant's calendar, reserved when they are admitted (D6).

    `branch_id` is the nil UUID for customers of no branch. Micro-units: millionths of the currency's major unit.
    """

    __tablename__ = "spend"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    branch_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    category: Mapped[str] = mapped_column(String(16), primary_key=True)
    cost_micro: Mapped[int] = mapped_column(BigInteger, server_default="0")
    messages: Mapped[int] = mapped_column(BigInteger, server_default="0")


class BudgetAlert(Tenanted, Base):
    """That a month's budget came to its threshold or its end, told once. Nil `branch_id`: the whole tenant's."""

    __tablename__ = "budget_alerts"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    branch_id: Mapped[UUID] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(String(12), primary_key=True)
    at: Mapped[datetime]


class MessageRate(Tenanted, Base):
    """A tenant's own price of one message, where it differs from the usual one (D6).

    `country` is an ISO 3166 code, or `*` for all others.
    """

    __tablename__ = "message_rates"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    category: Mapped[str] = mapped_column(String(16), primary_key=True)
    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    price_micro: Mapped[int] = mapped_column(BigInteger)
