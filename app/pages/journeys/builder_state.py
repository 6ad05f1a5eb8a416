"""What the builder shows of one journey, and what it does with what the canvas sends."""

import asyncio
import json
from typing import Any
from uuid import UUID

import reflex as rx

from app.pages.journeys.figures_state import LIVE, FiguresState, journey_id_of
from app.pages.session import signed_in
from app.ui import done, failed
from engine.core.accounts import Viewer, demand, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidGraph, NotFound, SafarError
from engine.core.ids import key_of
from engine.journeys import drafts, moves
from engine.journeys.builder import Opened, duplicate, keep_draft, open_journey
from engine.journeys.choices import load_choices
from engine.journeys.models import Journey, JourneyStatus, RequestStatus

EDIT = "campaign.create"
PUBLISH = "campaign.send"
PUBLISH_DOCK, CLASH_DOCK = "publish", "clash"
RUNNING = LIVE | {JourneyStatus.PAUSED}
MOVED = {
    "pause": "Paused. Everybody stays where they are, and nothing is sent.",
    "resume": "The journey goes on.",
    "finish": "Nobody enters any more; those on their way go on to the end.",
    "stop": "Stopped. Everybody has left the journey.",
    "archive": "Archived. You find it in the list under “Archived”.",
    "restore": "Restored. Publish it to let customers in.",
}


def tab_of(state: rx.State) -> UUID:
    """The browser tab that this state belongs to."""
    return key_of("tab", state.router.session.client_token)


def file_name(name: str) -> str:
    """What the file of a journey of this name is called."""
    plain = "".join(each if each.isalnum() else "-" for each in name.lower()).strip("-")
    return f"{plain or 'journey'}.json"


