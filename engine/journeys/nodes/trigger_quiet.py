"""A customer enters who has not come, ordered or booked for some days (S4 `miss_you`, `rebooking_reminder`)."""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from engine.journeys.nodes.base import CalendarTrigger, TimeOfDay, TriggerConfig, control


class Quiet(StrEnum):
    """What has not happened."""

    VISIT = "visit"
    ORDER = "order"
    BOOKING = "booking"


class TriggerQuietConfig(TriggerConfig):
    """No what, for how long."""

    what: Quiet = Field(
        Quiet.VISIT,
        title="No",
        description="Booking: the last appointment is so long ago, and no other one is booked",
        json_schema_extra=control("select"),
    )
    days: int = Field(60, ge=1, le=3_650, title="For so many days", json_schema_extra=control("number"))
    at: TimeOfDay = Field(
        "10:00", title="At", description="By the customer's own clock", json_schema_extra=control("time")
    )


class TriggerQuiet(CalendarTrigger):
    """Enter once in each silence: a customer who comes and falls silent again enters again."""

    label: ClassVar[str] = "Customer went quiet"
    icon: ClassVar[str] = "moon"
    description: ClassVar[str] = "Starts when a customer has not come, ordered or booked for some days"
    summary: ClassVar[str] = "No {what} for {days} days, at {at}"

    type: Literal["trigger.quiet"] = "trigger.quiet"
    config: TriggerQuietConfig = TriggerQuietConfig()

    def sentence(self) -> str:
        days = "1 day" if self.config.days == 1 else f"{self.config.days} days"
        return f"No {self.config.what} for {days}, at {self.config.at}"
