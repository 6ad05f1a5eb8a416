"""Wait for an event, but not for ever (J3)."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from engine.journeys.nodes.base import (
    Config,
    Duration,
    DurationUnit,
    Facts,
    Family,
    Listening,
    Node,
    Port,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    Go,
    Outcome,
    Wait,
)
from engine.segments.behaviours import PropertyRule

HAPPENED, TIMEOUT = "happened", "timeout"


class WaitEventConfig(Config):
    """Which event, which of them, and how long."""

    event: str = Field(
        min_length=1,
        max_length=200,
        title="Event",
        description="The name as it was sent",
        json_schema_extra=control("event"),
    )
    where: tuple[PropertyRule, ...] = Field(
        (), max_length=20, title="Only if", json_schema_extra=control("where", of="event")
    )
    timeout: Duration = Field(
        Duration(amount=3, unit=DurationUnit.DAYS),
        title="At most for",
        json_schema_extra=control("duration"),
    )


class WaitEvent(Node):
    """Stay until the event happens or the time is up, whichever comes first.

    What counts is when the event happened, after the arrival up to and including the very end of the time; not when
    it was heard of.
    """

    family: ClassVar[Family] = Family.WAIT
    label: ClassVar[str] = "Wait for event"
    icon: ClassVar[str] = "zap"
    description: ClassVar[str] = "Until the customer does something, or the time is up"
    summary: ClassVar[str] = "Wait for {event}[, only if {where}], at most {timeout}"

    type: Literal["wait.event"] = "wait.event"
    config: WaitEventConfig

    def ports(self) -> tuple[Port, ...]:
        return (Port(HAPPENED, "Happened"), Port(TIMEOUT, "Time is up"))

    def must_connect(self) -> bool:
        return True

    def waits(self) -> bool:
        return True

    def listens(self) -> Listening | None:
        return Listening(self.config.event, self.config.where)

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        until = run.arrived_at + self.config.timeout.delta
        happened_at = facts.heard.get((run.id, self.id))
        if happened_at is not None and run.arrived_at < happened_at <= until:
            return Go(HAPPENED, f"“{self.config.event}” happened")
        if now < until:
            return Wait(until, self.sentence())
        return Go(TIMEOUT, f"“{self.config.event}” did not happen within {self.config.timeout.words}")

    def sentence(self) -> str:
        return f"Wait for “{self.config.event}”, at most {self.config.timeout.words}"
