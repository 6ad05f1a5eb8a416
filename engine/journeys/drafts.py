"""A journey before it runs: made, drawn, described (J8)."""

from copy import deepcopy
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.core.audit import record_audit
from engine.core.errors import Conflict, InvalidInput, NotFound
from engine.core.ids import new_id
from engine.core.staff import demand_staff
from engine.journeys.graph import EMPTY_GRAPH, check_shape
from engine.journeys.models import (
    Journey,
    JourneyStatus,
    RequestStatus,
    Stage,
)
from engine.journeys.nodes.base import Problem
from engine.journeys.references import load_references
from engine.journeys.requests import end_request
from engine.journeys.validation import find_problems


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft after saving: its new revision, and what still keeps it from being published."""

    revision: int
    problems: list[Problem]


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
        actor_of(user_id),
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
        session, journey.tenant_id, actor_of(user_id), "journey.described", str(journey_id), told, now=now
    )
    return journey


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


def actor_of(user_id: UUID | None) -> str:
    """Who did it, as the audit log names them."""
    return f"user:{user_id}" if user_id else "system"
