"""The directory of journeys: one page of the list with its figures, found, filtered, sorted and cut in SQL (J11).

Figures come from the journeys' own counts (`journey_counts`), those of today from an index of entries; nothing reads
the enrolments themselves.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Float, Select, case, cast, func, null, select
from sqlalchemy.orm import Session, aliased

from engine.core.errors import InvalidInput
from engine.core.models import User
from engine.journeys.models import (
    Enrolment,
    Journey,
    JourneyCount,
    JourneyStatus,
    JourneyVersion,
    Stage,
)
from engine.journeys.requests import waiting_for_approval

LARGEST_PAGE = 500

Owner = aliased(User, name="owner")
Changer = aliased(User, name="changer")

GRAPH = func.coalesce(JourneyVersion.graph, Journey.draft)
GOAL: ColumnElement[str | None] = GRAPH["settings"]["goal_event"].astext
"""The event that counts as success: of the version that runs, else of the draft."""


@dataclass(frozen=True, slots=True)
class JourneyQuery:
    """Which journeys, in which order. Without `statuses` all but the archived ones; `search` are words of the name;
    `awaits_approval`: only those whose publishing somebody has to decide on.

    `sort` is one of `SORTS`; `descending` turns it round, and what has no value stays at the end.
    """

    search: str = ""
    statuses: Sequence[JourneyStatus] = ()
    stages: Sequence[Stage] = ()
    owner: UUID | None = None
    awaits_approval: bool = False
    sort: str = "changed"
    descending: bool = True
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class JourneyRow:
    """A journey as the list shows it.

    `entered` counts entries, `entered_today` those since midnight in the tenant's zone, `converted` those that
    reached the goal within its days. `conversion` is the share of the two, 0 to 1; None without a goal or an entry.
    `awaits_approval`: somebody asked to publish it, and nobody has decided yet.
    """

    id: UUID
    name: str
    description: str
    stage: str
    status: str
    awaits_approval: bool
    revision: int
    entered: int
    entered_today: int
    in_progress: int
    completed: int
    converted: int
    conversion: float | None
    goal: str | None
    owner_id: UUID | None
    owner: str | None
    updated_at: datetime
    changed_by: str | None
    live_version_id: UUID | None


@dataclass(frozen=True, slots=True)
class JourneyPage:
    """One page of the list, and how many journeys fit in all."""

    rows: Sequence[JourneyRow]
    total: int


Key = ColumnElement[Any]
Sorted = tuple[Select[Any], Key]


def list_journeys(session: Session, wanted: JourneyQuery, *, since: datetime) -> JourneyPage:
    """One page of the journeys.

    Args:
        since: when today began in the tenant's zone.

    Raises:
        InvalidInput: the sort is unknown.
    """
    if wanted.sort not in SORTS:
        raise InvalidInput(f"sort: must be one of {', '.join(SORTS)}.", details={"field": "sort"})
    waiting = waiting_for_approval(session)
    fitting = _fitting(wanted, waiting)
    total = session.scalar(select(func.count()).select_from(Journey).where(*fitting)) or 0
    page, key = SORTS[wanted.sort](_page(), since)
    way = key.desc() if wanted.descending else key.asc()
    page = page.where(*fitting).order_by(way.nulls_last(), Journey.id.desc())
    page = page.offset(max(wanted.offset, 0)).limit(min(max(wanted.limit, 1), LARGEST_PAGE))
    journeys = session.execute(page).all()
    totals = _totals(session, [journey.id for journey in journeys], since)
    return JourneyPage([_row(journey, totals[journey.id], waiting) for journey in journeys], total)


COLUMNS: tuple[Any, ...] = (
    *(Journey.id, Journey.name, Journey.description, Journey.stage, Journey.status, Journey.revision),
    *(Journey.owner_id, Journey.updated_at, Journey.live_version_id, GOAL.label("goal")),
    *(Owner.name.label("owner"), Changer.name.label("changed_by")),
)


def _page() -> Select[Any]:
    return (
        select(*COLUMNS)
        .outerjoin(JourneyVersion, JourneyVersion.id == Journey.live_version_id)
        .outerjoin(Owner, Owner.id == Journey.owner_id)
        .outerjoin(Changer, Changer.id == Journey.changed_by_id)
    )


def _fitting(wanted: JourneyQuery, waiting: Set[UUID]) -> list[ColumnElement[bool]]:
    words = wanted.search.replace("\0", "").split()
    fitting = [Journey.name.icontains(word, autoescape=True) for word in words]
    fitting.append(
        Journey.status.in_(wanted.statuses) if wanted.statuses else Journey.status != JourneyStatus.ARCHIVED
    )
    if wanted.awaits_approval:
        fitting.append(Journey.id.in_(waiting))
    if wanted.stages:
        fitting.append(Journey.stage.in_(wanted.stages))
    if wanted.owner:
        fitting.append(Journey.owner_id == wanted.owner)
    return fitting


def _by(key: Key) -> Callable[[Select[Any], datetime], Sorted]:
    """Sorted by what the journey itself says."""
    return lambda page, since: (page, key)


def _by_entries_today(page: Select[Any], since: datetime) -> Sorted:
    today = _today(since).subquery("today")
    return page.outerjoin(today, today.c.journey_id == Journey.id), func.coalesce(today.c.entered_today, 0)


def _by_in_progress(page: Select[Any], since: datetime) -> Sorted:
    sums = _sums().subquery("sums")
    return page.outerjoin(sums, sums.c.journey_id == Journey.id), func.coalesce(sums.c.in_progress, 0)


def _by_conversion(page: Select[Any], since: datetime) -> Sorted:
    sums = _sums().subquery("sums")
    share = cast(sums.c.converted, Float) / func.nullif(sums.c.entered, 0)
    return page.outerjoin(sums, sums.c.journey_id == Journey.id), case(
        (GOAL.is_not(None), share), else_=null()
    )


FIGURES = ("entered", "in_progress", "completed", "converted")


def _sums() -> Select[Any]:
    """The figures of every journey that ever counted one."""
    query: Select[Any] = select(JourneyCount.journey_id).group_by(JourneyCount.journey_id)
    sums = (cast(func.sum(getattr(JourneyCount, figure)), BigInteger).label(figure) for figure in FIGURES)
    return query.add_columns(*sums)


def _today(since: datetime) -> Select[Any]:
    query: Select[Any] = select(Enrolment.journey_id).add_columns(func.count().label("entered_today"))
    return query.where(Enrolment.entered_at >= since).group_by(Enrolment.journey_id)


def _place(column: Any, order: Sequence[str]) -> Key:
    """Its place in an order that is not that of its letters."""
    return case({value: place for place, value in enumerate(order)}, value=column)


SORTS: Mapping[str, Callable[[Select[Any], datetime], Sorted]] = {
    "name": _by(func.lower(Journey.name)),
    "status": _by(_place(Journey.status, list(JourneyStatus))),
    "stage": _by(_place(Journey.stage, list(Stage))),
    "entered_today": _by_entries_today,
    "in_progress": _by_in_progress,
    "conversion": _by_conversion,
    "owner": _by(func.lower(Owner.name)),
    "changed": _by(Journey.updated_at.expression),
}
"""What the list can be sorted by."""


def _totals(session: Session, ids: Sequence[UUID], since: datetime) -> dict[UUID, dict[str, int]]:
    totals = {journey_id: dict.fromkeys((*FIGURES, "entered_today"), 0) for journey_id in ids}
    counts = _sums().where(JourneyCount.journey_id.in_(ids))
    today = _today(since).where(Enrolment.journey_id.in_(ids))
    for query in (counts, today):
        for row in session.execute(query).mappings():
            totals[row["journey_id"]] |= {name: row[name] for name in row if name != "journey_id"}
    return totals


def _row(journey: Any, figures: Mapping[str, Any], waiting: Set[UUID]) -> JourneyRow:
    is_told = journey.goal is not None and figures["entered"] > 0
    return JourneyRow(
        **journey._mapping,
        **figures,
        awaits_approval=journey.id in waiting,
        conversion=figures["converted"] / figures["entered"] if is_told else None,
    )
