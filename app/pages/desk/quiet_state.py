"""What the desk shows of customers who have gone quiet."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import reflex as rx

from app.pages.customers.list_state import name_of
from app.pages.session import signed_in
from app.pages.words import money, short_moment
from engine.core.accounts import Viewer
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.customers.inactive import InactiveCustomer, inactive_customers

PAGE = 50
DAYS_CHOICES = [(str(days), f"{days} days and more") for days in (30, 60, 90, 180, 365)]


@dataclass
class Quiet:
    """A customer who has gone quiet; `reminder` says when the staff will be reminded of them already."""

    id: str
    name: str
    href: str
    contact: str
    days: str
    last_seen: str
    orders: str
    spend: str
    reminder: str


def quiet_of(row: InactiveCustomer, *, now: datetime, timezone: str, currency: str) -> Quiet:
    """A row of the table."""
    name = name_of(row.name, row.phone, row.email)
    day = row.reminder_date
    return Quiet(
        id=str(row.id),
        name=name,
        href=f"/customers/{row.id}",
        contact=next((each for each in (row.phone, row.email) if each and each != name), ""),
        days=f"{row.days_quiet:,}",
        last_seen=short_moment(row.last_seen_at, now=now, timezone=timezone),
        orders=f"{row.order_count:,}" if row.order_count else "",
        spend=money(row.total_spend_minor, currency=currency) if row.total_spend_minor else "",
        reminder=f"{day.day} {day:%b}" if day else "",
    )


class QuietState(rx.State):
    """The table of quiet customers."""

    loading: bool = True
    days: str = "60"
    offset: int = 0
    rows: list[Quiet] = []
    has_next: bool = False

    @rx.var
    def has_previous(self) -> bool:
        """Whether there is a page before."""
        return self.offset > 0

    @rx.var
    def summary(self) -> str:
        """Where in the list the table is."""
        return f"{self.offset + 1:,}–{self.offset + len(self.rows):,}" if self.rows else ""

    @rx.event
    async def load(self):
        """List them from where the list was left."""
        await self._list()
        self.loading = False

    @rx.event
    async def choose_days(self, days: str):
        """List those quiet for so many days."""
        self.days, self.offset = days, 0
        await self._list()

    @rx.event
    async def previous(self):
        """One page back."""
        self.offset = max(0, self.offset - PAGE)
        await self._list()

    @rx.event
    async def next(self):
        """One page on."""
        self.offset += PAGE
        await self._list()

    async def _list(self) -> None:
        viewer = await signed_in(self)
        now = utc_now()
        rows = await asyncio.to_thread(_find, viewer, int(self.days), self.offset, now)
        self.has_next = len(rows) > PAGE
        self.rows = [
            quiet_of(row, now=now, timezone=viewer.timezone, currency=viewer.currency) for row in rows[:PAGE]
        ]


def _find(viewer: Viewer, days: int, offset: int, now: datetime) -> list[InactiveCustomer]:
    with tenant_session(viewer.tenant_id) as session:
        return inactive_customers(
            session, staff_id=viewer.user_id, days=days, limit=PAGE + 1, offset=offset, now=now
        )
