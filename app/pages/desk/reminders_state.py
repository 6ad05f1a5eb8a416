"""What the desk shows of follow-up reminders, and completing, dismissing and reopening them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx

from app.pages.customers.list_state import name_of
from app.pages.session import signed_in
from app.ui import done
from app.ui.theme import Tone
from engine.core.accounts import Viewer
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import NotFound
from engine.customers import followups
from engine.customers.followups import FollowUpRow
from engine.customers.models import FollowUpStatus

PAGE = 100
WHOSE_CHOICES = [("mine", "Mine and anyone’s"), ("all", "Everybody’s")]
STATUS_CHOICES = [
    (FollowUpStatus.PENDING.value, "To do"),
    (FollowUpStatus.COMPLETED.value, "Done"),
    (FollowUpStatus.DISMISSED.value, "Dismissed"),
]
TOLD = {
    FollowUpStatus.COMPLETED: "Done.",
    FollowUpStatus.DISMISSED: "Dismissed.",
    FollowUpStatus.PENDING: "It is to do again.",
}


@dataclass
class Reminder:
    """A reminder in the list; `group` is a heading before it. `date` and `time` are as a form's fields take them."""

    group: str
    id: str
    name: str
    href: str
    contact: str
    note: str
    when: str
    tone: str
    whose: str
    made_by: str
    is_pending: bool
    customer_id: str
    date: str
    time: str
    staff_id: str


def today_of(timezone: str) -> date:
    """The present day by the studio's clock."""
    return utc_now().astimezone(ZoneInfo(timezone)).date()


def reminders_of(rows: Sequence[FollowUpRow], *, today: date, viewer_id: UUID) -> list[Reminder]:
    """The list, in groups: overdue, today, coming."""
    lines: list[Reminder] = []
    last = ""
    for row in rows:
        group = _group(row, today)
        lines.append(_reminder(row, "" if group == last else group, today=today, viewer_id=viewer_id))
        last = group
    return lines


def _group(row: FollowUpRow, today: date) -> str:
    if row.status != FollowUpStatus.PENDING:
        return ""
    if row.reminder_date < today:
        return "Overdue"
    return "Today" if row.reminder_date == today else "Coming"


def _reminder(row: FollowUpRow, group: str, *, today: date, viewer_id: UUID) -> Reminder:
    name = name_of(row.customer_name, row.customer_phone, row.customer_email)
    contact = " · ".join(each for each in (row.customer_phone, row.customer_email) if each and each != name)
    late = row.status == FollowUpStatus.PENDING and row.reminder_date < today
    now = row.status == FollowUpStatus.PENDING and row.reminder_date == today
    return Reminder(
        group=group,
        id=str(row.id),
        name=name,
        href=f"/customers/{row.customer_id}",
        contact=contact,
        note=row.note,
        when=_when(row, today),
        tone=(Tone.BAD if late else Tone.WAITING if now else Tone.NEUTRAL).value,
        whose="You" if row.staff_id == viewer_id else row.staff_name or "Anyone",
        made_by="From a journey" if row.source == "journey" else "",
        is_pending=row.status == FollowUpStatus.PENDING,
        customer_id=str(row.customer_id),
        date=row.reminder_date.isoformat(),
        time=f"{row.reminder_time:%H:%M}" if row.reminder_time else "",
        staff_id=str(row.staff_id or ""),
    )


def _when(row: FollowUpRow, today: date) -> str:
    """`Today, 11:30`, `Yesterday`, `Mon 7 Dec`; with the year when it is another one."""
    day = row.reminder_date
    near = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}.get((day - today).days)
    year = "" if day.year == today.year else f" {day.year}"
    told = near or f"{day:%a} {day.day} {day:%b}{year}"
    return f"{told}, {row.reminder_time:%H:%M}" if row.reminder_time else told


class RemindersState(rx.State):
    """The list of reminders."""

    loading: bool = True
    due: int = 0
    whose: str = "mine"
    status: str = FollowUpStatus.PENDING.value
    limit: int = PAGE
    lines: list[Reminder] = []

    @rx.var
    def has_more(self) -> bool:
        """Whether more may be left."""
        return len(self.lines) >= self.limit

    @rx.event
    async def load(self):
        """List them."""
        self.limit = PAGE
        await self._list()
        self.loading = False

    @rx.event
    async def choose_whose(self, whose: str):
        """List mine and those for anyone, or everybody's."""
        self.whose, self.limit = whose, PAGE
        await self._list()

    @rx.event
    async def choose_status(self, status: str):
        """List what is to do, done or dismissed."""
        self.status, self.limit = status, PAGE
        await self._list()

    @rx.event
    async def more(self):
        """List later ones too."""
        self.limit += PAGE
        await self._list()

    @rx.event
    async def move(self, followup_id: str, status: str):
        """Complete, dismiss or reopen a reminder."""
        viewer = await signed_in(self)
        await asyncio.to_thread(_move, viewer, followup_id, status)
        await self._list()
        return done(TOLD[FollowUpStatus(status)])

    @rx.event
    async def delete(self, followup_id: str):
        """Delete a reminder for good."""
        viewer = await signed_in(self)
        await asyncio.to_thread(_delete, viewer, followup_id)
        await self._list()
        return done("Deleted.")

    async def _list(self) -> None:
        viewer = await signed_in(self)
        today = today_of(viewer.timezone)
        self.due, rows = await asyncio.to_thread(
            _look, viewer, self.whose == "mine", self.status, self.limit, today
        )
        self.lines = reminders_of(rows, today=today, viewer_id=viewer.user_id)


def followup_id_of(raw: str) -> UUID:
    """The id of a line.

    Raises:
        NotFound: it is none.
    """
    try:
        return UUID(raw)
    except ValueError:
        raise NotFound("There is no such reminder. Load the page again.") from None


def _look(
    viewer: Viewer, only_mine: bool, status: str, limit: int, today: date
) -> tuple[int, list[FollowUpRow]]:
    with tenant_session(viewer.tenant_id) as session:
        staff_id = viewer.user_id if only_mine else None
        due = followups.count_due(session, staff_id=viewer.user_id, until=today)
        return due, followups.list_followups(session, staff_id=staff_id, status=status, limit=limit)


def _move(viewer: Viewer, followup_id: str, status: str) -> None:
    with tenant_session(viewer.tenant_id) as session:
        followups.change_followup(session, followup_id_of(followup_id), status=status, now=utc_now())


def _delete(viewer: Viewer, followup_id: str) -> None:
    with tenant_session(viewer.tenant_id) as session:
        followups.delete_followup(session, followup_id_of(followup_id))
