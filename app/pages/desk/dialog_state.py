"""The dialog that makes a reminder, or changes when, what and whose it is."""

import asyncio
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import reflex as rx

from app.pages.customers.list_state import name_of
from app.pages.desk.quiet_state import QuietState
from app.pages.desk.reminders_state import RemindersState, followup_id_of, today_of
from app.pages.desk.replies_told import NOBODY
from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.ui import done
from engine.core.accounts import Viewer
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput, NotFound
from engine.core.staff import list_staff
from engine.customers import followups
from engine.customers.directory import list_customers

FOUND = 6


@dataclass
class Found:
    """A customer the search found."""

    id: str
    name: str
    contact: str


class ReminderDialogState(rx.State):
    """The dialog. `followup_id` is empty when it makes a new one; `serial` begins the form anew."""

    is_open: bool = False
    serial: int = 0
    followup_id: str = ""
    customer_id: str = ""
    customer: str = ""
    search: str = ""
    found: list[Found] = []
    on: str = ""
    at: str = ""
    note: str = ""
    staff_id: str = NOBODY
    staff: list[tuple[str, str]] = []
    problems: dict[str, str] = {}

    @rx.event
    async def begin(self, customer_id: str, customer: str):
        """Open it for a new reminder, tomorrow and one's own; the customer may be given."""
        viewer = await signed_in(self)
        tomorrow = (today_of(viewer.timezone) + timedelta(days=1)).isoformat()
        self.followup_id, self.customer_id, self.customer = "", customer_id, customer
        self.on, self.at, self.note, self.staff_id = tomorrow, "", "", str(viewer.user_id)
        await self._begin(viewer)

    @rx.event
    async def change(self, followup_id: str):
        """Open it for a reminder of the list."""
        viewer = await signed_in(self)
        lines = (await self.get_state(RemindersState)).lines
        line = next((line for line in lines if line.id == followup_id), None)
        if line is None:
            raise NotFound("There is no such reminder. Load the page again.")
        self.followup_id, self.customer_id, self.customer = line.id, line.customer_id, line.name
        self.on, self.at, self.note, self.staff_id = line.date, line.time, line.note, line.staff_id or NOBODY
        await self._begin(viewer)

    async def _begin(self, viewer: Viewer) -> None:
        self.search, self.found, self.problems = "", [], {}
        self.staff = await asyncio.to_thread(_staff, viewer)
        self.serial += 1
        self.is_open = True

    @rx.event
    def show(self, is_open: bool):
        """Close it; nothing is kept of what was typed."""
        self.is_open = is_open

    @rx.event
    async def look_for(self, search: str):
        """Find customers by name, phone or e-mail."""
        viewer = await signed_in(self)
        self.search = search
        self.found = await asyncio.to_thread(_find, viewer, search) if search.strip() else []

    @rx.event
    def choose(self, customer_id: str):
        """Take one that was found; none to search again."""
        self.customer_id = customer_id
        self.customer = next((each.name for each in self.found if each.id == customer_id), "")
        self.problems = {}

    @rx.event
    async def save(self, answers: dict[str, Any]):
        """Keep the reminder."""
        viewer = await signed_in(self)
        try:
            wish = _read(self.customer_id, answers)
            await asyncio.to_thread(_save, viewer, self.followup_id, wish)
        except InvalidInput as error:
            self.problems = problems_of(error)
            return None
        self.is_open = False
        message = "Reminder changed." if self.followup_id else "You will be reminded."
        return [done(message), RemindersState.load, QuietState.load]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form says."""

    customer_id: UUID
    on: date
    at: time | None
    note: str
    staff_id: UUID | None


def _read(customer_id: str, answers: dict[str, Any]) -> Wish:
    if not customer_id:
        raise InvalidInput("customer: Choose a customer first.", details={"field": "customer"})
    whose = str(answers.get("staff_id") or NOBODY)
    return Wish(
        UUID(customer_id),
        _parsed(date, answers, "reminder_date", "a day, like 2026-12-01"),
        _parsed(time, answers, "reminder_time", "a time, like 11:30")
        if answers.get("reminder_time")
        else None,
        str(answers.get("note", "")),
        None if whose == NOBODY else UUID(whose),
    )


def _parsed(kind: Any, answers: dict[str, Any], field: str, example: str) -> Any:
    try:
        return kind.fromisoformat(str(answers.get(field, "")))
    except ValueError:
        raise InvalidInput(f"{field}: Give {example}.", details={"field": field}) from None


def _staff(viewer: Viewer) -> list[tuple[str, str]]:
    with tenant_session(viewer.tenant_id) as session:
        colleagues = list_staff(session)
    names = [(str(each.id), "You" if each.id == viewer.user_id else each.name) for each in colleagues]
    return [(NOBODY, "Anyone"), *names]


def _find(viewer: Viewer, search: str) -> list[Found]:
    with tenant_session(viewer.tenant_id) as session:
        rows = list_customers(session, search=search, limit=FOUND, sort="name").rows
    return [
        Found(
            str(row.id),
            name_of(row.name, row.phone, row.email),
            " · ".join(each for each in (row.phone, row.email) if each),
        )
        for row in rows
    ]


def _save(viewer: Viewer, followup_id: str, wish: Wish) -> None:
    with tenant_session(viewer.tenant_id) as session:
        if followup_id:
            followups.change_followup(
                session,
                followup_id_of(followup_id),
                on=wish.on,
                at=wish.at,
                note=wish.note,
                staff_id=wish.staff_id,
                now=utc_now(),
            )
            return
        followups.remind(
            session,
            viewer.tenant_id,
            wish.customer_id,
            staff_id=wish.staff_id,
            on=wish.on,
            at=wish.at,
            note=wish.note,
            now=utc_now(),
        )
