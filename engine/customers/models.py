"""Customers, who they answer to, what they bought, and what they agreed to."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Computed,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from engine.core.ids import new_id
from engine.core.models import Base, Identified, Tenanted, Timed

MONTH_AND_DAY = "EXTRACT(month FROM {0}) * 100 + EXTRACT(day FROM {0})"
"""229 for 29 February. A column of its own, for row-level security keeps an index over the expression from use."""


class IdentityKind(StrEnum):
    """By what a customer can be found; the first customer to claim a value answers to it."""

    USER_ID = "user_id"
    ANONYMOUS_ID = "anonymous_id"
    PHONE = "phone"
    EMAIL = "email"


class Purpose(StrEnum):
    """What a consent is for (providers 8.1)."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"
    ADS = "ads"
    ANALYTICS = "analytics"


class ConsentState(StrEnum):
    """Only `granted` allows; no record at all means no (C3: opt-in is recorded, not assumed)."""

    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    PENDING = "pending"


class SuppressionReason(StrEnum):
    """Why an address gets nothing more (C4)."""

    OPTED_OUT = "opted_out"
    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"
    INVALID = "invalid"
    ERASED = "erased"
    STAFF = "staff"


class Customer(Identified, Tenanted, Timed, Base):
    """A person in a tenant's database (C1), with running totals that segments read without joining."""

    __tablename__ = "customers"
    __table_args__ = (
        UniqueConstraint("tenant_id", "external_id"),
        Index("ix_customers_tenant_id_created_at", "tenant_id", "created_at", "id"),
        Index("ix_customers_tenant_id_phone", "tenant_id", "phone"),
        Index("ix_customers_tenant_id_email", "tenant_id", "email"),
        Index("ix_customers_tenant_id_last_order_at", "tenant_id", "last_order_at"),
        Index("ix_customers_tags", "tags", postgresql_using="gin"),
        Index("ix_customers_tenant_id_last_visit_at", "tenant_id", "last_visit_at"),
        Index("ix_customers_tenant_id_timezone", "tenant_id", "timezone"),
        Index("ix_customers_birthday_mmdd", "tenant_id", "birthday_mmdd"),
        Index("ix_customers_anniversary_mmdd", "tenant_id", "anniversary_mmdd"),
    )

    external_id: Mapped[str | None]
    name: Mapped[str] = mapped_column(server_default="")
    first_name: Mapped[str] = mapped_column(server_default="")
    last_name: Mapped[str] = mapped_column(server_default="")
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(320))
    birthday: Mapped[date | None]
    anniversary: Mapped[date | None]
    birthday_mmdd: Mapped[int | None] = mapped_column(
        SmallInteger, Computed(MONTH_AND_DAY.format("birthday"), persisted=True)
    )
    anniversary_mmdd: Mapped[int | None] = mapped_column(
        SmallInteger, Computed(MONTH_AND_DAY.format("anniversary"), persisted=True)
    )
    language: Mapped[str | None] = mapped_column(String(16))
    city: Mapped[str | None]
    timezone: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    interests: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    category: Mapped[str | None]
    lead_status: Mapped[str | None]
    membership_status: Mapped[str | None]
    source: Mapped[str | None]
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("branches.id", ondelete="SET NULL"))
    is_dnd: Mapped[bool] = mapped_column(server_default=text("false"))
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))

    order_count: Mapped[int] = mapped_column(server_default="0")
    total_spend_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    first_order_at: Mapped[datetime | None]
    last_order_at: Mapped[datetime | None]
    visit_count: Mapped[int] = mapped_column(server_default="0")
    first_visit_at: Mapped[datetime | None]
    last_visit_at: Mapped[datetime | None]

    merged_into: Mapped[UUID | None]
    erased_at: Mapped[datetime | None]


class CustomerIdentity(Tenanted, Base):
    """Who answers to a user id, anonymous id, phone number or e-mail address. The primary key is the arbiter
    between two doors that meet the same person at the same moment."""

    __tablename__ = "customer_identities"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)


class Consent(Tenanted, Base):
    """The consent in force: the newest version of the history, kept apart so that the guard reads one row.

    Hand-over share-locks this row while it calls a provider; an opt-out updates it. So an opt-out commits
    either before the call (which then does not happen) or after it: nothing leaves after the moment (C4).
    """

    __tablename__ = "consents"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[str]
    changed_at: Mapped[datetime]


