"""What may become of a journey: pause, resume, finish, stop, archive, restore (J8)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.core.audit import record_audit
from engine.core.errors import Conflict, InvalidInput, NotFound
from engine.delivery.outbox import hold_journey, release_journey, skip_journey
from engine.journeys.calendar import keep_calendar
from engine.journeys.drafts import actor_of
from engine.journeys.hearing import listen
from engine.journeys.models import (
    RUNNING,
    Enrolment,
    EnrolmentStatus,
    Journey,
    JourneyStatus,
)
from engine.journeys.versions import load_plans

MOVES: dict[str, tuple[frozenset[JourneyStatus], JourneyStatus]] = {
    "pause": (frozenset({JourneyStatus.LIVE}), JourneyStatus.PAUSED),
    "resume": (frozenset({JourneyStatus.PAUSED, JourneyStatus.FINISHING}), JourneyStatus.LIVE),
    "finish": (frozenset({JourneyStatus.LIVE, JourneyStatus.PAUSED}), JourneyStatus.FINISHING),
    "stop": (
        frozenset({JourneyStatus.LIVE, JourneyStatus.PAUSED, JourneyStatus.FINISHING}),
        JourneyStatus.STOPPED,
    ),
    "archive": (frozenset({JourneyStatus.DRAFT, JourneyStatus.STOPPED}), JourneyStatus.ARCHIVED),
    "restore": (frozenset({JourneyStatus.ARCHIVED}), JourneyStatus.DRAFT),
}
"""Each move: from which states, to which. What was published before it was archived is restored as stopped."""


def move(
    session: Session, tenant_id: UUID, journey_id: UUID, verb: str, *, user_id: UUID | None, now: datetime
) -> Journey:
    """Pause, resume, finish, stop, archive or restore.

    Raises:
        InvalidInput: no such move.
        Conflict: its state does not allow the move.
    """
    if verb not in MOVES:
        raise InvalidInput(
            f"A journey cannot be “{verb}”. Choose one of {', '.join(MOVES)}.", details={"field": "move"}
        )
    sources, target = MOVES[verb]
    journey = session.execute(
        select(Journey).where(Journey.id == journey_id).with_for_update()
    ).scalar_one_or_none()
    if journey is None:
        raise NotFound("This journey does not exist. It may have been deleted; go back to the list.")
    if journey.status not in sources:
        raise Conflict(f"A {journey.status} journey cannot {verb}.", details={"status": journey.status})
    if target is JourneyStatus.DRAFT and journey.live_version_id is not None:
        target = JourneyStatus.STOPPED
    journey.status = target
    journey.updated_at, journey.changed_by_id = now, user_id
    session.flush()
    _AFTER[verb](session, journey, now)
    record_audit(session, tenant_id, actor_of(user_id), f"journey.{verb}", str(journey_id), {}, now=now)
    return journey


def _after_pause(session: Session, journey: Journey, now: datetime) -> None:
    keep_calendar(session, journey.tenant_id, journey.id, None, now=now)
    _set_running(session, journey.id, EnrolmentStatus.ACTIVE, EnrolmentStatus.PAUSED)
    listen(session, journey.tenant_id, journey.id, None)
    hold_journey(session, journey.id)


def _after_resume(session: Session, journey: Journey, now: datetime) -> None:
    wake_running(session, journey.id, now)
    if journey.live_version_id:
        plan = load_plans(session, [journey.live_version_id])[journey.live_version_id]
        listen(session, journey.tenant_id, journey.id, plan)
        keep_calendar(session, journey.tenant_id, journey.id, plan, now=now)


def _after_finish(session: Session, journey: Journey, now: datetime) -> None:
    keep_calendar(session, journey.tenant_id, journey.id, None, now=now)
    wake_running(session, journey.id, now)
    listen(session, journey.tenant_id, journey.id, None)


def _after_stop(session: Session, journey: Journey, now: datetime) -> None:
    keep_calendar(session, journey.tenant_id, journey.id, None, now=now)
    session.execute(
        update(Enrolment)
        .where(
            Enrolment.journey_id == journey.id,
            Enrolment.status.in_((*RUNNING, EnrolmentStatus.QUARANTINED)),
        )
        .values(status=EnrolmentStatus.EXITED, due_at=None, finished_at=now, reason="The journey was stopped")
    )
    listen(session, journey.tenant_id, journey.id, None)
    skip_journey(session, journey.id, "The journey was stopped")


def _after_archive(session: Session, journey: Journey, now: datetime) -> None:
    listen(session, journey.tenant_id, journey.id, None)


def _after_restore(session: Session, journey: Journey, now: datetime) -> None:
    """It lies there again as it was: nobody is in it, and it listens to nothing until it is published."""


_AFTER = {
    "pause": _after_pause,
    "resume": _after_resume,
    "finish": _after_finish,
    "stop": _after_stop,
    "archive": _after_archive,
    "restore": _after_restore,
}


def wake_running(session: Session, journey_id: UUID, now: datetime) -> None:
    """Those whom a pause held go on, and so do their messages."""
    _set_running(session, journey_id, EnrolmentStatus.PAUSED, EnrolmentStatus.ACTIVE)
    release_journey(session, journey_id, now=now)


def _set_running(session: Session, journey_id: UUID, old: EnrolmentStatus, new: EnrolmentStatus) -> None:
    session.execute(
        update(Enrolment)
        .where(Enrolment.journey_id == journey_id, Enrolment.status == old)
        .values(status=new)
    )
