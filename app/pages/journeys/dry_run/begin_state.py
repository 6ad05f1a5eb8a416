"""The question with which a dry run begins: who walks, by which trigger, and when."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from pydantic import ValidationError

from app.pages.customers.list_state import name_of
from app.pages.journeys.dry_run.answers import QuestionView, invented_of, start_of
from app.pages.journeys.dry_run.player_state import PlayerState
from app.pages.journeys.dry_run.typed import read_properties, write_properties
from app.pages.journeys.figures_state import FiguresState
from app.pages.session import signed_in
from app.pages.words import LANGUAGE_WORDS
from engine.core.accounts import Viewer
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidGraph, InvalidInput, SafarError
from engine.core.refusals import what_is_wrong
from engine.customers.directory import CustomerRow, list_customers
from engine.journeys.dry_run.playing import begin
from engine.journeys.dry_run.preparing import Beginning, prepare

DOCK = "dry_run"
FOUND = 6
ZONES = (
    "Asia/Kolkata",
    "Asia/Dubai",
    "Asia/Singapore",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Sydney",
)


@dataclass
class Candidate:
    """A customer to choose; `contact` tells namesakes apart."""

    id: str
    name: str
    contact: str


class BeginState(FiguresState):
    """What is chosen before the walk begins."""

    preparing: bool = False
    beginning: bool = False
    who: str = "invented"
    search: str = ""
    found: list[Candidate] = []
    chosen: str = ""
    doors: list[tuple[str, str]] = []
    door: str = ""
    entry: str = ""
    entry_serial: int = 0
    questions: list[QuestionView] = []
    zones: list[tuple[str, str]] = []
    languages: list[tuple[str, str]] = []
    earliest: str = ""
    studio_zone: str = ""
    draft_problems: list[dict[str, str]] = []
    error: str = ""
    error_field: str = ""
    _entries: dict[str, str] = {}

    @rx.event
    async def open_dock(self):
        """Open the dock: on a dry run that is under way, else on the question who walks."""
        viewer = await signed_in(self)
        self.dock = DOCK
        player = await self.get_state(PlayerState)
        if player.under_way and player.of_journey == self.opened_id:
            player.redraw()
            return
        player.under_way = False
        self.preparing = True
        yield
        await self._prepare(viewer)

    @rx.event
    async def look_again(self):
        """Ask again what the draft needs."""
        await self._prepare(await signed_in(self))

    @rx.event
    async def choose_who(self, who: str):
        """A customer of the studio, or somebody invented."""
        self.who, self.error = who, ""
        if who == "customer" and not self.found:
            await self._find(await signed_in(self))

    @rx.event
    async def find(self, search: str):
        """Customers whose name, number or address contains these words."""
        self.search = search
        await self._find(await signed_in(self))

    @rx.event
    def choose(self, customer_id: str):
        """Choose the customer who walks."""
        self.chosen, self.error = customer_id, ""

    @rx.event
    def choose_door(self, trigger: str):
        """Another trigger brings something else."""
        self.door, self.entry = trigger, self._entries.get(trigger, "")
        self.entry_serial += 1

    @rx.event
    async def begin(self, form: dict[str, Any]):
        """Let the walk begin."""
        viewer = await signed_in(self)
        self.beginning, self.error, self.error_field = True, "", ""
        yield
        try:
            played = await asyncio.to_thread(
                begin, viewer.tenant_id, self._opened(), now=utc_now(), **self._wanted(form, viewer)
            )
        except InvalidGraph as error:
            self._tell_problems(error)
            return
        except (SafarError, ValidationError) as error:
            self._refuse(error)
            return
        finally:
            self.beginning = False
        player = await self.get_state(PlayerState)
        player.begin_with(played, self.opened_id)
        yield rx.set_focus("dr-step")

    def _wanted(self, form: Mapping[str, Any], viewer: Viewer) -> dict[str, Any]:
        entry = read_properties(form.get("dr-entry", ""), field="dr-entry")
        wanted = {"trigger": self.door, "entry": entry, "start": self._start(form, viewer)}
        if self.who == "customer":
            if not self.chosen:
                raise InvalidInput("Choose a customer first.", details={"field": "customer_id"})
            return wanted | {"customer_id": UUID(self.chosen)}
        return wanted | {"invented": invented_of(form, self.questions)}

    def _start(self, form: Mapping[str, Any], viewer: Viewer) -> datetime | None:
        """When it begins; None for now, which is what was offered."""
        typed = form.get("dr-start", "")
        return None if typed == self.earliest else start_of(typed, viewer)

    async def _prepare(self, viewer: Viewer) -> None:
        self.preparing, self.error, self.draft_problems = True, "", []
        try:
            beginning = await asyncio.to_thread(prepare, viewer.tenant_id, self._opened(), now=utc_now())
        except InvalidGraph as error:
            self._tell_problems(error)
            return
        finally:
            self.preparing = False
        self._offer(beginning)

    def _offer(self, beginning: Beginning) -> None:
        self._entries = {door.id: write_properties(door.entry) for door in beginning.doors}
        self.doors = [(door.id, door.label) for door in beginning.doors]
        if self.door not in self._entries:
            self.door = beginning.doors[0].id
        self.entry = self._entries[self.door]
        self.entry_serial += 1
        self.questions = [QuestionView(each.key, each.label, each.control) for each in beginning.questions]
        self.studio_zone = beginning.timezone
        self.zones = [(each, each.replace("_", " ")) for each in dict.fromkeys((beginning.timezone, *ZONES))]
        own = beginning.language
        known = {own: LANGUAGE_WORDS.get(own, own)} | LANGUAGE_WORDS
        self.languages = list(known.items())
        self.earliest = f"{utc_now().astimezone(ZoneInfo(beginning.timezone)):%Y-%m-%dT%H:%M}"

    async def _find(self, viewer: Viewer) -> None:
        rows = await asyncio.to_thread(_customers, viewer, self.search)
        self.found = [_candidate(each) for each in rows]

    def _tell_problems(self, error: InvalidGraph) -> None:
        details = error.details if isinstance(error.details, list) else []
        self.draft_problems = [
            {"node_id": each["node_id"] or "", "message": each["message"]} for each in details
        ] or [{"node_id": "", "message": error.message}]

    def _refuse(self, error: SafarError | ValidationError) -> None:
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            self.error_field = f"dr-{first['loc'][0]}" if first["loc"] else ""
            self.error = f"{what_is_wrong(first)}."
            return
        details = error.details if isinstance(error.details, dict) else {}
        self.error, self.error_field = error.message, str(details.get("field", ""))


def _candidate(customer: CustomerRow) -> Candidate:
    name = name_of(customer.name, customer.phone, customer.email)
    contact = next((each for each in (customer.phone, customer.email) if each and each != name), "")
    return Candidate(str(customer.id), name, contact)


def _customers(viewer: Viewer, search: str) -> Sequence[CustomerRow]:
    with tenant_session(viewer.tenant_id) as session:
        return list_customers(session, search=search, limit=FOUND).rows
