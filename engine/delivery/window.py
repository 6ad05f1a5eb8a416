"""Hours in which marketing may reach a customer, on the clock of the customer's own place (D2, D3)."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class SendWindow:
    """From `start` up to, but not including, `end`, both local; `end` before `start` spans midnight."""

    start: time
    end: time

    def is_open(self, local: time) -> bool:
        """Whether it is open at this time of day."""
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


def is_open(window: SendWindow, zone: ZoneInfo, now: datetime) -> bool:
    """Whether the window is open where the customer is."""
    return window.is_open(now.astimezone(zone).time())


def next_opening(window: SendWindow, zone: ZoneInfo, now: datetime) -> datetime:
    """`now` when it is open, else the next moment it opens, in UTC.

    A start that falls into the hour skipped in spring opens when the clock has jumped; a window that lies wholly
    in that hour stays shut for the day.
    """
    if is_open(window, zone, now):
        return now
    today = now.astimezone(zone).date()
    for ahead in range(4):
        opening = datetime.combine(today + timedelta(days=ahead), window.start, zone).astimezone(UTC)
        if opening > now and is_open(window, zone, opening):
            return opening
    return now + timedelta(days=1)


def next_midnight(zone: ZoneInfo, now: datetime, *, days: int = 1) -> datetime:
    """The beginning of the local day `days` after today, in UTC."""
    day = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def next_month(zone: ZoneInfo, now: datetime) -> datetime:
    """The beginning of the month after this one, there, in UTC."""
    first = now.astimezone(zone).date().replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return datetime.combine(following, time(), zone).astimezone(UTC)


@lru_cache(maxsize=1024)
def zone_of(name: str | None, fallback: str) -> ZoneInfo:
    """The customer's zone, or the tenant's when theirs is unknown or no zone at all."""
    try:
        return ZoneInfo(name or fallback)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(fallback)
