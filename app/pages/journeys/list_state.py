"""What the list of journeys shows, and making a new one."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import reflex as rx

from app.pages.journeys.builder_state import EDIT
from app.pages.journeys.status import tone_of, words_of
from app.pages.session import signed_in
from engine.core.accounts import Viewer, demand, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.journeys.counts import JourneyRow, list_journeys
from engine.journeys.explain import midnight
from engine.journeys.gallery import find_ready_made, install, list_gallery
from engine.journeys.journeys import create_journey


@dataclass
class Row:
    """A journey as the table writes it."""

    href: str
    name: str
    status: str
    tone: str
    entered_today: str
    in_progress: str
    completed: str
    changed: str


def row_of(journey: JourneyRow, *, now: datetime, timezone: str) -> Row:
    """A row in the studio's own time."""
    return Row(
        href=f"/journeys/{journey.id}",
        name=journey.name,
        status=words_of(journey.status),
        tone=tone_of(journey.status),
        entered_today=f"{journey.entered_today:,}",
        in_progress=f"{journey.in_progress:,}",
        completed=f"{journey.completed:,}",
        changed=when(journey.updated_at, now=now, timezone=timezone),
    )


def when(moment: datetime, *, now: datetime, timezone: str) -> str:
    """`14:05` for today, `3 Mar` for this year, `3 Mar 2025` for earlier ones."""
    there, today = moment.astimezone(ZoneInfo(timezone)), now.astimezone(ZoneInfo(timezone))
    if there.date() == today.date():
        return f"{there:%H:%M}"
    return f"{there.day} {there:%b}" if there.year == today.year else f"{there.day} {there:%b %Y}"


class JourneysState(rx.State):
    """The list of journeys."""

    loading: bool = True
    rows: list[Row] = []
    search: str = ""
    archived: bool = False
    may_edit: bool = False
    naming: bool = False
    problem: str = ""
    busy: bool = False
    wish: str = ""
    fitting: list[str] = [entry.key for entry in list_gallery()]
    stages: list[str] = [entry.stage.value for entry in list_gallery()]

    @rx.event
    async def load(self):
        """List them."""
        viewer = await signed_in(self)
        self.may_edit = may(viewer.role, EDIT)
        now = utc_now()
        found = await asyncio.to_thread(_list, viewer, search=self.search, archived=self.archived, now=now)
        self.rows = [row_of(journey, now=now, timezone=viewer.timezone) for journey in found]
        self.loading = False

    @rx.event
    async def look_for(self, search: str):
        """List those whose name has these letters."""
        self.search = search
        await self.load()

    @rx.event
    async def show_archived(self, archived: bool):
        """List the archived ones, or the others."""
        self.archived = archived
        await self.load()

    @rx.event
    def ask_name(self, open: bool = True):
        """Open or close the dialog for a new journey."""
        self.naming, self.problem, self.busy = open, "", False
        self.look_for_ready_made("")

    @rx.event
    def look_for_ready_made(self, wish: str):
        """Show the ready-made journeys that are good for this."""
        self.wish = wish
        found = find_ready_made(wish)
        self.fitting = [entry.key for entry in found]
        self.stages = [entry.stage.value for entry in found]

    @rx.event
    async def create(self, answers: dict[str, str]):
        """Make a blank journey and open it."""
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        try:
            journey_id = await asyncio.to_thread(_create, viewer, answers.get("name", ""))
        except InvalidInput as error:
            self.problem = error.message
            return None
        self.naming = False
        return rx.redirect(f"/journeys/{journey_id}")

    @rx.event
    async def install(self, key: str):
        """Make a ready-made journey the studio's own and open it."""
        self.busy = True
        yield
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        journey_id = await asyncio.to_thread(_install, viewer, key)
        self.naming = self.busy = False
        yield rx.redirect(f"/journeys/{journey_id}")


def _install(viewer: Viewer, key: str) -> str:
    with tenant_session(viewer.tenant_id) as session:
        return str(install(session, viewer.tenant_id, key, user_id=viewer.user_id, now=utc_now()).id)


def _list(viewer: Viewer, *, search: str, archived: bool, now: datetime) -> list[JourneyRow]:
    with tenant_session(viewer.tenant_id) as session:
        return list_journeys(
            session, since=midnight(now, viewer.timezone), search=search.strip(), archived=archived
        )


def _create(viewer: Viewer, name: str) -> str:
    with tenant_session(viewer.tenant_id) as session:
        journey = create_journey(session, viewer.tenant_id, name, user_id=viewer.user_id, now=utc_now())
        return str(journey.id)
