"""Two people changed the same draft: both are shown, and nothing is written before one has decided."""

import asyncio
from copy import deepcopy
from typing import Any
from uuid import UUID

import reflex as rx

from app.pages.journeys.builder_state import CLASH_DOCK, EDIT
from app.pages.journeys.difference_lines import DifferenceLine, lines_of
from app.pages.journeys.figures_state import FiguresState, journey_id_of
from app.pages.journeys.overlay import difference_overlay
from app.pages.session import signed_in
from app.pages.words import short_moment
from app.ui import done
from engine.core.accounts import Viewer, demand
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.journeys.builder import duplicate
from engine.journeys.clash import Clash, find_clash


class ClashState(FiguresState):
    """The dock that compares mine with theirs. The graphs stay on the server until one is shown or chosen."""

    clash_words: str = ""
    their_name: str = ""
    shown: str = "mine"
    my_lines: list[DifferenceLine] = []
    their_lines: list[DifferenceLine] = []
    may_merge: bool = False
    met_at: list[str] = []
    peek: dict[str, Any] | None = None
    decision: dict[str, Any] = {}
    _base: dict[str, Any] = {}
    _mine: dict[str, Any] = {}
    _theirs: dict[str, Any] = {}
    _merged: dict[str, Any] | None = None
    _revision: int = 0
    _ticket: str = ""

    @rx.event
    async def compare(self, journey_id: str, base: dict[str, Any] | None, mine: dict[str, Any], ticket: str):
        """Mine could not be saved: show what differs, unless one has gone to another journey meanwhile."""
        if journey_id != self.journey_id:
            return
        viewer = await signed_in(self)
        clash = await asyncio.to_thread(_find, viewer, journey_id_of(journey_id), base, mine)
        when = short_moment(clash.at, now=utc_now(), timezone=viewer.timezone)
        is_me = clash.who == viewer.user_id
        self.their_name = "You, in another tab," if is_me else clash.name or "The API"
        self.clash_words = f"{self.their_name} saved a change at {when}."
        self.my_lines, self.their_lines = lines_of(clash.my_changes), lines_of(clash.their_changes)
        self.may_merge, self.met_at = clash.merged is not None, [*clash.steps, *clash.settings]
        self._base, self._mine, self._theirs = clash.base, clash.mine, clash.theirs
        self._merged, self._revision = clash.merged, clash.revision
        self._ticket, self.dock = ticket, CLASH_DOCK
        self._show("mine")

    @rx.event
    def show(self, side: str):
        """Mine or theirs on the canvas."""
        self._show(side)

    @rx.event
    def close(self):
        """Back to mine, which waits for a decision."""
        self.dock, self.overlay, self.peek = "", None, None

    @rx.event
    def keep_mine(self):
        """Write mine over theirs."""
        return self._decide("mine", None, "Yours is saved in place of theirs.")

    @rx.event
    def take_theirs(self):
        """Forget mine."""
        return self._decide("theirs", None, "You see what is saved.")

    @rx.event
    def merge_both(self):
        """Both changes in one draft."""
        return self._decide("merged", self._merged, "Both changes are in the draft now.")

    @rx.event
    async def save_as_copy(self):
        """Mine becomes a journey of its own, and theirs stays here."""
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        # The state hands out proxies, which are no JSON; a copy of one is the dict itself.
        await asyncio.to_thread(_copy, viewer, self._opened(), deepcopy(self._mine))
        return self._decide(
            "theirs", None, "Yours is a journey of its own now: look for “(copy)” in the list."
        )

    def _show(self, side: str) -> None:
        self.shown = side
        graph = self._theirs if side == "theirs" else self._mine
        self.peek = {"graph": self._theirs, "ticket": self._ticket} if side == "theirs" else None
        self.overlay = difference_overlay(self._base, graph).as_json()

    def _decide(self, choice: str, graph: dict[str, Any] | None, told: str) -> rx.event.EventSpec:
        self.close()
        self.decision = {"choice": choice, "revision": self._revision, "graph": graph, "ticket": self._ticket}
        return done(told)


def _find(viewer: Viewer, journey_id: UUID, base: dict[str, Any] | None, mine: dict[str, Any]) -> Clash:
    with tenant_session(viewer.tenant_id) as session:
        return find_clash(session, journey_id, base=base, mine=mine)


def _copy(viewer: Viewer, journey_id: UUID, graph: dict[str, Any]) -> UUID:
    return duplicate(viewer.tenant_id, journey_id, user_id=viewer.user_id, now=utc_now(), graph=graph)
