"""What one customer's page shows, and changing their tags and consents."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import reflex as rx

from app.pages.customers.held import BookingView, HeldView, bookings_of, held_of
from app.pages.customers.list_state import MANAGE, name_of
from app.pages.customers.told import Page, Told, day_of, state_words, tell, tone_of
from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.pages.words import channel_words, full_moment, language_words, money, short_moment
from app.ui import done
from engine.core.accounts import Viewer, demand, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput, NotFound
from engine.customers.bookings import list_appointments
from engine.customers.consent import MARKETING_CHANNELS, ConsentWish, change_consents, opt_out
from engine.customers.directory import CustomerPicture, load_profile, tag, timeline
from engine.customers.entitlements import list_entitlements
from engine.customers.models import (
    Appointment,
    Consent,
    ConsentState,
    Customer,
    Entitlement,
    Purpose,
)
from engine.delivery.log import message_log
from engine.journeys.explain import Explanation, explain_customer

CONSENT = "consent.update"
LINES = 40
BOOKINGS = 6
BY_STAFF = "staff"
ATTRIBUTES_SHOWN = 20


@dataclass
class Fact:
    """A line of the contact card; `href` calls or writes to them."""

    label: str
    value: str
    href: str = ""


@dataclass
class ConsentView:
    """What a customer said about a channel."""

    channel: str
    label: str
    state: str
    tone: str
    since: str
    is_granted: bool


@dataclass
class JourneyMoment:
    """A step of a journey's explanation."""

    when: str
    text: str


@dataclass
class JourneyView:
    """A journey the customer is or was in, and why it did what it did."""

    name: str
    status: str
    tone: str
    entered: str
    moments: list[JourneyMoment] = field(default_factory=list)


@dataclass
class Totals:
    """The figures at the top."""

    orders: str = ""
    spend: str = ""
    last_order: str = ""
    visits: str = ""


def facts_of(customer: Customer, *, identities: list[tuple[str, str]]) -> list[Fact]:
    """The contact card."""
    born = f"{customer.birthday.day} {customer.birthday:%B %Y}" if customer.birthday else ""
    wed = f"{customer.anniversary.day} {customer.anniversary:%B %Y}" if customer.anniversary else ""
    known = (
        Fact("Phone", customer.phone or "", f"tel:{customer.phone}"),
        Fact("E-mail", customer.email or "", f"mailto:{customer.email}"),
        Fact("Language", language_words(customer.language) if customer.language else ""),
        Fact("City", customer.city or ""),
        Fact("Birthday", born),
        Fact("Anniversary", wed),
        Fact("Category", customer.category or ""),
        Fact("Interests", ", ".join(customer.interests)),
        Fact("Came by", (customer.source or "").replace("_", " ")),
        Fact("Own id", customer.external_id or ""),
    )
    others = [
        Fact(f"Other {kind.replace('_', ' ')}", value)
        for kind, value in identities
        if kind in ("phone", "email") and value not in (customer.phone, customer.email)
    ]
    return [fact for fact in (*known, *others) if fact.value]


def attributes_of(attributes: Mapping[str, Any]) -> list[Fact]:
    """The studio's own fields."""
    return [
        Fact(name.replace("_", " "), "yes" if value is True else "no" if value is False else str(value)[:200])
        for name, value in list(attributes.items())[:ATTRIBUTES_SHOWN]
        if value not in (None, "")
    ]


def consents_of(consents: list[Consent], *, now: datetime, timezone: str) -> list[ConsentView]:
    """Marketing consent, channel by channel; no record means no."""
    marketing = {each.channel: each for each in consents if each.purpose == Purpose.MARKETING}
    return [_consent_view(channel, marketing.get(channel), now, timezone) for channel in MARKETING_CHANNELS]


def _consent_view(channel: str, consent: Consent | None, now: datetime, timezone: str) -> ConsentView:
    state = consent.state if consent else ""
    since = ""
    if consent:
        moment = short_moment(consent.changed_at, now=now, timezone=timezone)
        since = f"{moment}, by {consent.source.replace('_', ' ')}"
    return ConsentView(
        channel=channel,
        label=channel_words(channel),
        state=state_words(state) if state else "Never asked",
        tone=tone_of(state),
        since=since,
        is_granted=state == ConsentState.GRANTED,
    )


def journey_view(explanation: Explanation, *, timezone: str) -> JourneyView:
    """A journey of theirs."""
    return JourneyView(
        name=explanation.journey,
        status=state_words(explanation.status),
        tone=tone_of(explanation.status),
        entered=full_moment(explanation.entered_at, timezone=timezone),
        moments=[
            JourneyMoment(full_moment(each.at, timezone=timezone), each.text) for each in explanation.moments
        ],
    )


def customer_id_of(raw: str) -> UUID:
    """The id in the address.

    Raises:
        NotFound: it is none.
    """
    try:
        return UUID(raw)
    except ValueError:
        raise NotFound("There is no such customer. Go back to the list.") from None


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
    journeys: list[JourneyView] = []
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
            _tell, viewer, customer_id_of(self.customer_id), self._before, now, self._last_day
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
        opened = await asyncio.to_thread(_load, viewer, customer_id_of(self.customer_id), now)
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
        self.journeys = [journey_view(each, timezone=zone) for each in opened.explanations]
        self.lines = page.lines
        self._go_on(page, now=now, timezone=zone)

    def _go_on(self, page: Page, *, now: datetime, timezone: str) -> None:
        self._before, self.has_earlier = page.before, page.before is not None
        if page.before:
            self._last_day = day_of(page.before, now=now, timezone=timezone)


@dataclass(frozen=True, slots=True)
class _Opened:
    """What the page is made of."""

    picture: CustomerPicture
    page: Page
    explanations: list[Explanation]
    entitlements: list[Entitlement]
    appointments: list[Appointment]


def _load(viewer: Viewer, customer_id: UUID, now: datetime) -> _Opened:
    with tenant_session(viewer.tenant_id) as session:
        picture = load_profile(session, customer_id)
        holder = picture.customer.id
        explanations = explain_customer(session, holder)
        entitlements = list_entitlements(session, holder)
        appointments = list_appointments(session, holder, limit=BOOKINGS)
        session.expunge_all()
    page = _tell(viewer, holder, None, now, "")
    return _Opened(picture, page, explanations, entitlements, appointments)


def _tell(viewer: Viewer, customer_id: UUID, before: datetime | None, now: datetime, last_day: str) -> Page:
    with tenant_session(viewer.tenant_id) as session:
        return tell(
            timeline(session, customer_id, before=before, limit=LINES),
            message_log(session, customer_id=customer_id, before=before, limit=LINES),
            limit=LINES,
            now=now,
            timezone=viewer.timezone,
            last_day=last_day,
        )


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
