"""Give loyalty points (J5, I5)."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Node,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    Go,
    GrantPoints,
    Outcome,
)


class ActionPointsConfig(Config):
    """How many, and how long they are good."""

    points: int = Field(100, ge=1, le=1_000_000, title="Points", json_schema_extra=control("number"))
    valid_days: int | None = Field(
        None,
        ge=1,
        le=3_650,
        title="Good for so many days",
        description="By the studio's calendar, the last day included. Leave empty for ever",
        json_schema_extra=control("number"),
    )


class ActionPoints(Node):
    """Give points, once for each visit; rules behind it see them."""

    family: ClassVar[Family] = Family.ACTION
    label: ClassVar[str] = "Give points"
    icon: ClassVar[str] = "gem"
    description: ClassVar[str] = "Loyalty points for the customer, for ever or some days"
    summary: ClassVar[str] = "Give {points} points[, good for {valid_days} days]"

    type: Literal["action.points"] = "action.points"
    config: ActionPointsConfig = ActionPointsConfig()

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        return Go(why=self.sentence(), effect=GrantPoints(self.config.points, self.config.valid_days))

    def sentence(self) -> str:
        points, days = self.config.points, self.config.valid_days
        number = "1 point" if points == 1 else f"{points:,} points"
        return f"Give {number}" + (f", good for {days} day{'' if days == 1 else 's'}" if days else "")