class BuilderState(FiguresState):
    """One journey on the canvas. The graph itself lives in the browser between loading and saving."""

    loading: bool = True
    missing: str = ""
    name: str = ""
    name_serial: int = 0
    may_edit: bool = False
    may_publish: bool = False
    document: dict[str, Any] = {}
    answer: dict[str, Any] = {}
    problems: list[dict[str, Any]] = []
    choices: dict[str, Any] = {}
    focus: dict[str, Any] = {}

    @rx.var
    def read_only(self) -> bool:
        """Whether the graph can only be looked at."""
        return not self.may_edit or self.status == JourneyStatus.ARCHIVED or self.dock == PUBLISH_DOCK

    @rx.var
    def publish_label(self) -> str:
        """What publishing would do."""
        if not self.version:
            return "Publish"
        return "Publish changes" if self.has_changes else "Publish again"

    @rx.var
    def can_publish(self) -> bool:
        """Whether publishing would change anything and is allowed."""
        runs_as_drawn = self.status in RUNNING and not self.has_changes
        return self.may_publish and self.status != JourneyStatus.ARCHIVED and not runs_as_drawn

    @rx.event
    async def load(self):
        """Open the journey of the address."""
        viewer = await signed_in(self)
        wanted = self.journey_id
        if self.dock in (PUBLISH_DOCK, CLASH_DOCK):
            self.dock, self.overlay = "", None
        if self.opened_id != wanted or not self.document:
            self.loading, self.document = True, {}
            yield
        try:
            opened = await asyncio.to_thread(open_journey, viewer.tenant_id, journey_id_of(wanted))
        except NotFound as error:
            self.missing, self.loading = error.message, False
            return
        self._show(opened, viewer)

    @rx.event
    async def reload(self):
        """Take the newest draft, whoever saved it."""
        viewer = await signed_in(self)
        self._show(await asyncio.to_thread(open_journey, viewer.tenant_id, self._opened()), viewer)

    @rx.event
    def forget(self):
        """The page shows something else now: what was loaded is not what will be saved when one comes back."""
        self.document = {}

    @rx.event
    async def save(self, journey_id: str, graph: dict[str, Any], revision: int, serial: int):
        """Keep the draft the canvas sends."""
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        kept = await asyncio.to_thread(
            keep_draft,
            viewer.tenant_id,
            journey_id_of(journey_id),
            graph,
            revision=revision,
            now=utc_now(),
            user_id=viewer.user_id,
            client_id=tab_of(self),
        )
        self.answer = {
            "serial": serial,
            "revision": kept.revision,
            "conflict": kept.conflict,
            "error": kept.error,
        }
        if not kept.conflict and not kept.error:
            self.problems = kept.problems
            self.has_changes = True
            if self.asked == RequestStatus.PENDING:
                await self._look(viewer)

    @rx.event
    async def move(self, verb: str):
        """Pause, resume, finish, stop or archive."""
        viewer = await signed_in(self)
        demand(viewer.role, PUBLISH)
        await asyncio.to_thread(_move, viewer, self._opened(), verb)
        await self._look(viewer)
        return done(MOVED[verb])

    @rx.event
    async def rename(self, name: str):
        """Give the journey another name; an impossible one is put back."""
        if name.strip() == self.name:
            return None
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        self.name_serial += 1
        try:
            self.name = await asyncio.to_thread(_rename, viewer, self._opened(), name)
        except SafarError as error:
            return failed(error.message)
        return None

    @rx.event
    async def duplicate(self):
        """Make a second journey like this one and open it."""
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        copy_id = await asyncio.to_thread(
            duplicate, viewer.tenant_id, self._opened(), user_id=viewer.user_id, now=utc_now()
        )
        return [rx.redirect(f"/journeys/{copy_id}"), done("This is the copy.")]

    @rx.event
    async def download(self):
        """The saved draft as a file, which a canvas takes when it is dropped there."""
        viewer = await signed_in(self)
        opened = await asyncio.to_thread(open_journey, viewer.tenant_id, self._opened())
        return rx.download(data=json.dumps(opened.graph, indent=2), filename=file_name(opened.name))

    @rx.event
    async def refresh_choices(self):
        """What steps may point at, as it is now."""
        viewer = await signed_in(self)
        choices = await asyncio.to_thread(_choices, viewer)
        if choices != self.choices:
            self.choices = choices

    @rx.event
    def look_at(self, node_id: str):
        """Select a step on the canvas."""
        self._look_at(node_id)

    def show_step(self, node_id: str) -> None:
        """Bring a step into view, without opening its panel."""
        self.focus = {"node_id": node_id, "serial": self.focus.get("serial", 0) + 1, "quiet": True}

    def _look_at(self, node_id: str | None) -> None:
        if node_id:
            self.focus = {"node_id": node_id, "serial": self.focus.get("serial", 0) + 1}

    def _show(self, opened: Opened, viewer: Viewer) -> None:
        self.missing = ""
        self.opened_id = str(opened.id)
        self.set_aside = opened.set_aside
        self.name = opened.name
        self.may_edit = may(viewer.role, EDIT)
        self.may_publish = may(viewer.role, PUBLISH)
        self.problems = opened.problems
        self.choices = opened.choices
        self.document = {
            "journey_id": str(opened.id),
            "revision": opened.revision,
            "serial": self.document.get("serial", 0) + 1,
            "graph": opened.graph,
        }
        self._tell(opened.figures)
        self.loading = False


def tell_problems(builder: BuilderState, error: InvalidGraph) -> None:
    """Show what keeps the draft from being published, and look at the first step concerned."""
    builder.problems = error.details if isinstance(error.details, list) else builder.problems
    builder._look_at(next((each["node_id"] for each in builder.problems if each["node_id"]), None))


def _move(viewer: Viewer, journey_id: UUID, verb: str) -> Journey:
    with tenant_session(viewer.tenant_id) as session:
        return moves.move(session, viewer.tenant_id, journey_id, verb, user_id=viewer.user_id, now=utc_now())


def _rename(viewer: Viewer, journey_id: UUID, name: str) -> str:
    with tenant_session(viewer.tenant_id) as session:
        about = drafts.About(name=name)
        return drafts.describe_journey(session, journey_id, about, user_id=viewer.user_id, now=utc_now()).name


def _choices(viewer: Viewer) -> dict[str, Any]:
    with tenant_session(viewer.tenant_id) as session:
        return load_choices(session)