class ConsentChange(Identified, Tenanted, Base):
    """One version of a consent: never changed, only followed by a newer one (providers 8.1)."""

    __tablename__ = "consent_history"
    __table_args__ = (
        UniqueConstraint(
            "tenant_id", "customer_id", "channel", "purpose", "version", name="uq_consent_history_version"
        ),
    )

    customer_id: Mapped[UUID]
    channel: Mapped[str] = mapped_column(String(16))
    purpose: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[str]
    reason: Mapped[str | None]
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None]
    page_url: Mapped[str | None]
    wording: Mapped[str | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    actor: Mapped[str]
    at: Mapped[datetime]


class Suppression(Tenanted, Base):
    """An address that gets no marketing on a channel (or on `all`), whoever it belongs to; outlives the customer."""

    __tablename__ = "suppressions"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(String(16))
    source: Mapped[str]
    customer_id: Mapped[UUID | None] = mapped_column(index=True)
    at: Mapped[datetime]


class Order(Identified, Tenanted, Base):
    """An order, bill or invoice; amounts in minor units of `currency`."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("tenant_id", "external_id"),
        Index("ix_orders_tenant_id_customer_id_ordered_at", "tenant_id", "customer_id", "ordered_at"),
        Index("ix_orders_tenant_id_ordered_at", "tenant_id", "ordered_at"),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    branch_id: Mapped[UUID | None]
    external_id: Mapped[str]
    status: Mapped[str] = mapped_column(String(16), server_default="placed")
    total_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    ordered_at: Mapped[datetime]
    source: Mapped[str | None]


class OrderLine(Tenanted, Base):
    """One article of an order."""

    __tablename__ = "order_lines"
    __table_args__ = (Index("ix_order_lines_tenant_id_category", "tenant_id", "category"),)

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    product_id: Mapped[str]
    name: Mapped[str] = mapped_column(server_default="")
    category: Mapped[str | None]
    quantity: Mapped[int] = mapped_column(server_default="1")
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class AppointmentStatus(StrEnum):
    """A booking's life; `missed` is what others call a no-show."""

    BOOKED = "booked"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    MISSED = "missed"


class Appointment(Identified, Tenanted, Timed, Base):
    """A booking of a service or class; a completed one is a visit.

    `updated_at` is when it came into its state, so that news which come late do not undo what came after.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        UniqueConstraint("tenant_id", "external_id"),
        Index("ix_appointments_tenant_id_customer_id_starts_at", "tenant_id", "customer_id", "starts_at"),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    branch_id: Mapped[UUID | None]
    external_id: Mapped[str]
    service: Mapped[str]
    category: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(16), server_default="booked")
    starts_at: Mapped[datetime]
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)


class EntitlementKind(StrEnum):
    """What a customer holds that can run out: a membership, a package of sessions, a lot of loyalty points."""

    MEMBERSHIP = "membership"
    PACKAGE = "package"
    POINTS = "points"


class EntitlementStatus(StrEnum):
    """An entitlement's life."""

    ACTIVE = "active"
    USED_UP = "used_up"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Entitlement(Identified, Tenanted, Timed, Base):
    """A membership, package or lot of points; `balance` counts sessions or points left, None where none are counted.

    `expires_on` is the last day on which it is good, on the customer's calendar. `updated_at` is when the last
    thing was said of it (running out by itself says nothing), so that news which come late undo nothing.
    """

    __tablename__ = "entitlements"
    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "external_id"),
        Index("ix_entitlements_expires_on", "tenant_id", "kind", "expires_on"),
        Index("ix_entitlements_customer", "tenant_id", "customer_id", "kind"),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(12))
    external_id: Mapped[str]
    name: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(String(12), server_default=EntitlementStatus.ACTIVE)
    starts_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    balance: Mapped[int | None]


class FollowUpStatus(StrEnum):
    """A reminder's life (S4 `staff_followup_reminders.status`)."""

    PENDING = "pending"
    COMPLETED = "completed"
    DISMISSED = "dismissed"


class FollowUp(Identified, Tenanted, Base):
    """A reminder for the staff to get in touch (S4 `staff_followup_reminders`); no `staff_id`: whoever is there.

    `dedupe_key` names what made it, so that a journey makes it once.
    """

    __tablename__ = "staff_followup_reminders"
    __table_args__ = (
        UniqueConstraint("tenant_id", "dedupe_key"),
        Index("ix_staff_followup_reminders_due", "tenant_id", "status", "reminder_date"),
        Index("ix_staff_followup_reminders_customer", "tenant_id", "customer_id"),
    )

    dedupe_key: Mapped[UUID] = mapped_column(default=new_id)
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    reminder_date: Mapped[date]
    reminder_time: Mapped[time | None]
    note: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(String(12), server_default=FollowUpStatus.PENDING)
    source: Mapped[str] = mapped_column(String(32))
    completed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Inquiry(Identified, Tenanted, Timed, Base):
    """A lead's question: made by forms, followed by staff."""

    __tablename__ = "inquiries"
    __table_args__ = (Index("ix_inquiries_tenant_id_status", "tenant_id", "status", "created_at"),)

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    subject: Mapped[str]
    message: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(String(16), server_default="pending")
    source: Mapped[str]


class PastCampaign(Identified, Tenanted, Base):
    """A campaign the shop ran before Safar, imported to compare with; its recipients are events."""

    __tablename__ = "past_campaigns"
    __table_args__ = (UniqueConstraint("tenant_id", "external_id"),)

    external_id: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    recipients: Mapped[int]
    redemptions: Mapped[int]


class CustomerImport(Identified, Tenanted, Base):
    """One run of a CSV import, with the rows that could not be taken, so that nothing is lost (C2)."""

    __tablename__ = "customer_imports"

    kind: Mapped[str] = mapped_column(String(16))
    file_name: Mapped[str]
    mapping: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    created: Mapped[int] = mapped_column(server_default="0")
    updated: Mapped[int] = mapped_column(server_default="0")
    rejected: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
