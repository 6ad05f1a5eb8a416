"""Conversations as the desk writes them: a line of the list, and what was said."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from app.pages.customers.list_state import name_of
from app.pages.customers.told import state_words, tone_of
from app.pages.words import channel_tone, channel_words, short_moment
from app.ui.message import Piece, pieces_of
from engine.delivery.conversations import ConversationRow, ThreadEntry
from engine.delivery.models import ConversationStatus

NOBODY = "anyone"
"""In a choice of staff: whoever is there."""


@dataclass
class Line:
    """A conversation in the list."""

    id: str
    name: str
    preview: str
    when: str
    channel: str
    tone: str
    waits: bool
    assigned: str


@dataclass
class Said:
    """Something said in the thread; `day` is a heading before it, where a new day begins."""

    day: str
    is_ours: bool
    pieces: list[Piece]
    time: str
    author: str
    status: str
    tone: str
    told: str


@dataclass
class Shown:
    """The conversation that is open. `free` says until when one may write, `is_over` that one may not any more."""

    id: str = ""
    name: str = ""
    href: str = ""
    contact: str = ""
    channel: str = ""
    tone: str = ""
    is_open: bool = True
    assigned_to: str = NOBODY
    free: str = ""
    is_over: bool = False
    said: list[Said] = field(default_factory=list)
    has_earlier: bool = False


def line_of(row: ConversationRow, *, now: datetime, timezone: str) -> Line:
    """A line of the list."""
    return Line(
        id=str(row.customer_id),
        name=name_of(row.customer_name, row.customer_phone, row.customer_email),
        preview=" ".join(row.last_text.split()),
        when=short_moment(row.last_at, now=now, timezone=timezone),
        channel=channel_words(row.channel),
        tone=channel_tone(row.channel),
        waits=row.status == ConversationStatus.OPEN,
        assigned=row.assigned_name,
    )


def shown_of(
    row: ConversationRow, entries: Sequence[ThreadEntry], *, limit: int, now: datetime, timezone: str
) -> Shown:
    """The open conversation."""
    name = name_of(row.customer_name, row.customer_phone, row.customer_email)
    contact = " · ".join(each for each in (row.customer_phone, row.customer_email) if each and each != name)
    until = row.free_until
    return Shown(
        id=str(row.customer_id),
        name=name,
        href=f"/customers/{row.customer_id}",
        contact=contact,
        channel=channel_words(row.channel),
        tone=channel_tone(row.channel),
        is_open=row.status == ConversationStatus.OPEN,
        assigned_to=str(row.assigned_to or NOBODY),
        free=_day_and_time(until, now=now, timezone=timezone) if until else "",
        is_over=until is not None and until <= now,
        said=_told(entries, now=now, timezone=timezone),
        has_earlier=len(entries) >= limit,
    )


def _told(entries: Sequence[ThreadEntry], *, now: datetime, timezone: str) -> list[Said]:
    lines: list[Said] = []
    last_day = ""
    for entry in entries:
        there = entry.at.astimezone(ZoneInfo(timezone))
        day = _day(there, now=now)
        lines.append(
            Said(
                day="" if day == last_day else day,
                is_ours=entry.is_ours,
                pieces=pieces_of(entry.text or "(Without words)", channel=entry.channel),
                time=f"{there:%H:%M}",
                author=entry.author,
                status=state_words(entry.status) if entry.status else "",
                tone=tone_of(entry.status),
                told=entry.told,
            )
        )
        last_day = day
    return lines


def _day(there: datetime, *, now: datetime) -> str:
    """`Today`, `Yesterday`, or the date."""
    days = (now.astimezone(there.tzinfo).date() - there.date()).days
    return {0: "Today", 1: "Yesterday"}.get(days, f"{there:%a} {there.day} {there:%b %Y}")


def _day_and_time(moment: datetime, *, now: datetime, timezone: str) -> str:
    """`today, 14:05`, `tomorrow, 09:10`, or the date with the time."""
    there = moment.astimezone(ZoneInfo(timezone))
    days = (there.date() - now.astimezone(there.tzinfo).date()).days
    day = {0: "today", 1: "tomorrow"}.get(days, f"{there.day} {there:%b}")
    return f"{day}, {there:%H:%M}"
