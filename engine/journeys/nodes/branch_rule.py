"""Two ways on: customers whom the rules describe, and all others."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from engine.core.errors import InvalidRules
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
    Go,
    Outcome,
)
from engine.segments.describe import describe
from engine.segments.rules import parse_rules

YES, NO = "yes", "no"


class BranchRuleConfig(Config):
    """The segment rules to ask; they may also name the entry event's properties (`event.amount`)."""

    rules: dict[str, Any] = Field(title="If", json_schema_extra=control("rules", scope="customer"))


class BranchRule(Node):
    """Branch on a rule."""

    family: ClassVar[Family] = Family.BRANCH
    label: ClassVar[str] = "If"
    icon: ClassVar[str] = "git-branch"
    description: ClassVar[str] = "Go one way if the rules fit the customer, else the other"

    type: Literal["branch.rule"] = "branch.rule"
    config: BranchRuleConfig

    def ports(self) -> tuple[Port, ...]:
        return (Port(YES, "Yes"), Port(NO, "No"))

    def must_connect(self) -> bool:
        return True

    def rules(self) -> dict[str, Any] | None:
        return self.config.rules

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        fits = facts.holds(self.id, run)
        found = facts.findings.get(self.id, {}).get(run.id, ())
        return Go(YES if fits else NO, "The rules fit" if fits else "The rules do not fit", found=found)

    def sentence(self) -> str:
        try:
            return f"If {describe(parse_rules(self.config.rules))}"
        except InvalidRules:
            return "If"
