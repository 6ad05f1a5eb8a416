"""Events: what customers did, partitioned by month; and the queue of those some journey waits for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.core.ids import new_id
from engine.core.models import Base, Tenanted


class Event(Base):
    """One thing that happened. Partitioned by `occurred_at`, so no foreign keys and a two-part primary key."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_customer", "tenant_id", "customer_id", "occurred_at"),
        Index("ix_events_name", "tenant_id", "name", "occurred_at"),
        {"postgresql_partition_by": "RANGE (occurred_at)"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    occurred_at: Mapped[datetime] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(32))
    properties: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    context: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())


class EventKey(Base):
    """`messageId`s already taken, so that a repeated event counts once (Segment spec; kept ≥ 7 days)."""

    __tablename__ = "event_keys"
    __table_args__ = (Index("ix_event_keys_received_at", "received_at", postgresql_using="brin"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())


class EventInterest(Tenanted, Base):
    """Which event names a live journey listens to; only those are queued for routing."""

    __tablename__ = "event_interests"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    listener: Mapped[UUID] = mapped_column(primary_key=True)


class QueuedEvent(Base):
    """An event that waits to be shown to the journeys; deleted when that is committed.

    One that cannot be shown keeps the reason in `failed_reason` and is left alone until somebody retries it.
    """

    __tablename__ = "event_queue"
    __table_args__ = (
        Index(
            "ix_event_queue_tenant_id_seq", "tenant_id", "seq", postgresql_where=text("failed_reason IS NULL")
        ),
        Index("ix_event_queue_set_aside", "tenant_id", postgresql_where=text("failed_reason IS NOT NULL")),
    )

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    tenant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    name: Mapped[str]
    occurred_at: Mapped[datetime]
    properties: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    failed_reason: Mapped[str | None]
    queued_at: Mapped[datetime] = mapped_column(server_default=func.now())
