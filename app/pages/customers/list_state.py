"""What the list of customers shows."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

import reflex as rx

from app.pages.session import signed_in
from app.pages.words import money, short_moment
from engine.core.accounts import Viewer, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.customers.directory import CustomerPage, CustomerRow, list_customers

PAGE = 50
TAGS_SHOWN = 3
MANAGE = "customer.manage"
SORT_CHOICES = [
    ("newest", "Newest first"),
    ("name", "By name"),
    ("spend", "Highest spend"),
    ("orders", "Most orders"),
    ("last_order", "Latest order"),
    ("oldest", "Oldest first"),
]


@dataclass
class Row:
    """A customer as the table writes them."""

    href: str
    name: str
    contact: str
    city: str
    tags: list[str] = field(default_factory=list)
    more_tags: str = ""
    orders: str = ""
    spend: str = ""
    last_order: str = ""


def name_of(name: str, phone: str | None, email: str | None) -> str:
    """What a customer is called: their name, else how they are reached."""
    return name.strip() or phone or email or "A visitor without a name"


def row_of(customer: CustomerRow, *, now: datetime, timezone: str, currency: str) -> Row:
    """A row of the table."""
    name = name_of(customer.name, customer.phone, customer.email)
    contact = " · ".join(each for each in (customer.phone, customer.email) if each and each != name)
    hidden = len(customer.tags) - TAGS_SHOWN
    return Row(
        href=f"/customers/{customer.id}",
        name=name,
        contact=contact,
        city=customer.city or "",
        tags=list(customer.tags[:TAGS_SHOWN]),
        more_tags=f"+{hidden}" if hidden > 0 else "",
        orders=f"{customer.order_count:,}" if customer.order_count else "",
        spend=money(customer.total_spend_minor, currency=currency) if customer.total_spend_minor else "",
        last_order=short_moment(customer.last_order_at, now=now, timezone=timezone),
    )


class CustomersState(rx.State):
    """The list of customers."""

    loading: bool = True
    rows: list[Row] = []
    total: int = 0
    offset: int = 0
    search: str = ""
    sort: str = "newest"
    may_edit: bool = False

    @rx.var
    def summary(self) -> str:
        """Where in the list the table is."""
        if not self.rows:
            return ""
        return f"{self.offset + 1:,}–{self.offset + len(self.rows):,} of {self.total:,}"

    @rx.var
    def has_previous(self) -> bool:
        """Whether there is a page before."""
        return self.offset > 0

    @rx.var
    def has_next(self) -> bool:
        """Whether there is a page after."""
        return self.offset + len(self.rows) < self.total

    @rx.event
    async def load(self):
        """List them from where the list was left."""
        await self._list()
        self.loading = False

    @rx.event
    async def look_for(self, search: str):
        """List those whose name, phone, e-mail or id has these letters."""
        self.search, self.offset = search, 0
        await self._list()

    @rx.event
    async def order_by(self, sort: str):
        """List them in another order."""
        self.sort, self.offset = sort, 0
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
        self.may_edit = may(viewer.role, MANAGE)
        now = utc_now()
        page = await asyncio.to_thread(_find, viewer, self.search, self.offset, self.sort)
        self.total = page.total
        self.rows = [
            row_of(each, now=now, timezone=viewer.timezone, currency=viewer.currency) for each in page.rows
        ]


def _find(viewer: Viewer, search: str, offset: int, sort: str) -> CustomerPage:
    with tenant_session(viewer.tenant_id) as session:
        return list_customers(session, search=search, offset=offset, limit=PAGE, sort=sort)
