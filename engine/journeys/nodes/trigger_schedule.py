"""The members of a segment, or everybody, enter at a moment: once, or day by day, week by week, month by month (J2)."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from engine.journeys.nodes.base import (
    CalendarTrigger,
    Problem,
    References,
    TimeOfDay,
    TriggerConfig,
    control,
)


class Repeat(StrEnum):
    """How often."""

    ONCE = "once"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Weekday(StrEnum):
    """Days of the week, in the order of `date.weekday()`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class TriggerScheduleConfig(TriggerConfig):
    """Who, and when."""

    segment_id: UUID | None = Field(
        None, title="Segment", description="Leave empty for everybody", json_schema_extra=control("segment")
    )
    repeat: Repeat = Field(Repeat.WEEKLY, title="How often", json_schema_extra=control("select"))
    on: date | None = Field(
        None, title="On", json_schema_extra=control("date", shown_if={"repeat": Repeat.ONCE.value})
    )
    weekday: Weekday = Field(
        Weekday.MONDAY,
        title="On",
        json_schema_extra=control("select", shown_if={"repeat": Repeat.WEEKLY.value}),
    )
    day: int = Field(
        1,
        ge=1,
        le=31,
        title="On day",
        description="In shorter months, 31 is the last day",
        json_schema_extra=control("number", shown_if={"repeat": Repeat.MONTHLY.value}),
    )
    at: TimeOfDay = Field(
        "10:00", title="At", description="By the studio's clock", json_schema_extra=control("time")
    )


class TriggerSchedule(CalendarTrigger):
    """Enter with all others at once, by the studio's clock."""

    label: ClassVar[str] = "Schedule"
    icon: ClassVar[str] = "calendar-clock"
    description: ClassVar[str] = (
        "Starts for a segment, or everybody, at a time you set, once or again and again"
    )
    summary: ClassVar[str] = "{repeat}[ on {weekday}][ on {on}][ on day {day}], at {at}[, for {segment_id}]"

    type: Literal["trigger.schedule"] = "trigger.schedule"
    config: TriggerScheduleConfig = TriggerScheduleConfig()

    def problems(self, references: References) -> Iterable[Problem]:
        if self.config.repeat is Repeat.ONCE and self.config.on is None:
            yield Problem("no_date", "Choose the day on which this happens once.", self.id, "on")
        if self.config.segment_id and self.config.segment_id not in references.segments:
            yield Problem(
                "unknown_segment",
                "This segment does not exist any more. Choose another one.",
                self.id,
                "segment_id",
            )

    def falls_on(self, day: date) -> bool:
        """Whether it happens on this day of the studio's calendar."""
        match self.config.repeat:
            case Repeat.ONCE:
                return day == self.config.on
            case Repeat.DAILY:
                return True
            case Repeat.WEEKLY:
                return list(Weekday)[day.weekday()] is self.config.weekday
            case Repeat.MONTHLY:
                return day.day == min(self.config.day, monthrange(day.year, day.month)[1])

    def sentence(self) -> str:
        config = self.config
        words = {
            Repeat.ONCE: f"On {config.on}",
            Repeat.DAILY: "Every day",
            Repeat.WEEKLY: f"Every {config.weekday.capitalize()}",
            Repeat.MONTHLY: f"Every month on day {config.day}",
        }
        return f"{words[config.repeat]} at {config.at}"
