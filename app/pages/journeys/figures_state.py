"""How the opened journey is doing: its state, the figures on its steps, who stands where."""

import asyncio
from typing import Any
from uuid import UUID

import reflex as rx

from app.pages.journeys.status import AWAITS, tone_of, words_of
from app.pages.session import signed_in
from engine.core.accounts import Viewer
from engine.core.errors import NotFound
from engine.journeys.builder import Figures, look_at_figures, people_behind
from engine.journeys.models import JourneyStatus
from engine.journeys.moves import MOVES

LIVE = frozenset({JourneyStatus.LIVE, JourneyStatus.FINISHING})
ASKED = {"pending": AWAITS, "rejected": "Not approved"}


def journey_id_of(raw: str) -> UUID:
    """The id in the address.

    Raises:
        NotFound: it is none.
    """
    try:
        return UUID(raw)
    except ValueError:
        raise NotFound("This journey does not exist. Go back to the list.") from None


class FiguresState(rx.State):
    """What changes by itself while one looks at a journey; the builder and its dialogs stand on it."""

    opened_id: str = ""
    status: str = ""
    status_words: str = ""
    status_tone: str = "neutral"
    version: int = 0
    has_changes: bool = False
    moves: list[str] = []
    counts: dict[str, Any] | None = None
    watch: dict[str, Any] = {}
    people: dict[str, Any] = {}
    stuck: int = 0
    set_aside: int = 0
    by_hand: bool = False
    asked: str = ""
    asked_words: str = ""
    dock: str = ""
    overlay: dict[str, Any] | None = None

    @rx.event
    def undock(self):
        """Close what lies beside the canvas; the live figures are on the steps again."""
        self.dock, self.overlay = "", None

    @rx.event
    async def count(self):
        """The newest figures."""
        await self._look(await signed_in(self))

    @rx.event
    async def find_people(self, wish: dict[str, Any]):
        """The customers behind a number on a step; a wish with `after` is told what follows."""
        viewer = await signed_in(self)
        found = await asyncio.to_thread(
            people_behind,
            viewer.tenant_id,
            self._opened(),
            str(wish.get("node_id")),
            str(wish.get("figure")),
            port=wish.get("port"),
            search=str(wish.get("search") or ""),
            after=wish.get("after"),
        )
        self.people = {"serial": wish.get("serial"), **found}

    def _opened(self) -> UUID:
        return journey_id_of(self.opened_id)

    async def _look(self, viewer: Viewer) -> None:
        self._tell(await asyncio.to_thread(look_at_figures, viewer.tenant_id, self._opened()))

    def _tell(self, figures: Figures) -> None:
        """Take new figures; what stayed the same is not sent to the browser again."""
        self.watch = {"live": figures.status in LIVE, "serial": self.watch.get("serial", 0) + 1}
        if figures.counts != self.counts:
            self.counts = figures.counts
        if (figures.version, figures.has_changes) != (self.version, self.has_changes):
            self.version, self.has_changes = figures.version, figures.has_changes
        if (figures.stuck, figures.by_hand) != (self.stuck, self.by_hand):
            self.stuck, self.by_hand = figures.stuck, figures.by_hand
        if (asked := figures.asked.status.value if figures.asked else "") != self.asked:
            self.asked, self.asked_words = asked, ASKED.get(asked, "")
        if figures.status != self.status:
            self.status = figures.status
            self.status_words = words_of(figures.status)
            self.status_tone = tone_of(figures.status)
            self.moves = [verb for verb, (sources, _) in MOVES.items() if figures.status in sources]
