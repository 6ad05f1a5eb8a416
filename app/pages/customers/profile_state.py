"""What one customer's page shows, and changing their tags and consents."""

import asyncio
from datetime import datetime
from uuid import UUID

import reflex as rx

from app.pages.customers.held import BookingView, HeldView, bookings_of, held_of
from app.pages.customers.list_state import MANAGE, name_of
from app.pages.customers.profile_reading import read_profile, read_timeline
from app.pages.customers.profile_views import (
    ConsentView,
    Fact,
    Totals,
    attributes_of,
    consents_of,
    customer_id_of,
    facts_of,
)
from app.pages.customers.told import Page, Told, day_of
from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.pages.words import channel_words, full_moment, money, short_moment
from app.ui import done
from engine.core.accounts import Viewer, demand, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput, NotFound
from engine.customers.consent import ConsentWish, change_consents, opt_out
from engine.customers.directory import load_profile, tag
from engine.customers.models import ConsentState, Purpose

CONSENT = "consent.update"
BY_STAFF = "staff"


class ProfileState(rx.State):
    """One customer's page."""

    loading: bool = True
    missing: str = ""
    name: str = ""
    since: str = ""
    totals: Totals = Totals()
    facts: list[Fact] = []
    attributes: list[Fact] = []
    tags: list[str] = []
    consents: list[ConsentView] = []
    held: list[HeldView] = []
    bookings: list[BookingView] = []
    lines: list[Told] = []
    has_earlier: bool = False
    may_edit: bool = False
    may_consent: bool = False
    tag_problem: str = ""
    tag_serial: int = 0
    _before: datetime | None = None
    _last_day: str = ""

    @rx.event
    async def load(self):
        """Open the customer of the address."""
        viewer = await signed_in(self)
        self.loading, self.missing, self.tag_problem = True, "", ""
        yield
        self.may_edit = may(viewer.role, MANAGE)
        self.may_consent = may(viewer.role, CONSENT)
        try:
            await self._show(viewer)
        except NotFound as error:
            self.missing = error.message
        self.loading = False

    @rx.event
    async def earlier(self):
        """Tell what was before."""
        viewer = await signed_in(self)
        now = utc_now()
        page = await asyncio.to_thread(
            read_timeline, viewer, customer_id_of(self.customer_id), self._before, now, self._last_day
        )
        self._go_on(page, now=now, timezone=viewer.timezone)
        self.lines = [*self.lines, *page.lines]

    @rx.event
    async def add_tag(self, answers: dict[str, str]):
        """Put a tag on."""
        wanted = [each.strip() for each in answers.get("tag", "").split(",") if each.strip()]
        if not wanted:
            self.tag_problem = "Write a word, like VIP."
            return
        await self._tag(add=wanted)

    @rx.event
    async def drop_tag(self, name: str):
        """Take a tag off."""
        await self._tag(remove=[name])

    async def _tag(self, *, add: list[str] | None = None, remove: list[str] | None = None) -> None:
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        self.tag_problem = ""
        try:
            self.tags = await asyncio.to_thread(
                _tag, viewer, customer_id_of(self.customer_id), add or [], remove or []
            )
        except InvalidInput as error:
            self.tag_problem = next(iter(problems_of(error).values()))
            return
        self.tag_serial += 1

    @rx.event
    async def stop_channel(self, channel: str):
        """The customer wants no more of this channel: nothing leaves by it from now on."""
        viewer = await signed_in(self)
        demand(viewer.role, CONSENT)
        await asyncio.to_thread(_opt_out, viewer, customer_id_of(self.customer_id), channel)
        await self._show(viewer)
        return done(f"No more marketing by {channel_words(channel)}, from this moment.")

    @rx.event
    async def grant_channel(self, channel: str):
        """The customer agreed, in person or on paper."""
        viewer = await signed_in(self)
        demand(viewer.role, CONSENT)
        await asyncio.to_thread(_grant, viewer, customer_id_of(self.customer_id), channel)
        await self._show(viewer)
        return done(f"Consent to {channel_words(channel)} recorded.")

    async def _show(self, viewer: Viewer) -> None:
        now = utc_now()
        opened = await asyncio.to_thread(read_profile, viewer, customer_id_of(self.customer_id), now)
        picture, page = opened.picture, opened.page
        customer, zone = picture.customer, viewer.timezone
        self.name = name_of(customer.name, customer.phone, customer.email)
        self.since = full_moment(customer.created_at, timezone=zone)
        self.totals = Totals(
            orders=f"{customer.order_count:,}",
            spend=money(customer.total_spend_minor, currency=viewer.currency),
            last_order=short_moment(customer.last_order_at, now=now, timezone=zone) or "Never",
            visits=f"{customer.visit_count:,}",
        )
        self.facts = facts_of(customer, identities=list(picture.identities))
        self.attributes = attributes_of(customer.attributes)
        self.tags = list(customer.tags)
        self.consents = consents_of(list(picture.consents), now=now, timezone=zone)
        self.held = held_of(opened.entitlements, now=now, timezone=zone)
        self.bookings = bookings_of(opened.appointments, timezone=zone)
        self.lines = page.lines
        self._go_on(page, now=now, timezone=zone)

    def _go_on(self, page: Page, *, now: datetime, timezone: str) -> None:
        self._before, self.has_earlier = page.before, page.before is not None
        if page.before:
            self._last_day = day_of(page.before, now=now, timezone=timezone)


def _tag(viewer: Viewer, customer_id: UUID, add: list[str], remove: list[str]) -> list[str]:
    with tenant_session(viewer.tenant_id) as session:
        tag(session, viewer.tenant_id, [customer_id], add=add, remove=remove, now=utc_now())
        return list(load_profile(session, customer_id).customer.tags)


def _opt_out(viewer: Viewer, customer_id: UUID, channel: str) -> None:
    with tenant_session(viewer.tenant_id) as session:
        opt_out(
            session,
            viewer.tenant_id,
            customer_id,
            channel=channel,
            source=BY_STAFF,
            actor=viewer.actor,
            now=utc_now(),
        )


def _grant(viewer: Viewer, customer_id: UUID, channel: str) -> None:
    wish = ConsentWish(customer_id, channel, Purpose.MARKETING, ConsentState.GRANTED, BY_STAFF)
    with tenant_session(viewer.tenant_id) as session:
        change_consents(session, viewer.tenant_id, [wish], actor=viewer.actor, now=utc_now())
