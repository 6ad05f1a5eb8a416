"""From a draft to an immutable version that lets customers in (J8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.core.audit import record_audit
from engine.core.errors import Conflict, InvalidGraph, NotFound
from engine.core.ids import new_id
from engine.journeys.calendar import keep_calendar
from engine.journeys.drafts import actor_of, load_journey
from engine.journeys.entries import enrol_members
from engine.journeys.graph import Graph, read_graph
from engine.journeys.hearing import listen
from engine.journeys.models import (
    Journey,
    JourneyStatus,
    JourneyVersion,
    RequestStatus,
)
from engine.journeys.moves import wake_running
from engine.journeys.moving import Mapped, Standing, move_running, who_stands_where
from engine.journeys.nodes.base import Problem
from engine.journeys.plan import Plan, compile_plan
from engine.journeys.references import load_references
from engine.journeys.requests import end_request
from engine.journeys.validation import find_problems
from engine.journeys.versions import load_plans
from engine.segments.membership import refresh


@dataclass(frozen=True, slots=True)
class Published:
    """A new live version, and how many of today's segment members entered with it."""

    version_id: UUID
    number: int
    enrolled: int


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
        wake_running(session, journey_id, now)
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
        actor_of(user_id),
        "journey.published",
        str(journey_id),
        {"version": number},
        now=now,
    )
    return Published(version.id, number, enrolled)


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
