"""A customer enters around a birthday or anniversary, at a time of their own day (J2)."""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from engine.journeys.nodes.base import CalendarTrigger, TimeOfDay, TriggerConfig, control, from_the_day


class Occasion(StrEnum):
    """Days that come back every year."""

    BIRTHDAY = "birthday"
    ANNIVERSARY = "anniversary"


class TriggerBirthdayConfig(TriggerConfig):
    """Which day, and when."""

    occasion: Occasion = Field(Occasion.BIRTHDAY, title="Occasion", json_schema_extra=control("select"))
    days: int = Field(
        0,
        ge=-180,
        le=180,
        title="Days from the day",
        description="0 is on the day, -7 a week before, 3 three days after",
        json_schema_extra=control("number"),
    )
    at: TimeOfDay = Field(
        "09:00", title="At", description="By the customer's own clock", json_schema_extra=control("time")
    )


class TriggerBirthday(CalendarTrigger):
    """Enter once a year. Who was born on 29 February has the day on the 28th in other years."""

    label: ClassVar[str] = "Birthday or anniversary"
    icon: ClassVar[str] = "cake"
    description: ClassVar[str] = "Starts on the customer's day, or some days before or after it"
    summary: ClassVar[str] = "{days:from} the {occasion}, at {at}"
    perishable: ClassVar[bool] = True

    type: Literal["trigger.birthday"] = "trigger.birthday"
    config: TriggerBirthdayConfig = TriggerBirthdayConfig()

    def sentence(self) -> str:
        config = self.config
        return f"{from_the_day(config.days).capitalize()} the {config.occasion}, at {config.at}"
