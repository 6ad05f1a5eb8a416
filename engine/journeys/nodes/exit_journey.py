"""The end of the journey for whoever gets here."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Node,
    Port,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    End,
    Outcome,
)


class ExitConfig(Config):
    """Why customers leave here, for the reports."""

    reason: str = Field("", max_length=200, title="Reason", json_schema_extra=control("text"))


class Exit(Node):
    """Leave the journey."""

    family: ClassVar[Family] = Family.EXIT
    label: ClassVar[str] = "Exit"
    icon: ClassVar[str] = "log-out"
    description: ClassVar[str] = "The journey ends here"

    type: Literal["exit"] = "exit"
    config: ExitConfig = ExitConfig()

    def ports(self) -> tuple[Port, ...]:
        return ()

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        return End(self.config.reason or "Reached the exit")
