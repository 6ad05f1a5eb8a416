"""What the list of gift cards shows."""

import asyncio

import reflex as rx

from app.pages.offers.list_state import PAGE, place_of, summary_of
from app.pages.offers.told import CardLine, card_line
from app.pages.session import signed_in
from engine.core.accounts import Viewer
from engine.core.db import tenant_session
from engine.offers.gift_cards import list_gift_cards


class GiftCardsState(rx.State):
    """The list of gift cards."""

    loading: bool = True
    lines: list[CardLine] = []
    total: int = 0
    page: int = 1
    search: str = ""

    @rx.var
    def summary(self) -> str:
        """Where in the list the table is."""
        return summary_of(self.page, len(self.lines), self.total)

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
        """List them from where the list was left."""
        await self._list()
        self.loading = False

    @rx.event
    async def look_for(self, search: str):
        """List those whose code or customer has these letters."""
        self.search, self.page = search, 1
        await self._list()

    @rx.event
    async def turn(self, pages: int):
        """Some pages on, or back."""
        self.page = max(1, self.page + pages)
        await self._list()

    async def _list(self) -> None:
        viewer = await signed_in(self)
        self.lines, self.total = await asyncio.to_thread(_find, viewer, self.search, self.page)


def _find(viewer: Viewer, search: str, page: int) -> tuple[list[CardLine], int]:
    with tenant_session(viewer.tenant_id) as session:
        found, total = list_gift_cards(session, search=search, page=page, size=PAGE)
        place = place_of(session, viewer)
        return [card_line(each, place) for each in found], total
