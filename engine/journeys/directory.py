"""The directory of journeys: one page of the list with its figures, found, filtered, sorted and cut in SQL (J11).

Figures are counted for the journeys of the page alone, unless the list is sorted by one. All are read from one index
of the enrolments (`ix_enrolments_entries`), without the rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, Select, case, cast, func, null, select
from sqlalchemy.orm import Session, aliased

from engine.core.errors import InvalidInput
from engine.core.models import User
from engine.journeys.models import (
    RUNNING,
    Enrolment,
    EnrolmentStatus,
    Journey,
    JourneyStatus,
    JourneyVersion,
    Stage,
)

LARGEST_PAGE = 500

Owner = aliased(User, name="owner")
Changer = aliased(User, name="changer")

GRAPH = func.coalesce(JourneyVersion.graph, Journey.draft)
GOAL: ColumnElement[str | None] = GRAPH["settings"]["goal_event"].astext
"""The event that counts as success: of the version that runs, else of the draft."""


@dataclass(frozen=True, slots=True)
class JourneyQuery:
    """Which journeys, in which order. Without `statuses` all but the archived ones; `search` are words of the name.

    `sort` is one of `SORTS`; `descending` turns it round, and what has no value stays at the end.
    """

    search: str = ""
    statuses: Sequence[JourneyStatus] = ()
    stages: Sequence[Stage] = ()
    owner: UUID | None = None
    sort: str = "changed"
    descending: bool = True
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class JourneyRow:
    """A journey as the list shows it.

    `entered` counts entries, `entered_today` those since midnight in the tenant's zone, `converted` those that
    reached the goal within its days. `conversion` is the share of the two, 0 to 1; None without a goal or an entry.
    """

    id: UUID
    name: str
    description: str
    stage: str
    status: str
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
    fitting = _fitting(wanted)
    total = session.scalar(select(func.count()).select_from(Journey).where(*fitting)) or 0
    page, key = SORTS[wanted.sort](_page(), since)
    way = key.desc() if wanted.descending else key.asc()
    page = page.where(*fitting).order_by(way.nulls_last(), Journey.id.desc())
    page = page.offset(max(wanted.offset, 0)).limit(min(max(wanted.limit, 1), LARGEST_PAGE))
    journeys = session.execute(page).all()
    totals = _totals(session, [journey.id for journey in journeys], since)
    return JourneyPage([_row(journey, totals.get(journey.id)) for journey in journeys], total)


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


def _fitting(wanted: JourneyQuery) -> list[ColumnElement[bool]]:
    words = wanted.search.replace("\0", "").split()
    fitting = [Journey.name.icontains(word, autoescape=True) for word in words]
    fitting.append(
        Journey.status.in_(wanted.statuses) if wanted.statuses else Journey.status != JourneyStatus.ARCHIVED
    )
    if wanted.stages:
        fitting.append(Journey.stage.in_(wanted.stages))
    if wanted.owner:
        fitting.append(Journey.owner_id == wanted.owner)
    return fitting


def _by(key: Key) -> Callable[[Select[Any], datetime], Sorted]:
    """Sorted by what the journey itself says."""
    return lambda page, since: (page, key)


def _by_figure(figure: Callable[[datetime], Key]) -> Callable[[Select[Any], datetime], Sorted]:
    """Sorted by a figure, which is counted for every journey."""

    def sort(page: Select[Any], since: datetime) -> Sorted:
        counted = (
            select(Enrolment.journey_id, figure(since).label("figure"))
            .group_by(Enrolment.journey_id)
            .subquery("counted")
        )
        page = page.outerjoin(counted, counted.c.journey_id == Journey.id)
        return page, counted.c.figure

    return sort


def _by_conversion(page: Select[Any], since: datetime) -> Sorted:
    page, share = _by_figure(lambda since: _converted() / cast(func.count(), Float))(page, since)
    return page, case((share.is_not(None) & GOAL.is_not(None), share), else_=null())


def _converted() -> ColumnElement[int]:
    return func.count(Enrolment.converted_at)


def _today(since: datetime) -> ColumnElement[int]:
    return func.count().filter(Enrolment.entered_at >= since)


def _in_progress(since: datetime) -> ColumnElement[int]:
    return func.count().filter(Enrolment.status.in_(RUNNING))


def _place(column: Any, order: Sequence[str]) -> Key:
    """Its place in an order that is not that of its letters."""
    return case({value: place for place, value in enumerate(order)}, value=column)


SORTS: Mapping[str, Callable[[Select[Any], datetime], Sorted]] = {
    "name": _by(func.lower(Journey.name)),
    "status": _by(_place(Journey.status, list(JourneyStatus))),
    "stage": _by(_place(Journey.stage, list(Stage))),
    "entered_today": _by_figure(_today),
    "in_progress": _by_figure(_in_progress),
    "conversion": _by_conversion,
    "owner": _by(func.lower(Owner.name)),
    "changed": _by(Journey.updated_at.expression),
}
"""What the list can be sorted by."""


def _totals(session: Session, ids: Sequence[UUID], since: datetime) -> dict[UUID, Any]:
    rows = session.execute(
        select(
            Enrolment.journey_id,
            func.count().label("entered"),
            _today(since).label("entered_today"),
            _in_progress(since).label("in_progress"),
            func.count().filter(Enrolment.status == EnrolmentStatus.COMPLETED).label("completed"),
            _converted().label("converted"),
        )
        .where(Enrolment.journey_id.in_(ids))
        .group_by(Enrolment.journey_id)
    )
    return {row.journey_id: row for row in rows}


NOTHING = {"entered": 0, "entered_today": 0, "in_progress": 0, "completed": 0, "converted": 0}


def _row(journey: Any, totals: Any) -> JourneyRow:
    figures = {name: getattr(totals, name) for name in NOTHING} if totals else NOTHING
    is_told = journey.goal is not None and figures["entered"] > 0
    return JourneyRow(
        **journey._mapping,
        **figures,
        conversion=figures["converted"] / figures["entered"] if is_told else None,
    )
