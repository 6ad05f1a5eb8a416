"""Several ways on by chance, always the same way for the same customer."""

from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate
from typing import ClassVar, Literal

from pydantic import Field

from engine.core.ids import key_of
from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Node,
    Port,
    Problem,
    References,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    Go,
    Outcome,
)


class Arm(Config):
    """One way of a split; `id` names its port and stays when the label changes. Who goes by the way that is held out
    is left alone, to be compared with the others."""

    id: str = Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_\-]+$")
    label: str = Field("", max_length=60)
    percent: int = Field(ge=0, le=100)
    holdout: bool = Field(
        False, title="Held out", description="Gets nothing, so that the others can be compared with it"
    )


class BranchSplitConfig(Config):
    """The arms; their percentages make 100."""

    arms: tuple[Arm, ...] = Field(
        (Arm(id="a", label="A", percent=50), Arm(id="b", label="B", percent=50)),
        min_length=2,
        max_length=10,
        title="Split",
        json_schema_extra=control("split"),
    )


class BranchSplit(Node):
    """Split by percentage, sticky for each customer."""

    family: ClassVar[Family] = Family.BRANCH
    label: ClassVar[str] = "Split"
    icon: ClassVar[str] = "split"
    description: ClassVar[str] = "Send a share of the customers each way, to compare"

    type: Literal["branch.split"] = "branch.split"
    config: BranchSplitConfig = BranchSplitConfig()

    def ports(self) -> tuple[Port, ...]:
        return tuple(Port(arm.id, f"{arm.label or arm.id} {arm.percent}%") for arm in self.config.arms)

    def must_connect(self) -> bool:
        return True

    def problems(self, references: References) -> Iterable[Problem]:
        total = sum(arm.percent for arm in self.config.arms)
        if total != 100:
            yield Problem(
                "split_not_100", f"The shares make {total} %. Change them to make 100 %.", self.id, "arms"
            )
        if len({arm.id for arm in self.config.arms}) < len(self.config.arms):
            yield Problem("arm_twice", "Two arms have the same id. Rename one.", self.id, "arms")
        if sum(arm.holdout for arm in self.config.arms) > 1:
            yield Problem("two_holdouts", "Only one arm can be held out. Keep one.", self.id, "arms")

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        lot = key_of(run.journey_id, self.id, run.customer_id).int % 10_000 / 100
        bounds = accumulate(arm.percent for arm in self.config.arms)
        chosen = next(arm for arm, bound in zip(self.config.arms, bounds, strict=True) if lot < bound)
        told = "Held out, to compare" if chosen.holdout else f"Split: {chosen.label or chosen.id}"
        return Go(chosen.id, told)

    def sentence(self) -> str:
        return "Split " + " / ".join(
            f"{arm.percent}%{' held out' if arm.holdout else ''}" for arm in self.config.arms
        )
