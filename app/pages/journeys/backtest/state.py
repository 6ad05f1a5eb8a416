"""The backtest of the opened journey: asked for, watched, read."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import reflex as rx

from app.pages.journeys.backtest import views
from app.pages.journeys.backtest.drawing import draw
from app.pages.journeys.backtest.views import MessageRow, PersonRow, Reason, Tile
from app.pages.journeys.figures_state import FiguresState, journey_id_of
from app.pages.session import signed_in
from engine.core.accounts import Viewer, demand
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import SafarError
from engine.journeys.backtest.asking import (
    Asked,
    PassageRow,
    ask_backtest,
    cancel_backtest,
    is_stale,
    latest_backtest,
    list_passages,
    name_steps,
)
from engine.journeys.backtest.models import OPEN, BacktestStatus

DOCK = "backtest"
EDIT = "campaign.create"
PAGE = 20
LATE = timedelta(seconds=15)
"""A worker begins within a second; if it takes so long, none is there."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The newest backtest and how its steps are called."""

    asked: Asked | None
    names: dict[str, str]


class BacktestState(FiguresState):
    """What the dock shows; the result itself stays in the database."""

    test_id: str = ""
    test_stage: str = "idle"
    test_days: str = "90"
    test_asking: bool = False
    test_percent: int = 0
    test_reached: str = ""
    test_problem: str = ""
    test_stale: bool = False
    headline: str = ""
    period: str = ""
    tiles: list[Tile] = []
    chart: list[dict[str, Any]] = []
    message_rows: list[MessageRow] = []
    refusals: list[Reason] = []
    holds: list[Reason] = []
    costs: list[Reason] = []
    assumptions: list[str] = []
    people_rows: list[PersonRow] = []
    people_total: int = 0
    people_page: int = 1
    people_search: str = ""
    opened_person: str = ""
    _names: dict[str, str] = {}
    _currency: str = "INR"

    @rx.var
    def people_summary(self) -> str:
        """`1–20 of 412`."""
        first = (self.people_page - 1) * PAGE + 1
        return (
            f"{first:,}–{first + len(self.people_rows) - 1:,} of {self.people_total:,}"
            if self.people_rows
            else ""
        )

    @rx.var
    def has_more_people(self) -> bool:
        """Whether there is a next page."""
        return self.people_page * PAGE < self.people_total

    @rx.event
    def open_backtest(self):
        """Open the dock; what was found last is there."""
        self.dock = DOCK

    @rx.event
    async def look_again(self):
        """The newest backtest of this journey as it stands."""
        viewer = await signed_in(self)
        looked = await asyncio.to_thread(_look, viewer, journey_id_of(self.journey_id))
        await self._take(looked, viewer)

    @rx.event
    async def watch_it(self):
        """How far it is now; what it found, once it is done."""
        if self.test_stage == "running":
            await self._watch(await signed_in(self))

    @rx.event
    async def check_freshness(self):
        """Whether the draft was changed since."""
        viewer = await signed_in(self)
        stale = await asyncio.to_thread(_is_stale, viewer, UUID(self.test_id))
        if stale != self.test_stale:
            self.test_stale = stale

    @rx.event
    def choose_days(self, days: str):
        """Another length of time."""
        self.test_days = days

    @rx.event
    def ask_anew(self):
        """Back to the question; the figures leave the canvas."""
        self.test_stage, self.overlay, self.test_problem = "idle", None, ""

    @rx.event
    async def run_backtest(self):
        """Have the saved draft played."""
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        self.test_asking, self.test_problem = True, ""
        yield
        try:
            await asyncio.to_thread(_ask, viewer, self._opened(), int(self.test_days))
        except SafarError as error:
            self.test_problem = error.message
        else:
            self.overlay = None
            await self._watch(viewer)
        self.test_asking = False

    @rx.event
    async def cancel_backtest(self):
        """Have it end."""
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        await asyncio.to_thread(_cancel, viewer, UUID(self.test_id))
        self.test_stage, self.test_percent = "idle", 0

    @rx.event
    async def search_people(self, search: str):
        """Customers whose name has this in it."""
        self.people_search, self.people_page = search, 1
        await self._list_people(await signed_in(self))

    @rx.event
    async def turn_page(self, by: int):
        """To another page of customers."""
        self.people_page = max(1, self.people_page + by)
        await self._list_people(await signed_in(self))

    @rx.event
    def open_person(self, key: str):
        """Show what would have happened to a customer, or hide it again."""
        self.opened_person = "" if self.opened_person == key else key

    async def _watch(self, viewer: Viewer) -> None:
        await self._take(await asyncio.to_thread(_look, viewer, self._opened()), viewer)

    async def _take(self, looked: Looked, viewer: Viewer) -> None:
        asked = looked.asked
        self.overlay = None
        if asked is None:
            self.test_stage, self.test_id = "idle", ""
            return
        was = self.test_id, self.test_stage
        self.test_id, self.test_stale = str(asked.id), asked.is_stale
        self.test_days = str(asked.days)
        self.test_percent = int(asked.progress * 100)
        self.test_reached = views.day_words(asked.reached, viewer) if asked.reached else ""
        if asked.status in OPEN:
            self.test_stage = "running"
            waits = asked.status is BacktestStatus.QUEUED and utc_now() - asked.asked_at > LATE
            self.test_problem = "No worker is free. It begins as soon as one is." if waits else ""
        elif asked.status is BacktestStatus.FAILED:
            self.test_stage, self.test_problem = "idle", asked.problem or ""
        elif asked.result is not None:
            self.test_stage = "done"
            self.overlay = draw(asked.result)
            if was != (self.test_id, "done"):
                await self._show(asked, looked.names, viewer)

    async def _show(self, asked: Asked, names: dict[str, str], viewer: Viewer) -> None:
        result = asked.result or {}
        self._names, self._currency = names, result["currency"]
        self.headline = views.headline(result, asked.days)
        self.period = views.period_words(result, viewer)
        self.tiles = views.tiles(result)
        self.chart = views.chart_rows(result["days"])
        self.message_rows = views.message_rows(result, names)
        self.refusals = views.refusal_rows(result)
        self.holds = views.hold_rows(result)
        self.costs = views.cost_rows(result)
        self.assumptions = list(result["assumptions"])
        self.people_search, self.people_page, self.opened_person = "", 1, ""
        await self._list_people(viewer)

    async def _list_people(self, viewer: Viewer) -> None:
        rows, self.people_total = await asyncio.to_thread(
            _people, viewer, UUID(self.test_id), self.people_search, self.people_page
        )
        first = (self.people_page - 1) * PAGE
        self.people_rows = [
            views.person_row(row, first + number, self._names, viewer, self._currency)
            for number, row in enumerate(rows)
        ]


def _look(viewer: Viewer, journey_id: UUID) -> Looked:
    with tenant_session(viewer.tenant_id) as session:
        asked = latest_backtest(session, journey_id)
        return Looked(asked, name_steps(session, asked.id) if asked else {})


def _is_stale(viewer: Viewer, backtest_id: UUID) -> bool:
    with tenant_session(viewer.tenant_id) as session:
        return is_stale(session, backtest_id)


def _ask(viewer: Viewer, journey_id: UUID, days: int) -> None:
    with tenant_session(viewer.tenant_id) as session:
        ask_backtest(session, viewer.tenant_id, journey_id, days, user_id=viewer.user_id, now=utc_now())


def _cancel(viewer: Viewer, backtest_id: UUID) -> None:
    with tenant_session(viewer.tenant_id) as session:
        cancel_backtest(session, backtest_id, now=utc_now())


def _people(viewer: Viewer, backtest_id: UUID, search: str, page: int) -> tuple[list[PassageRow], int]:
    with tenant_session(viewer.tenant_id) as session:
        return list_passages(session, backtest_id, search=search, page=page, size=PAGE)
