"""What the list of journeys is asked for, as its address says it: `/journeys?search=…&state=live&sort=name&page=2`.

The address is the only place that keeps it, so that reloading, going back and sharing a link show the same list.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID

from engine.journeys.directory import SORTS, JourneyQuery
from engine.journeys.models import JourneyStatus, Stage

PAGE = 50
AWAITS_APPROVAL = "awaits_approval"
"""What may stand for a state: journeys in any state whose publishing somebody has to decide on."""

DOWNWARDS = frozenset({"changed", "entered_today", "in_progress", "conversion"})
"""What one wants to see the largest or newest of first."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The parameters; empty ones are not written. `way` is `up` or `down`, `page` counts from 1."""

    search: str = ""
    state: str = ""
    stage: str = ""
    owner: str = ""
    sort: str = "changed"
    way: str = "down"
    page: int = 1

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Self:
        """What an address says; what nobody could have chosen is left out."""
        sort = parameters.get("sort", "")
        sort = sort if sort in SORTS else "changed"
        page = parameters.get("page", "")
        return cls(
            search=parameters.get("search", "")[:100],
            state=_one_of([*JourneyStatus, AWAITS_APPROVAL], parameters.get("state", "")),
            stage=_one_of(list(Stage), parameters.get("stage", "")),
            owner=_id(parameters.get("owner", "")),
            sort=sort,
            way=_one_of(["up", "down"], parameters.get("way", "")) or _first_way(sort),
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        )

    def but(self, **changes: Any) -> Self:
        """The same with something changed, from the first page on."""
        return replace(self, **{"page": 1, **changes})

    def sorted_by(self, column: str) -> Self:
        """Sorted by a column; the other way round if it is already."""
        if column == self.sort:
            return self.but(way="up" if self.way == "down" else "down")
        return self.but(sort=column, way=_first_way(column))

    def address(self) -> str:
        """Where this list is found."""
        usual = asdict(ListQuery())
        if self.sort != "changed":
            usual["way"] = _first_way(self.sort)
        said = {name: value for name, value in asdict(self).items() if value != usual[name]}
        return f"/journeys?{urlencode(said)}" if said else "/journeys"

    @property
    def narrows(self) -> bool:
        """Whether it leaves any journey out that is not archived."""
        return bool(self.search or self.state or self.stage or self.owner)

    @property
    def wanted(self) -> JourneyQuery:
        """As the engine is asked."""
        return JourneyQuery(
            search=self.search,
            statuses=statuses_of(self.state),
            awaits_approval=self.state == AWAITS_APPROVAL,
            stages=[Stage(self.stage)] if self.stage else (),
            owner=UUID(self.owner) if self.owner else None,
            sort=self.sort,
            descending=self.way == "down",
            offset=(self.page - 1) * PAGE,
            limit=PAGE,
        )


def still_ahead(asked: list[ListQuery], arrived: ListQuery) -> list[ListQuery]:
    """What was asked for after the list that has arrived; nothing when one has gone to another by oneself."""
    return asked[asked.index(arrived) + 1 :] if arrived in asked else []


def statuses_of(state: str) -> list[JourneyStatus]:
    """The states that a choice among states means; none for all, and for those that wait for approval."""
    return [JourneyStatus(state)] if state in set(JourneyStatus) else []


def _first_way(sort: str) -> str:
    return "down" if sort in DOWNWARDS else "up"


def _one_of(known: list[Any], value: str) -> str:
    return value if value in known else ""


def _id(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        return ""
