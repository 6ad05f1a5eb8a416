"""The builder's desk: everything it shows of one journey in one look, saves that may be repeated, live figures."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.db import tenant_session
from engine.core.errors import Conflict, InvalidGraph, InvalidInput
from engine.journeys.behind import Figure, customers_behind
from engine.journeys.choices import MANUAL, load_choices
from engine.journeys.counts import node_counts
from engine.journeys.drafts import create_journey, load_journey, save_draft
from engine.journeys.models import (
    Journey,
    JourneyStatus,
    JourneyVersion,
    Stage,
)
from engine.journeys.presence import note_edit
from engine.journeys.publishing import check_draft
from engine.journeys.quarantine import GOES_ON, count_set_aside, count_stuck
from engine.journeys.requests import Asked, open_request

Json = dict[str, Any]
COPY = " (copy)"
NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Figures:
    """A journey's state and its counts by node; `counts` is None while it was never published. `stuck` are the
    customers whom a step failed, as long as they can go on; `by_hand` whether customers can be let in by hand. `asked`
    is the request to publish that waits, or was rejected and not followed by anything yet."""

    status: str
    version: int
    has_changes: bool
    counts: dict[str, Json] | None
    stuck: int = 0
    by_hand: bool = False
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A journey as the builder opens it; `set_aside` counts the events it listens to that could not be shown to it."""

    id: UUID
    name: str
    revision: int
    graph: Json
    problems: list[Json]
    choices: Json
    figures: Figures
    set_aside: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a save. With `conflict`, `revision` is the newer one and nothing was saved."""

    revision: int
    conflict: bool = False
    error: str = ""
    problems: list[Json] = field(default_factory=list)


def open_journey(tenant_id: UUID, journey_id: UUID) -> Opened:
    """The draft, its problems, what its steps may point at, and how it is doing.

    Raises:
        NotFound: there is no such journey.
    """
    with tenant_session(tenant_id) as session:
        journey = load_journey(session, journey_id)
        return Opened(
            id=journey.id,
            name=journey.name,
            revision=journey.revision,
            graph=journey.draft,
            problems=[problem.as_json() for problem in check_draft(session, journey_id)],
            choices=load_choices(session),
            figures=_figures(session, journey),
            set_aside=count_set_aside(session, journey_id),
        )


def keep_draft(
    tenant_id: UUID,
    journey_id: UUID,
    graph: Json,
    *,
    revision: int,
    now: datetime,
    user_id: UUID | None = None,
    client_id: UUID | None = None,
) -> Kept:
    """Save what the canvas sends, and say what became of it instead of raising; `client_id` is the tab that edits.

    A browser that missed the answer sends the same graph again: that is no conflict.
    """
    try:
        with tenant_session(tenant_id) as session:
            saved = save_draft(session, journey_id, graph, revision=revision, now=now, user_id=user_id)
            if client_id is not None:
                note_edit(session, journey_id, client_id=client_id, now=now)
            return Kept(saved.revision, problems=[problem.as_json() for problem in saved.problems])
    except Conflict:
        return _conflict_or_repetition(tenant_id, journey_id, graph)
    except InvalidGraph as error:
        return Kept(revision, error=error.message)


def duplicate(
    tenant_id: UUID, journey_id: UUID, *, user_id: UUID, now: datetime, graph: Json | None = None
) -> UUID:
    """A new draft with the graph of a journey's draft (J8), or with a given one.

    Raises:
        NotFound: there is no such journey.
    """
    with tenant_session(tenant_id) as session:
        original = load_journey(session, journey_id)
        copy = create_journey(
            session,
            tenant_id,
            f"{original.name[: NAME_LENGTH - len(COPY)]}{COPY}",
            user_id=user_id,
            now=now,
            graph=graph if graph is not None else original.draft,
            stage=Stage(original.stage),
            description=original.description,
        )
        return copy.id


def look_at_figures(tenant_id: UUID, journey_id: UUID) -> Figures:
    """The figures alone, which the builder asks for every two seconds.

    Raises:
        NotFound: the journey was deleted meanwhile.
    """
    with tenant_session(tenant_id) as session:
        return _figures(session, load_journey(session, journey_id))


def people_behind(
    tenant_id: UUID,
    journey_id: UUID,
    node_id: str,
    figure: str,
    *,
    port: str | None = None,
    search: str = "",
    after: str | None = None,
) -> Json:
    """The customers behind a number on the canvas, as `engine.journeys.behind` finds them: `{people, after}` (J11).

    Raises:
        NotFound: the journey was deleted meanwhile.
        InvalidInput: there is no such figure.
    """
    if figure not in set(Figure):
        raise InvalidInput(f"figure: must be one of {', '.join(Figure)}.", details={"field": "figure"})
    with tenant_session(tenant_id) as session:
        page = customers_behind(
            session, journey_id, node_id, Figure(figure), port=port, search=search, after=after
        )
        return {"people": [each.as_json() for each in page.rows], "after": page.after}


def _conflict_or_repetition(tenant_id: UUID, journey_id: UUID, graph: Json) -> Kept:
    with tenant_session(tenant_id) as session:
        journey = load_journey(session, journey_id)
        problems = [problem.as_json() for problem in check_draft(session, journey_id)]
        return Kept(journey.revision, conflict=journey.draft != graph, problems=problems)


def _figures(session: Session, journey: Journey) -> Figures:
    version = session.execute(
        select(
            JourneyVersion.number,
            (JourneyVersion.graph != journey.draft).label("has_changes"),
            JourneyVersion.graph.contains(MANUAL).label("by_hand"),
        ).where(JourneyVersion.id == journey.live_version_id)
    ).one_or_none()
    if version is None:
        return Figures(
            journey.status, 0, has_changes=True, counts=None, asked=open_request(session, journey.id)
        )
    counts = node_counts(session, journey.live_version_id) if journey.live_version_id else {}
    return Figures(
        status=journey.status,
        version=version.number,
        has_changes=version.has_changes,
        counts={node_id: count.as_json() for node_id, count in counts.items()},
        stuck=count_stuck(session, journey.id) if journey.status in GOES_ON else 0,
        by_hand=version.by_hand and journey.status == JourneyStatus.LIVE,
        asked=open_request(session, journey.id),
    )
