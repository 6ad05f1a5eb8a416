"""What happened to a customer, told in lines: events, orders, bookings, consents and messages in one order of time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.pages.words import channel_words, money
from app.ui.theme import Tone
from engine.customers.directory import TimelineEntry
from engine.delivery.log import MessageRow

DETAILS_SHOWN = 4
HIDDEN_DETAILS = frozenset(
    {
        "key",
        "slug",
        "anonymous_id",
        "message_id",
        "appointment_id",
        "membership_id",
        "package_id",
        "earn_id",
        "currency",
        "form_id",
        "segment_id",
        "coupon_id",
        "discount_minor",
        "journey_id",
        "enrolment_id",
        "node_id",
    }
)

STATE_TONES: Mapping[str, Tone] = {
    "granted": Tone.GOOD,
    "withdrawn": Tone.BAD,
    "denied": Tone.BAD,
    "pending": Tone.WAITING,
    "sent": Tone.GOOD,
    "delivered": Tone.GOOD,
    "read": Tone.GOOD,
    "failed": Tone.BAD,
    "skipped": Tone.WAITING,
    "uncertain": Tone.WAITING,
    "queued": Tone.INFO,
    "sending": Tone.INFO,
    "active": Tone.INFO,
    "completed": Tone.GOOD,
    "exited": Tone.NEUTRAL,
    "removed": Tone.NEUTRAL,
    "cancelled": Tone.BAD,
    "missed": Tone.BAD,
    "booked": Tone.INFO,
    "expired": Tone.NEUTRAL,
    "used_up": Tone.NEUTRAL,
    "refunded": Tone.BAD,
}
"""What a state's colour says, of consents, messages, bookings and enrolments."""


@dataclass
class Told:
    """A line of the timeline; `day` is a heading before it, where a new day begins."""

    day: str
    time: str
    kind: str
    title: str
    text: str
    state: str = ""
    tone: str = Tone.NEUTRAL.value
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, and before which moment the earlier ones are; None at the end."""

    lines: list[Told]
    before: datetime | None


def tone_of(state: str) -> str:
    """The colour of a state."""
    return STATE_TONES.get(state, Tone.NEUTRAL).value


def state_words(state: str) -> str:
    """A state as a person reads it."""
    return state.replace("_", " ").capitalize()


def tell(
    entries: Sequence[TimelineEntry],
    messages: Sequence[MessageRow],
    *,
    limit: int,
    now: datetime,
    timezone: str,
    last_day: str = "",
) -> Page:
    """One page of the timeline from two lists of at most `limit` each, both the newest first.

    Where a list is full, what lies before its end is not known yet, so the page ends at the later of both ends.
    """
    ends = [entries[-1].at] if len(entries) >= limit else []
    ends += [messages[-1].created_at] if len(messages) >= limit else []
    end = max(ends, default=None)
    lines = [(each.at, _of_entry(each)) for each in entries]
    lines += [(each.created_at, _of_message(each)) for each in messages]
    shown = sorted(
        (line for line in lines if end is None or line[0] >= end), key=lambda line: line[0], reverse=True
    )
    return Page(_with_days(shown, now=now, timezone=timezone, last_day=last_day), end)


def day_of(moment: datetime, *, now: datetime, timezone: str) -> str:
    """`Today`, `Yesterday`, `Tue 3 Mar`, or with the year when it is another one."""
    there, today = moment.astimezone(ZoneInfo(timezone)).date(), now.astimezone(ZoneInfo(timezone)).date()
    if there == today:
        return "Today"
    if there == today - timedelta(days=1):
        return "Yesterday"
    text = f"{there:%a} {there.day} {there:%b}"
    return text if there.year == today.year else f"{text} {there.year}"


def _with_days(
    lines: Iterable[tuple[datetime, Told]], *, now: datetime, timezone: str, last_day: str
) -> list[Told]:
    told = []
    for moment, line in lines:
        day = day_of(moment, now=now, timezone=timezone)
        line.day, last_day = (day if day != last_day else ""), day
        line.time = f"{moment.astimezone(ZoneInfo(timezone)):%H:%M}"
        told.append(line)
    return told


def _line(kind: str, title: str, text: str = "", *, state: str = "", note: str = "") -> Told:
    shown = state_words(state) if state else ""
    return Told(
        day="", time="", kind=kind, title=title, text=text, state=shown, tone=tone_of(state), note=note
    )


OWN_EVENTS = {
    "form.submitted": "Sent a form",
    "segment.entered": "Came into a segment",
    "segment.left": "Left a segment",
    "consent.withdrawn": "Opted out",
    "coupon.granted": "Given a coupon",
    "coupon.redeemed": "Used a coupon",
    "gift_card.granted": "Given a gift card",
    "gift_card.redeemed": "Paid with a gift card",
    "message.sent": "Message sent",
    "message.delivered": "Message delivered",
    "message.read": "Message read",
    "message.opened": "E-mail opened",
    "message.clicked": "Link followed",
    "message.replied": "Replied",
    "message.failed": "Message failed",
    "message.skipped": "Message not sent",
    "message.uncertain": "Message may not have arrived",
}
"""Safar's own events, as staff would say them; a shop's events keep their names."""


def _event(entry: TimelineEntry) -> Told:
    properties = entry.detail.get("properties") or {}
    return _line("event", OWN_EVENTS.get(entry.title, entry.title), details_words(properties))


def _order(entry: TimelineEntry) -> Told:
    detail = entry.detail
    lines = detail.get("lines") or 0
    first = detail.get("first_line") or ""
    what = f"{first} and {lines - 1} more" if first and lines > 1 else first
    amount = money(detail["total_minor"], currency=detail["currency"])
    state = detail.get("status") or ""
    return _line(
        "order", f"Order {entry.title}", " · ".join(each for each in (amount, what) if each), state=state
    )


def _appointment(entry: TimelineEntry) -> Told:
    return _line(
        "appointment", entry.title, entry.detail.get("category") or "", state=entry.detail.get("status") or ""
    )


def _consent(entry: TimelineEntry) -> Told:
    detail = entry.detail
    title = f"{channel_words(detail['channel'])}, {detail['purpose']}"
    text = f"By {detail['source'].replace('_', ' ')}"
    return _line("consent", title, text, state=detail["state"], note=detail.get("reason") or "")


TELLERS: Mapping[str, Callable[[TimelineEntry], Told]] = {
    "event": _event,
    "order": _order,
    "appointment": _appointment,
    "consent": _consent,
}


def _of_entry(entry: TimelineEntry) -> Told:
    return TELLERS[entry.kind](entry)


def _of_message(message: MessageRow) -> Told:
    seen = [word for word, at in (("opened", message.opened_at), ("clicked", message.clicked_at)) if at]
    code = f"{message.code}: " if message.code and message.told else message.code
    return _line(
        message.channel,
        f"{message.template}{', ' + ' and '.join(seen) if seen else ''}",
        " ".join(message.text.split())[:160],
        state=message.status,
        note=f"{code}{message.told}",
    )


def details_words(properties: Mapping[str, Any]) -> str:
    """The first properties of an event: `total 1200 · items 2`."""
    plain = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in properties.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool) and name not in HIDDEN_DETAILS
    ]
    return " · ".join(text[:60] for text in plain[:DETAILS_SHOWN])
