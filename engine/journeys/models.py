"""Journeys, their immutable versions, the enrolments that run through them, and the log of every step."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from engine.core.ids import new_id
from engine.core.models import Base, Identified, Tenanted, Timed


class JourneyStatus(StrEnum):
    """A journey's state. `finishing` lets running enrolments end but admits nobody; `stopped` ended them."""

    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"
    FINISHING = "finishing"
    STOPPED = "stopped"
    ARCHIVED = "archived"


class Stage(StrEnum):
    """Where on the customer's path a journey works (J13)."""

    DISCOVERY = "discovery"
    CONSIDERATION = "consideration"
    PURCHASE = "purchase"
    RETENTION = "retention"
    ADVOCACY = "advocacy"


class EnrolmentStatus(StrEnum):
    """An enrolment's state; `active` ones have a node and a time at which they are due, `paused` ones too,
    but nobody looks for them until the journey is resumed."""

    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    EXITED = "exited"
    QUARANTINED = "quarantined"


RUNNING = (EnrolmentStatus.ACTIVE, EnrolmentStatus.PAUSED)
"""The states of those who are under way."""


class Journey(Identified, Tenanted, Timed, Base):
    """A journey: its draft, which version is live, who looks after it, who changed it last (None: over the API)."""

    __tablename__ = "journeys"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(server_default="")
    stage: Mapped[str] = mapped_column(String(16), server_default=Stage.RETENTION)
    status: Mapped[str] = mapped_column(String(12), server_default=JourneyStatus.DRAFT)
    draft: Mapped[dict[str, Any]]
    revision: Mapped[int] = mapped_column(server_default="1")
    live_version_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    changed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class JourneyVersion(Identified, Tenanted, Base):
    """A published graph: never changed again (J8)."""

    __tablename__ = "journey_versions"
    __table_args__ = (UniqueConstraint("journey_id", "number"),)

    journey_id: Mapped[UUID] = mapped_column(ForeignKey("journeys.id", ondelete="CASCADE"))
    number: Mapped[int]
    graph: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]
    published_by: Mapped[UUID | None]


