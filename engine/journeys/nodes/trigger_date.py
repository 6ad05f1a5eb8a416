"""A customer enters around a date kept with them, such as the end of a trial: once, or every year (J2)."""

from typing import ClassVar, Literal

from pydantic import Field

from engine.journeys.nodes.base import CalendarTrigger, TimeOfDay, TriggerConfig, control, from_the_day

PREFIX = "attribute."


class TriggerDateConfig(TriggerConfig):
    """Which date, and when."""

    date: str = Field(
        pattern=r"^attribute\.[^\x00]{1,200}$",
        title="Date",
        description="An attribute that holds a date such as 2026-05-31; birthdays have a trigger of their own",
        json_schema_extra=control("value", only="attribute"),
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
        "09:00", title="At", description="By the customer's own clock", json_schema_extra=control("time")
    )
    yearly: bool = Field(False, title="Every year", json_schema_extra=control("boolean"))

    @property
    def attribute(self) -> str:
        """The attribute's own name."""
        return self.date.removeprefix(PREFIX)


class TriggerDate(CalendarTrigger):
    """Enter once for each date; of a moment, the day as it is written counts."""

    label: ClassVar[str] = "A customer's date"
    icon: ClassVar[str] = "calendar-heart"
    description: ClassVar[str] = "Starts around a date kept as an attribute, once or every year"
    summary: ClassVar[str] = "{days:from} {date}, at {at}[, {yearly}]"

    type: Literal["trigger.date"] = "trigger.date"
    config: TriggerDateConfig

    def sentence(self) -> str:
        config = self.config
        often = ", every year" if config.yearly else ""
        return f"{from_the_day(config.days).capitalize()} “{config.attribute}”, at {config.at}{often}"
