"""What is stuck: enrolments at whose step something broke, and events that could not be shown to the journeys.

Both were set aside alone so that everybody else goes on (`poison.py`); a person looks at the reason, mends the cause
and lets them go on from where they are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, select, text, update
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.errors import Conflict
from engine.customers.models import Customer
from engine.events.models import EventInterest, QueuedEvent
from engine.journeys.drafts import load_journey
from engine.journeys.entries import lock_entries
from engine.journeys.hearing import listen
from engine.journeys.models import Enrolment, EnrolmentStatus, Journey, JourneyStatus
from engine.journeys.plan import Plan
from engine.journeys.versions import load_plans

LIMIT = 100
NO_REASON = "No reason was kept"

GOES_ON: Mapping[str, EnrolmentStatus] = {
    JourneyStatus.LIVE: EnrolmentStatus.ACTIVE,
    JourneyStatus.FINISHING: EnrolmentStatus.ACTIVE,
    JourneyStatus.PAUSED: EnrolmentStatus.PAUSED,
}
"""What an enrolment becomes again, by the state of its journey; in the others nobody goes on."""

RETRY = text("""
    WITH wanted AS (
        SELECT DISTINCT ON (stuck.customer_id) stuck.id FROM enrolments stuck
        WHERE stuck.journey_id = :journey AND stuck.status = 'quarantined'
            AND (CAST(:ids AS uuid[]) IS NULL OR stuck.id = ANY(CAST(:ids AS uuid[])))
            AND NOT EXISTS (SELECT FROM enrolments running WHERE running.journey_id = :journey
                AND running.customer_id = stuck.customer_id AND running.status IN ('active', 'paused'))
        ORDER BY stuck.customer_id, stuck.entered_at DESC, stuck.id
    )
    UPDATE enrolments SET status = :status, due_at = :now, finished_at = NULL, reason = NULL
    FROM wanted WHERE enrolments.id = wanted.id
    RETURNING enrolments.id
