"""A journey's life: draft, publish, pause, resume, finish, stop, archive (J8)."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engine.core.audit import record_audit
from engine.core.errors import Conflict, InvalidGraph, InvalidInput, NotFound
from engine.core.ids import new_id
from engine.core.staff import demand_staff
from engine.delivery.outbox import hold_journey, release_journey, skip_journey
from engine.journeys.calendar import keep_calendar
from engine.journeys.entries import enrol_members
from engine.journeys.graph import EMPTY_GRAPH, Graph, check_shape, read_graph
from engine.journeys.hearing import listen
from engine.journeys.models import (
    RUNNING,
    Enrolment,
    EnrolmentStatus,
    Journey,
    JourneyStatus,
    JourneyVersion,
    RequestStatus,
    Stage,
)
from engine.journeys.moving import Mapped, Standing, move_running, who_stands_where
from engine.journeys.nodes.base import Problem
from engine.journeys.plan import Plan, compile_plan
from engine.journeys.references import load_references
from engine.journeys.requests import end_request
from engine.journeys.validation import find_problems
from engine.journeys.versions import load_plans
from engine.segments.membership import refresh


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft after saving: its new revision, and what still keeps it from being published."""

    revision: int
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Published:
    """A new live version, and how many of today's segment members entered with it."""

    version_id: UUID
    number: int
    enrolled: int


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


def create_journey(
    session: Session,
    tenant_id: UUID,
    name: str,
    *,
    user_id: UUID | None,
    now: datetime,
    graph: dict[str, Any] | None = None,
    stage: Stage = Stage.RETENTION,
    description: str = "",
) -> Journey:
    """A new draft, blank unless a graph is given. A taken name gets a number behind it.

    Raises:
        InvalidInput: the name is empty or too long.
        InvalidGraph: the graph is none.
    """
    journey = Journey(
        id=new_id(),
        tenant_id=tenant_id,
        name=_free_name(session, _checked_name(name)),
        description=description,
        stage=stage,
        status=JourneyStatus.DRAFT,
        draft=check_shape(graph if graph is not None else deepcopy(EMPTY_GRAPH)),
        revision=1,
        owner_id=user_id,
        changed_by_id=user_id,
        created_at=now,
        updated_at=now,
    )
    session.add(journey)
    session.flush()
    record_audit(
        session,
        tenant_id,
        _actor(user_id),
        "journey.created",
        str(journey.id),
        {"name": journey.name},
        now=now,
    )
    return journey


def load_journey(session: Session, journey_id: UUID) -> Journey:
    """A journey of this tenant.

    Raises:
        NotFound: there is none with this id.
    """
    journey = session.get(Journey, journey_id)
    if journey is None:
        raise NotFound("This journey does not exist. It may have been deleted; go back to the list.")
    return journey


