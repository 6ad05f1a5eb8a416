"""Which local days come due between two moments, in each zone in which a tenant's customers live. Pure.

A local day has exactly one moment for a time of day, so that it comes due in exactly one of the windows into which
time is cut, however it is cut: a time that the clock skips in spring comes an hour later by the clock, and one that
it shows twice in autumn counts the first time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

STUDIO = ""
"""Stands for the tenant's own zone, which is that of customers whose zone is unknown or none."""

DAY = timedelta(days=1)
FRESH = timedelta(hours=1)
"""For so long something perishable is made up for even after midnight: the clock may have ticked just before."""


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A day that has come due in a zone (a key of `Window.zones`)."""

    zone: str
    day: date


@dataclass(frozen=True, slots=True)
class Window:
    """What is looked at in one go: from `after`, exclusive, to `until`, inclusive; and the zones by name.

    `as_of`: it lies in the past, and history is asked what was known at its end.
    """

    after: datetime
    until: datetime
    zones: Mapping[str, ZoneInfo]
    as_of: bool = False

    @property
    def named(self) -> list[str]:
        """The zones but for the studio's."""
        return sorted(self.zones.keys() - {STUDIO})

    def days(self, at: str, *, perishable: bool = False) -> list[LocalDay]:
        """The days on which it has become `at` (`HH:MM`) in this window, zone by zone.

        Args:
            perishable: leave out days that are over by more than an hour.
        """
        wanted = time.fromisoformat(at)
        return [
            LocalDay(name, day)
            for name, zone in sorted(self.zones.items())
            for day in self._due(zone, wanted)
            if not perishable or self._is_fresh(zone, day, wanted)
        ]

    def bounds(self, where: LocalDay, day: date) -> tuple[datetime, datetime]:
        """When a day begins and when the next one does, where this came due."""
        zone = self.zones[where.zone]
        return moment_of(zone, day, time()), moment_of(zone, day + DAY, time())

    def _due(self, zone: ZoneInfo, at: time) -> Iterator[date]:
        day = self.after.astimezone(zone).date() - DAY
        last = self.until.astimezone(zone).date() + DAY
        while day <= last:
            if self.after < moment_of(zone, day, at) <= self.until:
                yield day
            day += DAY

    def _is_fresh(self, zone: ZoneInfo, day: date, at: time) -> bool:
        today = self.until.astimezone(zone).date()
        return day >= today or self.until - moment_of(zone, day, at) <= FRESH


def moment_of(zone: ZoneInfo, day: date, at: time) -> datetime:
    """When the local clock shows `at` on this day, in UTC."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def days_of_the_year(day: date) -> list[tuple[int, int]]:
    """`(month, day)` of the birthdays that are kept on this day: on 28 February also those of the 29th, when there
    is none this year."""
    kept = [(day.month, day.day)]
    return [*kept, (2, 29)] if kept == [(2, 28)] and (day + DAY).month == 3 else kept
