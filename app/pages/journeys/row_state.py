"""What one does with a journey without opening it: pause, rename, give it to somebody, copy, archive, download."""

import asyncio
import json
from uuid import UUID

import reflex as rx

from app.pages.journeys.builder_state import EDIT, MOVED, PUBLISH, file_name
from app.pages.journeys.figures_state import journey_id_of
from app.pages.journeys.list_state import JourneysState
from app.pages.session import signed_in
from app.ui import done
from engine.core.accounts import Viewer, demand
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.journeys import drafts, moves
from engine.journeys.builder import duplicate, open_journey


class RowState(JourneysState):
    """The menu of a row and its dialogs; `chosen` is the journey they are about."""

    chosen: str = ""
    chosen_name: str = ""
    chosen_owner: str = ""
    renaming: bool = False
    giving: bool = False
    problem: str = ""

    @rx.event
    async def move(self, journey_id: str, verb: str):
        """Pause, resume, archive or restore."""
        viewer = await signed_in(self)
        demand(viewer.role, PUBLISH)
        await asyncio.to_thread(_move, viewer, journey_id_of(journey_id), verb)
        await self._list(viewer)
        return done(MOVED[verb])

    @rx.event
    async def copy(self, journey_id: str):
        """Make a second journey like this one and open it."""
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        copy_id = await asyncio.to_thread(
            duplicate, viewer.tenant_id, journey_id_of(journey_id), user_id=viewer.user_id, now=utc_now()
        )
        return [rx.redirect(f"/journeys/{copy_id}"), done("This is the copy.")]

    @rx.event
    async def download(self, journey_id: str):
        """The saved draft as a file."""
        viewer = await signed_in(self)
        opened = await asyncio.to_thread(open_journey, viewer.tenant_id, journey_id_of(journey_id))
        return rx.download(data=json.dumps(opened.graph, indent=2), filename=file_name(opened.name))

    @rx.event
    def ask_name(self, journey_id: str, name: str):
        """Ask for another name."""
        self.chosen, self.chosen_name, self.problem, self.renaming = journey_id, name, "", True

    @rx.event
    def ask_owner(self, journey_id: str, name: str, owner_id: str):
        """Ask who looks after it."""
        self.chosen, self.chosen_name, self.chosen_owner = journey_id, name, owner_id
        self.problem, self.giving = "", True

    @rx.event
    def close(self, open: bool = False):
        """Close the dialogs."""
        self.renaming = self.giving = open

    @rx.event
    async def rename(self, answers: dict[str, str]):
        """Give it another name."""
        return await self._describe(drafts.About(name=answers.get("new_name", "")), "Renamed.")

    @rx.event
    async def give(self, answers: dict[str, str]):
        """Let somebody else look after it."""
        owner = answers.get("new_owner", "")
        return await self._describe(drafts.About(owner=UUID(owner) if owner else None), "Handed over.")

    async def _describe(self, about: drafts.About, told: str) -> rx.event.EventSpec | None:
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        try:
            await asyncio.to_thread(_describe, viewer, journey_id_of(self.chosen), about)
        except InvalidInput as error:
            self.problem = error.message
            return None
        self.renaming = self.giving = False
        await self._list(viewer)
        return done(told)


def _move(viewer: Viewer, journey_id: UUID, verb: str) -> None:
    with tenant_session(viewer.tenant_id) as session:
        moves.move(session, viewer.tenant_id, journey_id, verb, user_id=viewer.user_id, now=utc_now())


def _describe(viewer: Viewer, journey_id: UUID, about: drafts.About) -> None:
    with tenant_session(viewer.tenant_id) as session:
        drafts.describe_journey(session, journey_id, about, user_id=viewer.user_id, now=utc_now())
