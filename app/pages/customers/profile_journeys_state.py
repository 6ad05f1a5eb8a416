"""The Journeys tab of a customer's page: what each did with them and why, and why others did nothing (J14)."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx

from app.pages.customers.profile_views import customer_id_of
from app.pages.customers.told import day_of, state_words, tone_of
from app.pages.session import signed_in
from app.pages.words import full_moment
from engine.core.accounts import Viewer
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import NotFound
from engine.customers.directory import load_profile
from engine.journeys.absence import Absence, explain_absence, journeys_without
from engine.journeys.explain import Explanation, Moment, explain_customer

NOTHING = "Nothing keeps them out: they enter when the trigger comes."


@dataclass
class JourneyMoment:
    """A line of an explanation. `day` and `step` are headings before it, empty while they stay the same."""

    day: str
    time: str
    step: str
    text: str


@dataclass
class JourneyView:
    """A journey the customer is or was in, and why it did what it did."""

    name: str
    href: str
    status: str
    tone: str
    entered: str
    moments: list[JourneyMoment] = field(default_factory=list)


@dataclass
class AbsenceView:
    """A live journey they are not in; `reasons` are told once somebody asks."""

    id: str
    name: str
    href: str
    reasons: list[str] = field(default_factory=list)


class ProfileJourneysState(rx.State):
    """A customer's journeys, and those they are not in."""

    journeys: list[JourneyView] = []
    absences: list[AbsenceView] = []
    asking: str = ""
    _holder: str = ""

    @rx.event
    async def load(self):
        """Explain the journeys of the address's customer; the page itself says when there is none."""
        viewer = await signed_in(self)
        now = utc_now()
        self.journeys, self.absences, self.asking = [], [], ""
        try:
            found = await asyncio.to_thread(_load, viewer, customer_id_of(self.customer_id))
        except NotFound:
            return
        self._holder = str(found.customer_id)
        self.journeys = [journey_view(each, now=now, timezone=viewer.timezone) for each in found.explanations]
        self.absences = [
            AbsenceView(str(each.journey_id), each.journey, f"/journeys/{each.journey_id}")
            for each in found.absences
        ]

    @rx.event
    async def why_not(self, journey_id: str):
        """Say what keeps the customer out of a journey."""
        viewer = await signed_in(self)
        self.asking = journey_id
        yield
        try:
            reasons = await asyncio.to_thread(_why_not, viewer, UUID(journey_id), UUID(self._holder))
        finally:
            self.asking = ""
        self.absences = [
            replace(each, reasons=list(reasons) or [NOTHING]) if each.id == journey_id else each
            for each in self.absences
        ]


def journey_view(explanation: Explanation, *, now: datetime, timezone: str) -> JourneyView:
    """A journey of theirs."""
    return JourneyView(
        name=explanation.journey,
        href=f"/journeys/{explanation.journey_id}",
        status=state_words(explanation.status),
        tone=tone_of(explanation.status),
        entered=full_moment(explanation.entered_at, timezone=timezone),
        moments=list(_told(explanation.moments, now=now, timezone=timezone)),
    )


def _told(moments: Iterable[Moment], *, now: datetime, timezone: str) -> Iterator[JourneyMoment]:
    """Lines in order of time; what happened at one step on one day stands under one title."""
    last_day, last_node = "", ""
    for each in moments:
        day = day_of(each.at, now=now, timezone=timezone)
        goes_on = (day, each.node_id) == (last_day, last_node)
        yield JourneyMoment(
            day="" if day == last_day else day,
            time=f"{each.at.astimezone(ZoneInfo(timezone)):%H:%M}",
            step="" if goes_on else each.step or "A step of a version that cannot be read any more",
            text=each.text.removesuffix(f": {each.step}"),
        )
        last_day, last_node = day, each.node_id


@dataclass(frozen=True, slots=True)
class _Found:
    """What the tab is made of; `customer_id` is who took over, if the customer was merged."""

    customer_id: UUID
    explanations: Sequence[Explanation]
    absences: Sequence[Absence]


def _load(viewer: Viewer, customer_id: UUID) -> _Found:
    with tenant_session(viewer.tenant_id) as session:
        holder = load_profile(session, customer_id).customer.id
        return _Found(holder, explain_customer(session, holder), journeys_without(session, holder))


def _why_not(viewer: Viewer, journey_id: UUID, customer_id: UUID) -> Sequence[str]:
    with tenant_session(viewer.tenant_id) as session:
        return explain_absence(session, journey_id, customer_id, now=utc_now())
