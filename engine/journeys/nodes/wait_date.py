"""Wait for a date kept with the customer or brought by the event, or for some days before or after it (J3)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Node,
    Problem,
    References,
    Run,
    TimeOfDay,
    control,
    from_the_day,
)
from engine.journeys.nodes.outcomes import (
    End,
    Go,
    Outcome,
    Wait,
)
from engine.journeys.values import as_day, is_date, value_words


class IfMissing(StrEnum):
    """What follows when there is no such date."""

    GO_ON = "go_on"
    LEAVE = "leave"


class WaitDateConfig(Config):
    """Which date, how far from it, and when."""

    date: str = Field(
        "birthday",
        min_length=1,
        max_length=210,
        title="Date",
        description="A date of the customer, attribute.… or event.…",
        json_schema_extra=control("value", scope="date"),
    )
    days: int = Field(
        0,
        ge=-3_650,
        le=3_650,
        title="Days from the date",
        description="0 is on the day, -7 a week before, 3 three days after",
        json_schema_extra=control("number"),
    )
    at: TimeOfDay = Field(
        "10:00", title="At", description="By the customer's own clock", json_schema_extra=control("time")
    )
    yearly: bool = Field(
        False,
        title="Every year",
        description="Its next anniversary counts, as with birthdays",
        json_schema_extra=control("boolean"),
    )
    if_missing: IfMissing = Field(
        IfMissing.GO_ON, title="If there is no such date", json_schema_extra=control("select")
    )


class WaitDate(Node):
    """Stay until the day; who comes when it has passed goes on at once, unless it comes again every year.

    Of a moment the day at the customer's place counts. The date is looked at again when its time comes: if it was
    moved meanwhile, the new one counts.
    """

    family: ClassVar[Family] = Family.WAIT
    label: ClassVar[str] = "Wait for a date"
    icon: ClassVar[str] = "calendar-clock"
    description: ClassVar[str] = (
        "Until a birthday, an appointment or another date, or days before or after it"
    )
    summary: ClassVar[str] = "Until {days:from} {date}, at {at}[, {yearly}]"

    type: Literal["wait.date"] = "wait.date"
    config: WaitDateConfig = WaitDateConfig()

    def problems(self, references: References) -> Iterable[Problem]:
        if not is_date(self.config.date):
            yield Problem(
                "unknown_date",
                f"“{self.config.date}” is no date of a customer. Choose one, or attribute.… or event.…",
                self.id,
                "date",
            )

    def waits(self) -> bool:
        """Only what comes again, and is not passed by, holds a loop."""
        return self.config.yearly and self.config.if_missing is IfMissing.LEAVE

    def ends_pass(self) -> bool:
        return False

    def needs_zone(self) -> bool:
        return True

    def asks_value(self) -> str | None:
        return self.config.date

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        zone = facts.zone_of(run)
        day = as_day(facts.value_of(run, self.config.date), zone)
        until = self._until(day, run.arrived_at, zone) if day else None
        if until is None:
            return self._without_date()
        if now < until:
            return Wait(until, self.sentence())
        name = value_words(self.config.date).lower()
        passed = until < run.arrived_at
        return Go(why=f"That day has passed already: {name}" if passed else f"The day has come: {name}")

    def _until(self, day: date, arrived_at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the time comes, in UTC; None if beyond what calendars can tell."""
        try:
            if not self.config.yearly:
                return self._moment(day, zone)
            here = arrived_at.astimezone(zone).year
            far = abs(self.config.days) // 365 + 2
            moments = (self._moment(_in_year(day, year), zone) for year in range(here - far, here + far + 1))
            return next(moment for moment in moments if moment > arrived_at)
        except (OverflowError, ValueError):
            return None

    def _moment(self, day: date, zone: ZoneInfo) -> datetime:
        target = day + timedelta(days=self.config.days)
        return datetime.combine(target, time.fromisoformat(self.config.at), zone).astimezone(UTC)

    def _without_date(self) -> Outcome:
        told = f"No {value_words(self.config.date).lower()} is known"
        return End(told) if self.config.if_missing is IfMissing.LEAVE else Go(why=told)

    def sentence(self) -> str:
        often = ", every year" if self.config.yearly else ""
        offset = from_the_day(self.config.days)
        return f"Wait until {offset} {value_words(self.config.date).lower()}, at {self.config.at}{often}"


def _in_year(day: date, year: int) -> date:
    """The anniversary in a year; of 29 February the 28th, where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
