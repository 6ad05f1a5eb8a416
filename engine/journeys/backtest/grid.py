"""The clock of a backtest: which moments of the past are looked at, and how finely."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.core.errors import InvalidInput

LONGEST_DAYS = 365

HOUR = timedelta(hours=1)

FINENESS = (
    (timedelta(days=31), timedelta(minutes=15), HOUR),
    (timedelta(days=92), timedelta(minutes=30), 4 * HOUR),
    (timedelta.max, HOUR, 24 * HOUR),
)
"""Up to this length: so often the clock ticks, and so often it is looked who is in a segment."""


@dataclass(frozen=True, slots=True)
class Grid:
    """From `start` to `until`, a tick every `step`; what happens between two ticks is seen at the second.

    At every `membership` it is looked who has entered or left a segment.
    """

    start: datetime
    until: datetime
    step: timedelta
    membership: timedelta

    def ticks(self) -> Iterator[datetime]:
        """Every tick, `start` first."""
        at = self.start
        while at <= self.until:
            yield at
            at += self.step

    def done(self, at: datetime) -> float:
        """How much of the way is done at this moment, 0 to 1."""
        return min(1.0, (at - self.start) / (self.until - self.start)) if self.until > self.start else 1.0

    def looks_at_segments(self, at: datetime) -> bool:
        """Whether this tick looks who is in a segment."""
        return (at - self.start) % self.membership == timedelta(0)


def grid_between(start: datetime, until: datetime) -> Grid:
    """The grid of a length of time: the longer, the coarser."""
    step, membership = next(rest for longest, *rest in FINENESS if until - start <= longest)
    return Grid(start, until, step, membership)


def last_days(days: int, *, now: datetime) -> Grid:
    """The grid of the last days of 24 hours, up to the last full tick.

    Raises:
        InvalidInput: fewer than one day, or more than a year.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(
            f"days: use a number from 1 to {LONGEST_DAYS}, such as 30, 90 or {LONGEST_DAYS}.",
            details={"field": "days"},
        )
    length = timedelta(days=days)
    step = grid_between(now - length, now).step
    until = datetime.fromtimestamp(now.timestamp() // step.total_seconds() * step.total_seconds(), now.tzinfo)
    return grid_between(until - length, until)