class RequestStatus(StrEnum):
    """A request's state; one that was `withdrawn` was overtaken by a change of the draft, or taken back."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class PublishRequest(Identified, Tenanted, Base):
    """Somebody asks for a journey's draft, as of one revision, to be published (B2). `mapping` is what shall become
    of those under way; `recipients` and `cost_micro` are what was estimated when it was asked."""

    __tablename__ = "publish_requests"
    __table_args__ = (
        Index("ix_publish_requests_journey", "journey_id", "asked_at"),
        Index("ix_publish_requests_tenant_id", "tenant_id"),
        Index(
            "uq_publish_requests_pending",
            "journey_id",
            unique=True,
            postgresql_where=text("status = 'pending'"),
        ),
    )

    journey_id: Mapped[UUID] = mapped_column(ForeignKey("journeys.id", ondelete="CASCADE"))
    revision: Mapped[int]
    mapping: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    recipients: Mapped[int]
    cost_micro: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(12), server_default=RequestStatus.PENDING)
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default="")


class Presence(Tenanted, Base):
    """A browser tab in which a journey is open, as of its last sign of life. Not logged: a crash closes them all."""

    __tablename__ = "presences"
    __table_args__ = {"prefixes": ["UNLOGGED"]}

    journey_id: Mapped[UUID] = mapped_column(ForeignKey("journeys.id", ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    node_id: Mapped[str] = mapped_column(server_default="")
    seen_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]


class Enrolment(Base):
    """One customer's run through one version. `entry_key` makes an event enter once, and the partial unique
    index keeps a customer from being in the same journey twice at a time.

    `trigger_id` is the trigger by which they entered, `promised_at` the time a rate-limited wait gave them,
    `moved_visit` the visit at which they were moved here from an older version, `converted_at` when they
    reached the goal. `is_trace`: all that is left of a run of long ago, by which re-entry is judged.
    """

    __tablename__ = "enrolments"
    __table_args__ = (
        UniqueConstraint("tenant_id", "journey_id", "entry_key"),
        Index(
            "uq_enrolments_running",
            "journey_id",
            "customer_id",
            unique=True,
            postgresql_where=text("status IN ('active', 'paused')"),
        ),
        Index("ix_enrolments_due", "tenant_id", "due_at", postgresql_where=text("status = 'active'")),
        Index("ix_enrolments_customer", "tenant_id", "customer_id", "entered_at"),
        Index("ix_enrolments_entered", "tenant_id", "entered_at", postgresql_include=["journey_id"]),
        Index(
            "ix_enrolments_entries",
            "journey_id",
            "customer_id",
            "entered_at",
            postgresql_include=["tenant_id", "status", "converted_at"],
        ),
        Index(
            "ix_enrolments_quarantined",
            "tenant_id",
            "journey_id",
            postgresql_where=text("status = 'quarantined'"),
        ),
        Index(
            "ix_enrolments_converted",
            "tenant_id",
            "journey_id",
            "converted_at",
            "id",
            postgresql_include=["customer_id", "version_id", "entered_at"],
            postgresql_where=text("converted_at IS NOT NULL"),
        ),
        Index(
            "ix_enrolments_finished",
            "tenant_id",
            "finished_at",
            postgresql_where=text("finished_at IS NOT NULL AND NOT is_trace"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[UUID]
    journey_id: Mapped[UUID]
    version_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(String(12), server_default=EnrolmentStatus.ACTIVE)
    node_id: Mapped[str]
    visit: Mapped[int] = mapped_column(server_default="0")
    arrived_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    entry_key: Mapped[UUID]
    entry: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    entered_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    trigger_id: Mapped[str | None]
    promised_at: Mapped[datetime | None]
    moved_visit: Mapped[int | None]
    converted_at: Mapped[datetime | None]
    is_trace: Mapped[bool] = mapped_column(server_default=text("false"))


class Step(Base):
    """One node done by one enrolment: the log from which counts and explanations are read."""

    __tablename__ = "steps"
    __table_args__ = (Index("ix_steps_node", "tenant_id", "version_id", "node_id", "at"),)

    enrolment_id: Mapped[UUID] = mapped_column(primary_key=True)
    visit: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    version_id: Mapped[UUID]
    node_id: Mapped[str]
    port: Mapped[str | None]
    at: Mapped[datetime]
    why: Mapped[str | None]
    found: Mapped[list[Any] | None]


class StepCount(Base):
    """Steps per node and port as increments, added in the batch that made them and summed when read:
    workers never wait for each other over a counter. `converted` are enrolments that reached the goal after that
    node, each once a node, added when they reached it."""

    __tablename__ = "step_counts"
    __table_args__ = (Index("ix_step_counts_version_id", "tenant_id", "version_id"),)

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    tenant_id: Mapped[UUID]
    version_id: Mapped[UUID]
    node_id: Mapped[str]
    port: Mapped[str | None]
    steps: Mapped[int]
    converted: Mapped[int] = mapped_column(server_default="0")


class JourneyCount(Base):
    """A journey's enrolments in figures, as increments that are summed when read. The database adds them itself, by
    triggers on `enrolments` (migration 0014), in the transaction that lets somebody enter, go on or leave: whatever
    writes there, the sums equal a plain count, and nobody waits for anybody."""

    __tablename__ = "journey_counts"
    __table_args__ = (Index("ix_journey_counts_journey_id", "tenant_id", "journey_id"),)

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    tenant_id: Mapped[UUID]
    journey_id: Mapped[UUID]
    entered: Mapped[int] = mapped_column(BigInteger)
    in_progress: Mapped[int] = mapped_column(BigInteger)
    completed: Mapped[int] = mapped_column(BigInteger)
    converted: Mapped[int] = mapped_column(BigInteger)


class CalendarRun(Tenanted, Base):
    """Up to when a live journey's calendar trigger has let customers in; the clock goes on from there."""

    __tablename__ = "calendar_runs"
    __table_args__ = (Index("ix_calendar_runs_due_at", "tenant_id", "due_at"),)

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    journey_id: Mapped[UUID] = mapped_column(ForeignKey("journeys.id", ondelete="CASCADE"), primary_key=True)
    node_id: Mapped[str] = mapped_column(primary_key=True)
    done_until: Mapped[datetime]
    due_at: Mapped[datetime]


class ReleaseRate(Tenanted, Base):
    """The next free moment of a rate-limited wait: who comes takes it and moves it on (J3)."""

    __tablename__ = "release_rates"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    journey_id: Mapped[UUID] = mapped_column(ForeignKey("journeys.id", ondelete="CASCADE"), primary_key=True)
    node_id: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
