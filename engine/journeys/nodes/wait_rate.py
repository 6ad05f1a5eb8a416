"""Let customers go on at a steady rate, so that what follows can be coped with (J3)."""

from datetime import datetime, timedelta
from enum import StrEnum
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
    Outcome,
    Wait,
)


class RatePeriod(StrEnum):
    """What the rate is told for."""

    HOUR = "hour"
    DAY = "day"

    @property
    def delta(self) -> timedelta:
        """Its length; a day is 24 hours."""
        return timedelta(hours=1) if self is RatePeriod.HOUR else timedelta(days=1)


class WaitRateConfig(Config):
    """How many in which time."""

    amount: int = Field(100, ge=1, le=100_000, title="Customers", json_schema_extra=control("number"))
    per: RatePeriod = Field(RatePeriod.HOUR, title="Each", json_schema_extra=control("select"))


class WaitRate(Node):
    """Stay until it is one's turn: turns lie evenly apart, in the order in which customers arrived."""

    family: ClassVar[Family] = Family.WAIT
    label: ClassVar[str] = "At a steady rate"
    icon: ClassVar[str] = "timer"
    description: ClassVar[str] = "Only so many customers go on each hour or day, e.g. as the desk can answer"
    summary: ClassVar[str] = "{amount} customers each {per}"

    type: Literal["wait.rate"] = "wait.rate"
    config: WaitRateConfig = WaitRateConfig()

    def waits(self) -> bool:
        return True

    def release_interval(self) -> timedelta | None:
        return self.config.per.delta / self.config.amount

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        turn = facts.slots.get((run.id, run.visit)) or run.promised_at
        if turn is None:
            return Wait(now, "Takes a turn")
        if now < turn:
            return Wait(turn, self.sentence(), promises=True)
        return Go(why=f"It was their turn: {self.config.amount} each {self.config.per}")

    def sentence(self) -> str:
        customers = "customer" if self.config.amount == 1 else "customers"
        return f"Let {self.config.amount} {customers} go on each {self.config.per}"