def save_draft(
    session: Session,
    journey_id: UUID,
    graph: object,
    *,
    revision: int,
    now: datetime,
    user_id: UUID | None = None,
) -> SavedDraft:
    """Save an edited draft, finished or not; a request to publish the one before does not count any more.

    Args:
        revision: the revision the editor started from.
        user_id: whose change it is; None for one over the API.

    Raises:
        Conflict: somebody saved in between; `details` has the newer revision.
        InvalidGraph: this is no graph.
    """
    shaped = check_shape(graph)
    saved = session.execute(
        update(Journey)
        .where(
            Journey.id == journey_id, Journey.revision == revision, Journey.status != JourneyStatus.ARCHIVED
        )
        .values(
            draft=shaped,
            revision=revision + 1,
            updated_at=now,
            changed_by_id=user_id,
        )
        .returning(Journey.revision)
    ).scalar_one_or_none()
    journey = load_journey(session, journey_id)
    if saved is None:
        raise Conflict(
            "Somebody else changed this journey meanwhile. Load it again and repeat your change.",
            details={"revision": journey.revision},
        )
    end_request(session, journey, RequestStatus.WITHDRAWN, user_id=user_id, now=now)
    return SavedDraft(saved, find_problems(shaped, load_references(session, now=now)))


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a journey besides its graph; None leaves it as it is. `owner` is somebody of the staff."""

    name: str | None = None
    description: str | None = None
    stage: Stage | None = None
    owner: UUID | None = None


def describe_journey(
    session: Session, journey_id: UUID, about: About, *, user_id: UUID | None, now: datetime
) -> Journey:
    """Change name, description, stage or owner.

    Raises:
        NotFound: there is no such journey.
        InvalidInput: the name is empty, too long or taken, or nobody of the staff has the owner's id.
    """
    journey = load_journey(session, journey_id)
    if about.name is not None and _checked_name(about.name) != journey.name:
        name = _checked_name(about.name)
        if _free_name(session, name) != name:
            raise InvalidInput(f"name: there is a journey “{name}” already.", details={"field": "name"})
        journey.name = name
    demand_staff(session, about.owner, field="owner_id")
    journey.owner_id = about.owner or journey.owner_id
    journey.description = about.description if about.description is not None else journey.description
    journey.stage = about.stage or journey.stage
    journey.updated_at, journey.changed_by_id = now, user_id
    session.flush()
    told = {name: str(value) for name, value in asdict(about).items() if value is not None}
    record_audit(
        session, journey.tenant_id, _actor(user_id), "journey.described", str(journey_id), told, now=now
    )
    return journey


def check_draft(session: Session, journey_id: UUID) -> list[Problem]:
    """What keeps the draft from being published."""
    return find_problems(load_journey(session, journey_id).draft, load_references(session))


def preview_publish(session: Session, journey_id: UUID) -> list[Standing]:
    """Who is under way in older versions, by step, and where the draft could take them on (J8).

    Raises:
        InvalidGraph: the draft cannot be published yet; `details` lists every problem.
    """
    return who_stands_where(session, journey_id, draft_plan(session, load_journey(session, journey_id)))


def draft_plan(session: Session, journey: Journey) -> Plan:
    """The draft as it would run; its version is one that nobody has published.

    Raises:
        InvalidGraph: the draft cannot be published yet; `details` lists every problem.
    """
    return compile_plan(publishable(session, journey), version_id=new_id(), journey_id=journey.id)


def publish(
    session: Session,
    tenant_id: UUID,
    journey_id: UUID,
    *,
    user_id: UUID | None,
    now: datetime,
    mapping: Mapped | None = None,
) -> Published:
    """Make the draft an immutable version and let customers in.

    Args:
        mapping: moves those under way to the new version: from a step of theirs to one of the new version, or to
            None to leave; steps it does not name go to those of the same id. Without it they stay on their version.

    Raises:
        InvalidGraph: `details` lists every problem.
        InvalidInput: the mapping leaves somebody without a step.
        Conflict: the journey is archived.
    """
    journey = session.execute(
        select(Journey).where(Journey.id == journey_id).with_for_update()
    ).scalar_one_or_none()
    if journey is None:
        raise NotFound("This journey does not exist. It may have been deleted; go back to the list.")
    if journey.status == JourneyStatus.ARCHIVED:
        raise Conflict("This journey is archived. Duplicate it to use it again.")
    publishable(session, journey, now)
    number = (session.scalar(_newest_number(journey_id)) or 0) + 1
    version = JourneyVersion(
        id=new_id(),
        tenant_id=tenant_id,
        journey_id=journey_id,
        number=number,
        graph=journey.draft,
        published_at=now,
        published_by=user_id,
    )
    session.add(version)
    session.flush()
    end_request(session, journey, RequestStatus.APPROVED, user_id=user_id, now=now)
    was_paused = journey.status == JourneyStatus.PAUSED
    journey.live_version_id = version.id
    journey.status = JourneyStatus.LIVE
    journey.updated_at, journey.changed_by_id = now, user_id
    session.flush()
    if was_paused:
        _wake(session, journey_id, now)
    plan = load_plans(session, [version.id])[version.id]
    if mapping is not None:
        move_running(session, tenant_id, journey_id, plan, mapping, now=now)
    listen(session, tenant_id, journey_id, plan)
    keep_calendar(session, tenant_id, journey_id, plan, now=now)
    for segment_id in _segments_of(plan):
        refresh(session, tenant_id, segment_id, now=now)
    enrolled = enrol_members(session, tenant_id, plan, now=now)
    record_audit(
        session,
        tenant_id,
        _actor(user_id),
        "journey.published",
        str(journey_id),
        {"version": number},
        now=now,
    )
    return Published(version.id, number, enrolled)


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
    record_audit(session, tenant_id, _actor(user_id), f"journey.{verb}", str(journey_id), {}, now=now)
    return journey


def _after_pause(session: Session, journey: Journey, now: datetime) -> None:
    keep_calendar(session, journey.tenant_id, journey.id, None, now=now)
    _set_running(session, journey.id, EnrolmentStatus.ACTIVE, EnrolmentStatus.PAUSED)
    listen(session, journey.tenant_id, journey.id, None)
    hold_journey(session, journey.id)


def _after_resume(session: Session, journey: Journey, now: datetime) -> None:
    _wake(session, journey.id, now)
    if journey.live_version_id:
        plan = load_plans(session, [journey.live_version_id])[journey.live_version_id]
        listen(session, journey.tenant_id, journey.id, plan)
        keep_calendar(session, journey.tenant_id, journey.id, plan, now=now)


def _after_finish(session: Session, journey: Journey, now: datetime) -> None:
    keep_calendar(session, journey.tenant_id, journey.id, None, now=now)
    _wake(session, journey.id, now)
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


def _wake(session: Session, journey_id: UUID, now: datetime) -> None:
    _set_running(session, journey_id, EnrolmentStatus.PAUSED, EnrolmentStatus.ACTIVE)
    release_journey(session, journey_id, now=now)


def _set_running(session: Session, journey_id: UUID, old: EnrolmentStatus, new: EnrolmentStatus) -> None:
    session.execute(
        update(Enrolment)
        .where(Enrolment.journey_id == journey_id, Enrolment.status == old)
        .values(status=new)
    )


def publishable(session: Session, journey: Journey, now: datetime | None = None) -> Graph:
    """The draft as a graph that can be published.

    Raises:
        InvalidGraph: `details` lists every problem.
    """
    problems = find_problems(journey.draft, load_references(session, now=now))
    graph, _ = read_graph(journey.draft)
    if problems or graph is None:
        raise InvalidGraph(
            f"{_problems(len(problems))} this journey from being published. {problems[0].message}",
            details=[problem.as_json() for problem in problems],
        )
    return graph


def _segments_of(plan: Plan) -> Sequence[UUID]:
    found = {trigger.existing_members_of() for trigger in plan.triggers}
    return sorted(segment_id for segment_id in found if segment_id)


def _problems(number: int) -> str:
    return "1 problem keeps" if number == 1 else f"{number} problems keep"


def _newest_number(journey_id: UUID) -> Any:
    return select(func.max(JourneyVersion.number)).where(JourneyVersion.journey_id == journey_id)


def _checked_name(name: str) -> str:
    if not 1 <= len(name.strip()) <= 100:
        raise InvalidInput("name: between 1 and 100 characters.", details={"field": "name"})
    return name.strip()


def _free_name(session: Session, name: str) -> str:
    taken = set(
        session.scalars(select(Journey.name).where(Journey.name.startswith(name[:90], autoescape=True)))
    )
    candidates = [name, *(f"{name[:94]} {number}" for number in range(2, len(taken) + 3))]
    return next(candidate for candidate in candidates if candidate not in taken)


def _actor(user_id: UUID | None) -> str:
    return f"user:{user_id}" if user_id else "system"
