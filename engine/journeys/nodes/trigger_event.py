"""A customer enters when an event comes, e.g. `Order Completed`, if its properties fit."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from engine.journeys.nodes.base import Trigger, TriggerConfig, control


class TriggerEventConfig(TriggerConfig):
    """Which event, and which of them."""

    event: str = Field(
        min_length=1,
        max_length=200,
        title="Event",
        description="The name as it was sent",
        json_schema_extra=control("event"),
    )
    filter: dict[str, Any] | None = Field(
        None,
        title="Only if",
        description="Rules over the event's properties and the customer",
        json_schema_extra=control("rules", scope="event"),
    )


class TriggerEvent(Trigger):
    """Enter on an event."""

    label: ClassVar[str] = "Event happens"
    icon: ClassVar[str] = "zap"
    description: ClassVar[str] = "Starts when a customer does something: orders, books, visits"
    summary: ClassVar[str] = "{event} happens[, only if {filter}]"

    type: Literal["trigger.event"] = "trigger.event"
    config: TriggerEventConfig

    def events(self) -> frozenset[str]:
        return frozenset({self.config.event})

    def rules(self) -> dict[str, Any] | None:
        return self.config.filter

    def sentence(self) -> str:
        return f"When “{self.config.event}” happens"
