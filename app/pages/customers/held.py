"""What a customer holds, in a line each: memberships, packages, points, and the last and next appointments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.pages.customers.told import state_words, tone_of
from app.pages.words import full_moment
from engine.customers.models import Appointment, Entitlement, EntitlementKind, EntitlementStatus

SHOWN = 8

UNNAMED = {EntitlementKind.MEMBERSHIP: "Membership", EntitlementKind.PACKAGE: "Package"}


@dataclass
class HeldView:
    """A membership or package, or all points together."""

    title: str
    text: str
    state: str = ""
    tone: str = ""


@dataclass
class BookingView:
    """An appointment."""

    service: str
    when: str
    state: str
    tone: str


def held_of(entitlements: Sequence[Entitlement], *, now: datetime, timezone: str) -> list[HeldView]:
    """Memberships and packages, the active ones first, and the points; nothing where there is nothing."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    lots = [each for each in entitlements if each.kind == EntitlementKind.POINTS]
    others = [_view(each, today) for each in entitlements if each.kind != EntitlementKind.POINTS]
    return [*others[:SHOWN], *_points(lots, today)]


def bookings_of(appointments: Iterable[Appointment], *, timezone: str) -> list[BookingView]:
    """Appointments, the latest first."""
    return [
        BookingView(
            service=each.service or "Appointment",
            when=full_moment(each.starts_at, timezone=timezone),
            state=state_words(each.status),
            tone=tone_of(each.status),
        )
        for each in appointments
    ]


def _view(each: Entitlement, today: date) -> HeldView:
    state = each.status if _lasts(each, today) else EntitlementStatus.EXPIRED.value
    sessions = "session" if each.balance == 1 else "sessions"
    left = f"{each.balance:,} {sessions} left" if each.balance is not None else ""
    until = f"until {_day(each.expires_on)}" if each.expires_on else ""
    return HeldView(
        title=each.name or UNNAMED[EntitlementKind(each.kind)],
        text=" · ".join(filter(None, (left, until))),
        state=state_words(state),
        tone=tone_of(state),
    )


def _points(lots: Iterable[Entitlement], today: date) -> list[HeldView]:
    """All points in one line, and those that run out first."""
    good = [each for each in lots if each.status == EntitlementStatus.ACTIVE and _lasts(each, today)]
    if not good:
        return []
    first = min((each.expires_on for each in good if each.expires_on), default=None)
    points = sum(each.balance or 0 for each in good)
    ending = sum(each.balance or 0 for each in good if each.expires_on == first)
    some = f"{ending:,} of them " if ending < points else ""
    return [HeldView(title=f"{points:,} points", text=f"{some}until {_day(first)}" if first else "")]


def _lasts(each: Entitlement, today: date) -> bool:
    """Whether it has not run out, or ended otherwise before."""
    ended = each.status != EntitlementStatus.ACTIVE
    return ended or each.expires_on is None or each.expires_on >= today


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
