"""What the list of coupons shows."""

import asyncio

import reflex as rx
from sqlalchemy.orm import Session

from app.pages.offers.told import MANAGE, CouponLine, Place, coupon_line
from app.pages.session import signed_in
from engine.core.accounts import Viewer, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.tenants import today_of
from engine.offers.history import list_coupons

PAGE = 50

STATES = [("", "All coupons"), ("on", "Switched on"), ("off", "Switched off")]
IS_ACTIVE = {"on": True, "off": False}


class OffersState(rx.State):
    """The list of coupons, and which of the two lists is open."""

    tab: str = "coupons"
    loading: bool = True
    lines: list[CouponLine] = []
    total: int = 0
    page: int = 1
    search: str = ""
    wanted: str = ""
    may_edit: bool = False

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

    @rx.var
    def is_filtered(self) -> bool:
        """Whether the list shows less than all."""
        return bool(self.search or self.wanted)

    @rx.event
    async def load(self):
        """List them from where the list was left."""
        await self._list()
        self.loading = False

    @rx.event
    def open_tab(self, tab: str):
        """Show the coupons or the gift cards."""
        self.tab = tab

    @rx.event
    async def look_for(self, search: str):
        """List those whose name or code has these letters."""
        self.search, self.page = search, 1
        await self._list()

    @rx.event
    async def choose(self, wanted: str):
        """List those that are on, or off, or all."""
        self.wanted, self.page = wanted, 1
        await self._list()

    @rx.event
    async def turn(self, pages: int):
        """Some pages on, or back."""
        self.page = max(1, self.page + pages)
        await self._list()

    async def _list(self) -> None:
        viewer = await signed_in(self)
        self.may_edit = may(viewer.role, MANAGE)
        self.lines, self.total = await asyncio.to_thread(
            _find, viewer, self.search, IS_ACTIVE.get(self.wanted), self.page
        )


def place_of(session: Session, viewer: Viewer) -> Place:
    """The ground of every line of this studio."""
    now = utc_now()
    return Place(viewer.currency, viewer.timezone, now, today_of(session, now))


def summary_of(page: int, shown: int, total: int) -> str:
    """`51–100 of 230`, nothing for an empty list."""
    first = (page - 1) * PAGE
    return f"{first + 1:,}–{first + shown:,} of {total:,}" if shown else ""


def _find(viewer: Viewer, search: str, is_active: bool | None, page: int) -> tuple[list[CouponLine], int]:
    with tenant_session(viewer.tenant_id) as session:
        found = list_coupons(session, search=search, is_active=is_active, page=page, size=PAGE)
        place = place_of(session, viewer)
        return [coupon_line(each, found.figures[each.id], place) for each in found.coupons], found.total
