"""Who is in a segment: brought up to date as one set, and told to the journeys as events (S4, S8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, insert, literal, select
from sqlalchemy.orm import Session

from engine.core.errors import Conflict, NotFound
from engine.core.ids import key_of
from engine.core.models import Tenant
from engine.customers.models import Customer
from engine.events.record import NewEvent, record
from engine.segments.compiler import MEMORY, matching
from engine.segments.models import Segment, SegmentMember
from engine.segments.references import expand, segment_rules

ENTERED, LEFT = "segment.entered", "segment.left"
EVENTS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh changed, and how many customers are in the segment now."""

    entered: int
    left: int
    count: int


def refresh(session: Session, tenant_id: UUID, segment_id: UUID, *, now: datetime) -> Refreshed:
    """Bring a segment's members up to date.

    Who entered or left since the last refresh becomes an event with `segment_id` and `segment_name`. The very
    first refresh announces nobody: nobody *entered*, the segment was made around them.

    Raises:
        NotFound: there is no such segment.
        InvalidRules: it names a segment that is gone.
    """
    segment = _locked(session, segment_id)
    first = segment.last_refreshed_at is None
    came, went = _bring_up_to_date(session, segment, now) if segment.is_dynamic else ([], [])
    if not first:
        _announce(session, tenant_id, segment, ENTERED, came, now)
        _announce(session, tenant_id, segment, LEFT, went, now)
    return _counted(session, segment, came, went, now)


def refresh_all(session: Session, tenant_id: UUID, *, now: datetime) -> int:
    """Refresh every active dynamic segment (S4 `refreshAllSegments`); returns how many."""
    ids = session.scalars(
        select(Segment.id).where(Segment.is_dynamic, Segment.is_active).order_by(Segment.created_at)
    ).all()
    for segment_id in ids:
        refresh(session, tenant_id, segment_id, now=now)
    return len(ids)


def add_members(
    session: Session, tenant_id: UUID, segment_id: UUID, customer_ids: Sequence[UUID], *, now: datetime
) -> Refreshed:
    """Put customers on a static list; those on it already stay as they are.

    Raises:
        NotFound: there is no such segment.
        Conflict: the segment is dynamic, so its rules decide.
    """
    segment = _static(session, segment_id)
    wanted = _rows(segment, Customer.id, now).where(Customer.id.in_(customer_ids))
    adding = insert(SegmentMember).from_select(_COLUMNS, wanted).returning(SegmentMember.customer_id)
    came = list(session.scalars(adding))
    _announce(session, tenant_id, segment, ENTERED, came, now)
    return _counted(session, segment, came, [], now)


def remove_members(
    session: Session, tenant_id: UUID, segment_id: UUID, customer_ids: Sequence[UUID], *, now: datetime
) -> Refreshed:
    """Take customers off a static list. Raises as `add_members` does."""
    segment = _static(session, segment_id)
    removing = (
        delete(SegmentMember)
        .where(SegmentMember.segment_id == segment.id, SegmentMember.customer_id.in_(customer_ids))
        .returning(SegmentMember.customer_id)
    )
    went = list(session.scalars(removing))
    _announce(session, tenant_id, segment, LEFT, went, now)
    return _counted(session, segment, [], went, now)


_COLUMNS = ["tenant_id", "segment_id", "customer_id", "since"]


def _rows(segment: Segment, customer_id: Any, now: datetime) -> Select[Any, Any, Any, Any]:
    """Members to be, those who are members already left out."""
    there = select(SegmentMember.customer_id).where(SegmentMember.segment_id == segment.id)
    who = (literal(segment.tenant_id), literal(segment.id), customer_id, literal(now))
    return select(*who).where(customer_id.not_in(there))


def _locked(session: Session, segment_id: UUID) -> Segment:
    """The segment, held so that two refreshes follow each other."""
    found = session.scalar(select(Segment).where(Segment.id == segment_id).with_for_update())
    if found is None:
        raise NotFound("This segment does not exist any more. Choose another one.")
    return found


def _static(session: Session, segment_id: UUID) -> Segment:
    segment = _locked(session, segment_id)
    if segment.is_dynamic:
        raise Conflict(f"“{segment.name}” is dynamic: its rules decide who is in it. Use a static segment.")
    return segment


def _bring_up_to_date(session: Session, segment: Segment, now: datetime) -> tuple[list[UUID], list[UUID]]:
    """One statement, so that entering and leaving are seen at the same moment."""
    tenant = session.execute(select(Tenant.timezone, Tenant.currency)).one()
    rules = expand(session, segment_rules(segment))
    fits = matching(rules, now=now, timezone=tenant.timezone, currency=tenant.currency)
    session.execute(MEMORY)
    wanted = select(Customer.id).where(fits).cte("wanted")
    came = (
        insert(SegmentMember)
        .from_select(_COLUMNS, _rows(segment, wanted.c.id, now))
        .returning(SegmentMember.customer_id)
        .cte("came")
    )
    went = (
        delete(SegmentMember)
        .where(
            SegmentMember.segment_id == segment.id,
            SegmentMember.customer_id.not_in(select(wanted.c.id)),
        )
        .returning(SegmentMember.customer_id)
        .cte("went")
    )
    moves = select(literal(ENTERED), came.c.customer_id).union_all(select(literal(LEFT), went.c.customer_id))
    rows = session.execute(moves).all()
    return [who for what, who in rows if what == ENTERED], [who for what, who in rows if what == LEFT]


def _announce(
    session: Session, tenant_id: UUID, segment: Segment, name: str, who: Sequence[UUID], now: datetime
) -> None:
    about = {"segment_id": str(segment.id), "segment_name": segment.name}
    for start in range(0, len(who), EVENTS_AT_ONCE):
        events = [
            NewEvent(
                customer_id=customer_id,
                name=name,
                kind="system",
                source="segments",
                properties=about,
                context={},
                occurred_at=now,
                key=key_of(name, segment.id, customer_id, now.isoformat()),
            )
            for customer_id in who[start : start + EVENTS_AT_ONCE]
        ]
        record(session, tenant_id, events, now=now)


def _counted(
    session: Session, segment: Segment, came: Sequence[UUID], went: Sequence[UUID], now: datetime
) -> Refreshed:
    count = session.scalar(
        select(func.count()).select_from(SegmentMember).where(SegmentMember.segment_id == segment.id)
    )
    segment.customer_count = count or 0
    segment.last_refreshed_at = now
    session.flush()
    return Refreshed(len(came), len(went), segment.customer_count)
