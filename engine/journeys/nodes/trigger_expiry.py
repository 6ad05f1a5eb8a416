"""A customer enters around the last day of a membership, package or lot of points (S4 `membership_expiry`…)."""

from typing import ClassVar, Literal

from pydantic import Field

from engine.customers.models import EntitlementKind
from engine.journeys.nodes.base import CalendarTrigger, TimeOfDay, TriggerConfig, control, from_the_day


class TriggerExpiryConfig(TriggerConfig):
    """What runs out, and when customers are told."""

    kind: EntitlementKind = Field(
        EntitlementKind.MEMBERSHIP, title="What runs out", json_schema_extra=control("select")
    )
    days: int = Field(
        7,
        ge=-365,
        le=365,
        title="Days before the last day",
        description="0 is on the last day, -3 three days after it",
        json_schema_extra=control("number"),
    )
    at: TimeOfDay = Field(
        "10:00", title="At", description="By the customer's own clock", json_schema_extra=control("time")
    )


class TriggerExpiry(CalendarTrigger):
    """Enter once for each thing that runs out; who has renewed already does not."""

    label: ClassVar[str] = "Something runs out"
    icon: ClassVar[str] = "hourglass"
    description: ClassVar[str] = "Starts before or after a membership, package or points run out"
    summary: ClassVar[str] = "{days:until} the last day of a {kind}, at {at}"

    type: Literal["trigger.expiry"] = "trigger.expiry"
    config: TriggerExpiryConfig = TriggerExpiryConfig()

    def sentence(self) -> str:
        config = self.config
        when = from_the_day(-config.days).capitalize()
        return f"{when} the last day of a customer's {config.kind}, at {config.at}"