""")


@dataclass(frozen=True, slots=True)
class Stuck:
    """A customer who does not go on: at which step, why, since when; `step` is the step in words."""

    id: UUID
    customer_id: UUID
    customer_name: str
    node_id: str
    step: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class SetAside:
    """An event no journey was shown, and why."""

    seq: int
    event_id: UUID
    name: str
    customer_id: UUID
    customer_name: str
    occurred_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Retried:
    """How many go on, and how many stay because the customer is under way in the same journey by another entry."""

    retried: int
    staying: int


def count_stuck(session: Session, journey_id: UUID) -> int:
    """How many enrolments of a journey are stuck; by an index of the stuck alone."""
    return session.scalar(select(func.count()).select_from(Enrolment).where(*_stuck(journey_id))) or 0


def list_stuck(session: Session, journey_id: UUID, limit: int = LIMIT) -> list[Stuck]:
    """Who is stuck in a journey, the newest first.

    Raises:
        NotFound: there is no such journey.
    """
    load_journey(session, journey_id)
    since = func.coalesce(Enrolment.finished_at, Enrolment.arrived_at)
    rows = session.execute(
        select(
            Enrolment.id,
            Enrolment.customer_id,
            Customer.name,
            Enrolment.version_id,
            Enrolment.node_id,
            Enrolment.reason,
            since.label("since"),
        )
        .outerjoin(Customer, Customer.id == Enrolment.customer_id)
        .where(*_stuck(journey_id))
        .order_by(since.desc(), Enrolment.id)
        .limit(limit)
    ).all()
    plans = load_plans(session, {row.version_id for row in rows})
    return [
        Stuck(
            id=row.id,
            customer_id=row.customer_id,
            customer_name=row.name or "",
            node_id=row.node_id,
            step=_step(plans.get(row.version_id), row.node_id),
            reason=row.reason or NO_REASON,
            since=row.since,
        )
        for row in rows
    ]


def retry_stuck(
    session: Session, tenant_id: UUID, journey_id: UUID, ids: Collection[UUID] | None, *, now: datetime
) -> Retried:
    """Let stuck enrolments go on from the step they stand at; all of the journey for `ids` None.

    Nobody runs through a journey twice at a time: who has entered it again meanwhile stays, and of several stuck
    enrolments of one customer the newest goes on. In a paused journey they wait with the others.

    Raises:
        NotFound: there is no such journey.
        Conflict: the journey is stopped or archived, so that nobody goes on.
    """
    journey = load_journey(session, journey_id)
    status = GOES_ON.get(journey.status)
    if status is None:
        raise Conflict(
            f"This journey is {journey.status}: nobody goes on in it. Publish it again first.",
            details={"status": journey.status},
        )
    lock_entries(session, journey_id)
    chosen = _stuck(journey_id) if ids is None else (*_stuck(journey_id), Enrolment.id.in_(ids))
    wanted = session.scalar(select(func.count()).select_from(Enrolment).where(*chosen)) or 0
    going = session.execute(
        RETRY,
        {
            "journey": journey_id,
            "ids": None if ids is None else array_literal(ids),
            "status": status,
            "now": now,
        },
    ).all()
    if going:
        _listen(session, tenant_id, journey)
    return Retried(len(going), wanted - len(going))


def count_set_aside(session: Session, journey_id: UUID) -> int:
    """How many of the events that were set aside this journey listens to."""
    heard = select(func.count()).select_from(QueuedEvent).where(*_heard_by(journey_id))
    return session.scalar(heard) or 0


def list_set_aside(session: Session, limit: int = LIMIT, *, journey_id: UUID | None = None) -> list[SetAside]:
    """Events that were set aside, the newest first; only those that one journey listens to, if it is named."""
    which = _heard_by(journey_id) if journey_id else (QueuedEvent.failed_reason.is_not(None),)
    rows = session.execute(
        select(
            QueuedEvent.seq,
            QueuedEvent.event_id,
            QueuedEvent.name,
            QueuedEvent.customer_id,
            Customer.name.label("customer_name"),
            QueuedEvent.occurred_at,
            QueuedEvent.failed_reason,
        )
        .outerjoin(Customer, Customer.id == QueuedEvent.customer_id)
        .where(*which)
        .order_by(QueuedEvent.seq.desc())
        .limit(limit)
    )
    return [
        SetAside(
            seq=row.seq,
            event_id=row.event_id,
            name=row.name,
            customer_id=row.customer_id,
            customer_name=row.customer_name or "",
            occurred_at=row.occurred_at,
            reason=row.failed_reason or NO_REASON,
        )
        for row in rows
    ]


def retry_set_aside(session: Session, ids: Sequence[int] | None) -> int:
    """Show events that were set aside to the journeys again (all for `ids` None, else by `seq`); returns how many."""
    again = update(QueuedEvent).where(QueuedEvent.failed_reason.is_not(None))
    if ids is not None:
        again = again.where(QueuedEvent.seq.in_(ids))
    return len(session.scalars(again.values(failed_reason=None).returning(QueuedEvent.seq)).all())


def _stuck(journey_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        Enrolment.journey_id == journey_id,
        # As a literal: the planner takes the index of the stuck only when it sees the word.
        Enrolment.status == literal_column(f"'{EnrolmentStatus.QUARANTINED}'"),
    )


def _heard_by(journey_id: UUID) -> tuple[ColumnElement[bool], ...]:
    names = select(EventInterest.name).where(EventInterest.listener == journey_id)
    return (QueuedEvent.failed_reason.is_not(None), QueuedEvent.name.in_(names))


def _step(plan: Plan | None, node_id: str) -> str:
    """The step in words; its id when this version cannot be read or does not have it."""
    node = plan.nodes.get(node_id) if plan else None
    return node.sentence() if node else node_id


def _listen(session: Session, tenant_id: UUID, journey: Journey) -> None:
    """Who goes on again may wait for events that nobody else of the journey waits for any more."""
    admitting = None
    if journey.status == JourneyStatus.LIVE and journey.live_version_id:
        admitting = load_plans(session, [journey.live_version_id]).get(journey.live_version_id)
    listen(session, tenant_id, journey.id, admitting)
