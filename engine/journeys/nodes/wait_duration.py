"""Wait for a length of time."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from engine.journeys.nodes.base import (
    Config,
    Duration,
    Facts,
    Family,
    Node,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    Go,
    Outcome,
    Wait,
)


class WaitDurationConfig(Config):
    """How long."""

    duration: Duration = Field(Duration(), title="Wait for", json_schema_extra=control("duration"))


class WaitDuration(Node):
    """Stay for a while, then go on."""

    family: ClassVar[Family] = Family.WAIT
    label: ClassVar[str] = "Wait"
    icon: ClassVar[str] = "clock"
    description: ClassVar[str] = "Let some minutes, hours, days or weeks pass"

    type: Literal["wait.duration"] = "wait.duration"
    config: WaitDurationConfig = WaitDurationConfig()

    def waits(self) -> bool:
        return True

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        until = run.arrived_at + self.config.duration.delta
        if now < until:
            return Wait(until, self.sentence())
        return Go(why=f"Waited {self.config.duration.words}")

    def sentence(self) -> str:
        return f"Wait {self.config.duration.words}"
