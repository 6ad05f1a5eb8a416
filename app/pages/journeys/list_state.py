"""What the list of journeys shows, and finding one's way in it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import reflex as rx

from app.pages.journeys.builder_state import EDIT, PUBLISH
from app.pages.journeys.list_query import PAGE, ListQuery, still_ahead
from app.pages.journeys.status import tone_of, words_of
from app.pages.session import signed_in
from app.pages.words import full_moment, short_moment
from engine.core.accounts import Viewer, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.staff import list_staff
from engine.journeys.directory import JourneyPage, JourneyRow, list_journeys
from engine.journeys.explain import midnight
from engine.journeys.moves import MOVES

EVERYBODY = ("", "All owners")


@dataclass
class Row:
    """A journey as the table writes it; `goal` tells how `conversion` is to be read, `moves` what may become of it."""

    id: str
    href: str
    name: str
    status: str
    tone: str
    awaits_approval: bool
    stage: str
    entered_today: str
    in_progress: str
    conversion: str
    goal: str
    owner_id: str
    owner: str
    changed: str
    changed_at: str
    changed_by: str
    moves: list[str]


def row_of(journey: JourneyRow, *, now: datetime, timezone: str) -> Row:
    """A row in the studio's own time."""
    return Row(
        id=str(journey.id),
        href=f"/journeys/{journey.id}",
        name=journey.name,
        status=words_of(journey.status),
        tone=tone_of(journey.status),
        awaits_approval=journey.awaits_approval,
        stage=journey.stage.capitalize(),
        entered_today=f"{journey.entered_today:,}",
        in_progress=f"{journey.in_progress:,}",
        conversion="–" if journey.conversion is None else f"{journey.conversion:.1%}",
        goal=_how_it_converts(journey),
        owner_id=str(journey.owner_id or ""),
        owner=journey.owner or "–",
        changed=short_moment(journey.updated_at, now=now, timezone=timezone),
        changed_at=full_moment(journey.updated_at, timezone=timezone),
        changed_by=journey.changed_by or "",
        moves=[verb for verb, (sources, _) in MOVES.items() if journey.status in sources],
    )


def _how_it_converts(journey: JourneyRow) -> str:
    if journey.goal is None:
        return "No goal is set in the journey's settings"
    if not journey.entered:
        return f"Goal: {journey.goal}. Nobody has entered yet"
    return f"Goal: {journey.goal}. {journey.converted:,} of {journey.entered:,} who entered reached it"


class JourneysState(rx.State):
    """One page of the list, as the address asks for it."""

    loading: bool = True
    rows: list[Row] = []
    total: int = 0
    search: str = ""
    status: str = ""
    stage: str = ""
    owner: str = ""
    sort: str = "changed"
    descending: bool = True
    page: int = 1
    narrowed: bool = False
    owners: list[tuple[str, str]] = [EVERYBODY]
    may_edit: bool = False
    may_publish: bool = False
    _asked: list[ListQuery] = []
    """Addresses one has been sent to and not arrived at yet, the newest last."""

    @rx.var
    def summary(self) -> str:
        """Where in the list the table is."""
        if not self.rows:
            return ""
        first = (self.page - 1) * PAGE + 1
        return f"{first:,}–{first + len(self.rows) - 1:,} of {self.total:,}"

    @rx.var
    def has_previous(self) -> bool:
        """Whether there is a page before."""
        return self.page > 1

    @rx.var
    def has_next(self) -> bool:
        """Whether there is a page after."""
        return self.page * PAGE < self.total

    @rx.event
    async def load(self):
        """List what the address asks for."""
        query = self._shown()
        self._asked = still_ahead(self._asked, query)
        self.search, self.status, self.stage, self.owner = query.search, query.state, query.stage, query.owner
        self.sort, self.descending, self.page = query.sort, query.way == "down", query.page
        self.narrowed = query.narrows
        await self._list(await signed_in(self))
        self.loading = False

    @rx.event
    def look_for(self, search: str):
        """Those whose name has these letters. Typing leaves no trail of pages to go back through."""
        self.search = search
        return self._go(self._wanted().but(search=search), replace=True)

    @rx.event
    def only_status(self, status: str):
        """Those in this state."""
        return self._go(self._wanted().but(state=status))

    @rx.event
    def only_stage(self, stage: str):
        """Those of this stage."""
        return self._go(self._wanted().but(stage=stage))

    @rx.event
    def only_owner(self, owner: str):
        """Those this member of staff looks after."""
        return self._go(self._wanted().but(owner=owner))

    @rx.event
    def sort_by(self, column: str):
        """Sort by a column, or turn it round."""
        return self._go(self._wanted().sorted_by(column))

    @rx.event
    def turn(self, pages: int):
        """So many pages on."""
        return self._go(self._wanted().but(page=max(1, self.page + pages)))

    @rx.event
    def show_all(self):
        """Leave nothing out."""
        return self._go(self._wanted().but(search="", state="", stage="", owner=""))

    def _shown(self) -> ListQuery:
        return ListQuery.read(self.router.url.query_parameters)

    def _wanted(self) -> ListQuery:
        """What one asked for last: two filters set in one breath both count, though the address follows later."""
        return self._asked[-1] if self._asked else self._shown()

    def _go(self, query: ListQuery, *, replace: bool = False) -> rx.event.EventSpec:
        self._asked = [*self._asked, query]
        return rx.redirect(query.address(), replace=replace)

    async def _list(self, viewer: Viewer) -> None:
        self.may_edit, self.may_publish = may(viewer.role, EDIT), may(viewer.role, PUBLISH)
        now = utc_now()
        found, owners = await asyncio.to_thread(_find, viewer, self._shown(), now)
        self.rows = [row_of(journey, now=now, timezone=viewer.timezone) for journey in found.rows]
        self.total, self.owners = found.total, [EVERYBODY, *owners]


def _find(viewer: Viewer, query: ListQuery, now: datetime) -> tuple[JourneyPage, list[tuple[str, str]]]:
    with tenant_session(viewer.tenant_id) as session:
        page = list_journeys(session, query.wanted, since=midnight(now, viewer.timezone))
        return page, [(str(person.id), person.name) for person in list_staff(session)]
