"""The dialog of what is stuck in the opened journey: customers whom a step failed, events that could not be shown."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import reflex as rx

from app.pages.journeys.figures_state import FiguresState
from app.pages.session import signed_in
from app.pages.words import short_moment
from app.ui import done, news
from engine.core.accounts import Viewer, demand, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.journeys.quarantine import (
    Retried,
    SetAside,
    Stuck,
    list_set_aside,
    list_stuck,
    retry_set_aside,
    retry_stuck,
)

PUBLISH = "campaign.send"
NAMELESS = "Without a name"


@dataclass
class StuckRow:
    """A stuck customer or event as the dialog writes it; `what` is the step or the event's name."""

    id: str
    href: str
    name: str
    what: str
    reason: str
    since: str


class StuckState(FiguresState):
    """What is stuck, and trying again."""

    stuck_open: bool = False
    stuck_loading: bool = False
    customers: list[StuckRow] = []
    events: list[StuckRow] = []
    may_retry: bool = False

    @rx.var
    def all_stuck(self) -> int:
        """Customers and events together, as the header counts them."""
        return self.stuck + self.set_aside

    @rx.event
    async def show_stuck(self, is_open: bool):
        """Open or close the dialog."""
        self.stuck_open = is_open
        if is_open:
            self.stuck_loading = True
            yield
            await self._list(await signed_in(self))

    @rx.event
    async def retry_customers(self, enrolment_id: str):
        """Let one go on, or all for an empty id."""
        viewer = await signed_in(self)
        demand(viewer.role, PUBLISH)
        ids = [UUID(enrolment_id)] if enrolment_id else None
        retried = await asyncio.to_thread(_retry, viewer, self._opened(), ids)
        await self._list(viewer)
        return _told(retried)

    @rx.event
    async def retry_events(self, seq: str):
        """Show one event to the journeys again, or all that this journey listens to for an empty number."""
        viewer = await signed_in(self)
        demand(viewer.role, PUBLISH)
        seqs = [int(each.id) for each in self.events if seq in ("", each.id)]
        retried = await asyncio.to_thread(_retry_events, viewer, seqs)
        await self._list(viewer)
        return done(f"Shown to the journeys again: {retried:,}.")

    async def _list(self, viewer: Viewer) -> None:
        customers, events = await asyncio.to_thread(_listed, viewer, self._opened())
        self.customers = [_row_of_customer(each, viewer) for each in customers]
        self.events = [_row_of_event(each, viewer) for each in events]
        self.may_retry = may(viewer.role, PUBLISH)
        self.set_aside = len(events)
        self.stuck_loading = False
        await self._look(viewer)
        if not self.customers and not self.events:
            self.stuck_open = False


def _row_of_customer(stuck: Stuck, viewer: Viewer) -> StuckRow:
    return StuckRow(
        id=str(stuck.id),
        href=f"/customers/{stuck.customer_id}",
        name=stuck.customer_name or NAMELESS,
        what=stuck.step,
        reason=stuck.reason,
        since=short_moment(stuck.since, now=utc_now(), timezone=viewer.timezone),
    )


def _row_of_event(event: SetAside, viewer: Viewer) -> StuckRow:
    return StuckRow(
        id=str(event.seq),
        href=f"/customers/{event.customer_id}",
        name=event.customer_name or NAMELESS,
        what=event.name,
        reason=event.reason,
        since=short_moment(event.occurred_at, now=utc_now(), timezone=viewer.timezone),
    )


def _told(retried: Retried) -> rx.event.EventSpec:
    staying = f"{retried.staying:,} stay: they are under way in this journey by another entry."
    if not retried.retried:
        return news(staying if retried.staying else "Nobody is stuck any more.")
    went = "1 customer goes on." if retried.retried == 1 else f"{retried.retried:,} customers go on."
    return done(f"{went} {staying}" if retried.staying else went)


def _listed(viewer: Viewer, journey_id: UUID) -> tuple[Sequence[Stuck], Sequence[SetAside]]:
    with tenant_session(viewer.tenant_id) as session:
        return list_stuck(session, journey_id), list_set_aside(session, journey_id=journey_id)


def _retry(viewer: Viewer, journey_id: UUID, ids: list[UUID] | None) -> Retried:
    with tenant_session(viewer.tenant_id) as session:
        return retry_stuck(session, viewer.tenant_id, journey_id, ids, now=utc_now())


def _retry_events(viewer: Viewer, seqs: list[int]) -> int:
    with tenant_session(viewer.tenant_id) as session:
        return retry_set_aside(session, seqs)
