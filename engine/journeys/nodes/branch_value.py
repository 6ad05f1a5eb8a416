"""Several ways on by a value: of the customer, of their attributes, or of the event by which they entered (J4)."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

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
from engine.journeys.nodes.cases import (
    MOST,
    OTHER,
    Case,
    case_ports,
    case_problems,
    find_case,
    value_text,
)
from engine.journeys.nodes.outcomes import (
    Go,
    Outcome,
)
from engine.journeys.values import is_value, value_words


class BranchValueConfig(Config):
    """Which value, and what it may be."""

    value: str = Field(
        min_length=1,
        max_length=210,
        title="Value",
        description="A field of the customer, attribute.… or event.…",
        json_schema_extra=control("value"),
    )
    cases: tuple[Case, ...] = Field(
        min_length=1, max_length=MOST, title="Cases", json_schema_extra=control("cases", of="value")
    )


class BranchValue(Node):
    """Branch on a value; what fits no case, or is not known, goes by `other`."""

    family: ClassVar[Family] = Family.BRANCH
    label: ClassVar[str] = "By value"
    icon: ClassVar[str] = "list-tree"
    description: ClassVar[str] = "A way on for each value, such as city or plan"
    summary: ClassVar[str] = "By {value}: {cases}"

    type: Literal["branch.value"] = "branch.value"
    config: BranchValueConfig

    def ports(self) -> tuple[Port, ...]:
        return case_ports(self.config.cases)

    def must_connect(self) -> bool:
        return True

    def problems(self, references: References) -> Iterable[Problem]:
        if not is_value(self.config.value):
            yield Problem(
                "unknown_value",
                f"“{self.config.value}” is no value of a customer. Choose one, or attribute.… or event.…",
                self.id,
                "value",
            )
        yield from case_problems(self.config.cases, self.id)

    def asks_value(self) -> str | None:
        return self.config.value

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        value = facts.value_of(run, self.config.value)
        case = find_case(self.config.cases, value)
        name = value_words(self.config.value)
        told = f"{name} is not known" if value is None else f"{name} is “{value_text(value)[:60]}”"
        return Go(case.id if case else OTHER, told)

    def sentence(self) -> str:
        cases = " / ".join(case.label or case.value for case in self.config.cases)
        return f"By {value_words(self.config.value)}: {cases} / other"
