"""Wait for a time of day, on certain weekdays, on the clock of the customer's own place (J3)."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Node,
    Run,
    TimeOfDay,
    control,
)
from engine.journeys.nodes.outcomes import (
    Go,
    Outcome,
    Wait,
)

FIRST_STEP = 1
"""The visit of the step behind the trigger."""

LONGEST_SEARCH_DAYS = 9
"""A week, and the day a spring forward may swallow the very hour."""


class Days(StrEnum):
    """Days on which the customer may go on."""

    ANY = "any day"
    WORKDAYS = "Monday to Friday"
    WEEKEND = "Saturday or Sunday"
    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"


WEEKDAYS: Mapping[Days, frozenset[int]] = {
    Days.ANY: frozenset(range(7)),
    Days.WORKDAYS: frozenset(range(5)),
    Days.WEEKEND: frozenset({5, 6}),
    **{day: frozenset({number}) for number, day in enumerate(tuple(Days)[3:])},
}
"""Which days of `datetime.weekday()` each choice means."""


class WaitUntilConfig(Config):
    """When."""

    at: TimeOfDay = Field(
        "10:00",
        title="Time of day",
        description="By the customer's own clock, e.g. 18:30",
        json_schema_extra=control("time"),
    )
    days: Days = Field(Days.ANY, title="On", json_schema_extra=control("select"))


class WaitUntil(Node):
    """Stay until the next such moment. Who comes straight from the trigger in that very minute goes on at once;
    later on, and in a loop, it is always another one."""

    family: ClassVar[Family] = Family.WAIT
    label: ClassVar[str] = "Wait until"
    icon: ClassVar[str] = "clock"
    description: ClassVar[str] = "Until a time of day or a weekday, where the customer lives"
    summary: ClassVar[str] = "Wait until {at}, {days}"

    type: Literal["wait.until"] = "wait.until"
    config: WaitUntilConfig = WaitUntilConfig()

    def waits(self) -> bool:
        return True

    def ends_pass(self) -> bool:
        return False

    def needs_zone(self) -> bool:
        return True

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        until = next_moment(
            run.arrived_at,
            facts.zone_of(run),
            time.fromisoformat(self.config.at),
            WEEKDAYS[self.config.days],
            strictly=run.visit > FIRST_STEP,
        )
        if now < until:
            return Wait(until, self.sentence())
        return Go(why=f"Waited until {self.config.at}, {self.config.days}")

    def sentence(self) -> str:
        return f"Wait until {self.config.at}, {self.config.days}"


def next_moment(
    after: datetime, zone: ZoneInfo, at: time, weekdays: frozenset[int], *, strictly: bool = False
) -> datetime:
    """The first moment (UTC) at which the local clock shows `at` on such a day: not before the minute of `after`, or
    `strictly` after it.

    A time that the clock skips in spring comes an hour later by the clock; one that it shows twice in autumn counts
    the first time.
    """
    arrived = after.astimezone(zone)
    minute = arrived.replace(second=0, microsecond=0)
    for ahead in range(LONGEST_SEARCH_DAYS):
        day = arrived.date() + timedelta(days=ahead)
        moment = datetime.combine(day, at, zone).astimezone(UTC)
        if day.weekday() in weekdays and (moment > after if strictly else moment >= minute):
            return max(moment, after)
    raise AssertionError("every weekday comes within nine days")
