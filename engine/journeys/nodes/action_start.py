"""Let the customer into another journey (J5)."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Node,
    Problem,
    References,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    Go,
    Outcome,
    StartJourney,
)


class ActionStartConfig(Config):
    """Which journey."""

    journey_id: UUID = Field(
        title="Journey",
        description="A live one with the trigger “By hand or API”",
        json_schema_extra=control("journey"),
    )


class ActionStart(Node):
    """Start another journey and go on in this one. The other's own rules say whether the customer may enter."""

    family: ClassVar[Family] = Family.ACTION
    label: ClassVar[str] = "Start journey"
    icon: ClassVar[str] = "route"
    description: ClassVar[str] = "Let the customer into another journey as well, at most once an hour"
    summary: ClassVar[str] = "Start {journey_id}"

    type: Literal["action.start"] = "action.start"
    config: ActionStartConfig

    def problems(self, references: References) -> Iterable[Problem]:
        if self.config.journey_id not in references.manual_journeys:
            yield Problem(
                "unknown_journey",
                "This journey is not live, or cannot be entered by hand. Choose another one, or publish it first.",
                self.id,
                "journey_id",
            )

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        return Go(why=self.sentence(), effect=StartJourney(self.config.journey_id))

    def sentence(self) -> str:
        return "Start another journey"
