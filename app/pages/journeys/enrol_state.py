"""The dialog that lets customers into the opened journey by hand: some by name, or everybody of a segment."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import reflex as rx

from app.pages.customers.list_state import name_of
from app.pages.journeys.figures_state import FiguresState
from app.pages.session import signed_in
from app.ui import done, failed, news
from engine.core.accounts import Viewer, demand
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import SafarError
from engine.core.ids import new_id
from engine.customers.directory import CustomerRow, list_customers
from engine.journeys.by_hand import EnrolledByHand, enrol_by_hand
from engine.journeys.choices import list_segments
from engine.journeys.segment_by_hand import enrol_segment_by_hand

PUBLISH = "campaign.send"
FOUND = 6


@dataclass
class Person:
    """A customer to choose; `contact` tells namesakes apart."""

    id: str
    name: str
    contact: str
    chosen: bool = False


class EnrolState(FiguresState):
    """Who shall enter. `enrol_key` belongs to one opening of the dialog: a second click lets nobody in twice."""

    enrol_open: bool = False
    enrolling: bool = False
    enrol_key: str = ""
    search: str = ""
    found: list[Person] = []
    chosen: list[Person] = []
    segments: list[tuple[str, str]] = []
    segment: str = ""

    @rx.var
    def enrol_label(self) -> str:
        """What the button does."""
        if self.segment:
            return "Let the segment in"
        number = len(self.chosen)
        return f"Let {number} customer{'' if number == 1 else 's'} in" if number else "Let them in"

    @rx.event
    async def show_enrol(self, is_open: bool):
        """Open or close the dialog."""
        self.enrol_open = is_open
        if not is_open:
            return
        viewer = await signed_in(self)
        self.enrol_key = str(new_id())
        self.search, self.segment, self.chosen = "", "", []
        self.segments = await asyncio.to_thread(_segments, viewer)
        await self._find(viewer)

    @rx.event
    async def find(self, search: str):
        """Customers whose name, number or address contains these words."""
        self.search = search
        await self._find(await signed_in(self))

    @rx.event
    def choose(self, customer_id: str):
        """Choose a customer, or let go of one."""
        if any(each.id == customer_id for each in self.chosen):
            self.chosen = [each for each in self.chosen if each.id != customer_id]
        else:
            self.chosen = self.chosen + [each for each in self.found if each.id == customer_id]
        self._mark()

    @rx.event
    def choose_segment(self, segment_id: str):
        """Everybody of a segment instead."""
        self.segment = segment_id

    @rx.event
    async def enrol(self):
        """Let them in and say who did not enter, and why."""
        viewer = await signed_in(self)
        demand(viewer.role, PUBLISH)
        self.enrolling = True
        yield
        try:
            wanted = [UUID(each.id) for each in self.chosen]
            done_so = await asyncio.to_thread(
                _enrol, viewer, self._opened(), wanted, self.segment, self.enrol_key
            )
        except SafarError as error:
            self.enrolling = False
            yield failed(error.message)
            return
        self.enrolling, self.enrol_open = False, False
        await self._look(viewer)
        yield _told(done_so.entered, done_so.refused)

    async def _find(self, viewer: Viewer) -> None:
        customers = await asyncio.to_thread(_customers, viewer, self.search)
        self.found = [_person(each) for each in customers]
        self._mark()

    def _mark(self) -> None:
        chosen = {each.id for each in self.chosen}
        self.found = [Person(each.id, each.name, each.contact, each.id in chosen) for each in self.found]


def _person(customer: CustomerRow) -> Person:
    name = name_of(customer.name, customer.phone, customer.email)
    contact = next((each for each in (customer.phone, customer.email) if each and each != name), "")
    return Person(str(customer.id), name, contact)


def _told(entered: Sequence[UUID], refused: Mapping[str, Sequence[UUID]]) -> rx.event.EventSpec:
    went = "1 customer entered." if len(entered) == 1 else f"{len(entered):,} customers entered."
    stayed = " ".join(
        f"{len(customers):,} did not: {_small(reason)}." for reason, customers in refused.items()
    )
    return done(f"{went} {stayed}".strip()) if entered else news(stayed or "Nobody was there to enter.")


def _small(reason: str) -> str:
    return reason[:1].lower() + reason[1:]


def _segments(viewer: Viewer) -> list[tuple[str, str]]:
    with tenant_session(viewer.tenant_id) as session:
        listed = [(each["id"], f"{each['name']} ({each['count']:,})") for each in list_segments(session)]
    return [("", "No segment"), *listed]


def _customers(viewer: Viewer, search: str) -> Sequence[CustomerRow]:
    with tenant_session(viewer.tenant_id) as session:
        return list_customers(session, search=search, limit=FOUND).rows


def _enrol(
    viewer: Viewer, journey_id: UUID, customers: Sequence[UUID], segment: str, key: str
) -> EnrolledByHand:
    with tenant_session(viewer.tenant_id) as session:
        if segment:
            return enrol_segment_by_hand(
                session, viewer.tenant_id, journey_id, UUID(segment), key=key, now=utc_now()
            )
        return enrol_by_hand(
            session, viewer.tenant_id, journey_id, customers, data={}, key=key, now=utc_now()
        )
