"""Several ways on by the customer's language (J4)."""

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
from engine.journeys.nodes.cases import MOST, OTHER, Case, case_ports, case_problems, find_case
from engine.journeys.nodes.outcomes import (
    Go,
    Outcome,
)

LANGUAGE = "language"


class BranchLanguageConfig(Config):
    """Which languages have a way of their own."""

    cases: tuple[Case, ...] = Field(
        min_length=1,
        max_length=MOST,
        title="Languages",
        description="Codes such as hi or en-GB; hi also takes hi-IN",
        json_schema_extra=control("cases"),
    )


class BranchLanguage(Node):
    """Branch on the language; another one, or none that is known, goes by `other`."""

    family: ClassVar[Family] = Family.BRANCH
    label: ClassVar[str] = "By language"
    icon: ClassVar[str] = "languages"
    description: ClassVar[str] = "A way on for each language customers speak"
    summary: ClassVar[str] = "By language: {cases}"

    type: Literal["branch.language"] = "branch.language"
    config: BranchLanguageConfig

    def ports(self) -> tuple[Port, ...]:
        return case_ports(self.config.cases)

    def must_connect(self) -> bool:
        return True

    def problems(self, references: References) -> Iterable[Problem]:
        return case_problems(self.config.cases, self.id)

    def asks_value(self) -> str | None:
        return LANGUAGE

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        language = facts.value_of(run, LANGUAGE)
        if not language:
            return Go(OTHER, "Their language is not known")
        spoken = str(language).replace("_", "-")
        case = find_case(self.config.cases, [spoken]) or find_case(
            self.config.cases, [spoken.partition("-")[0]]
        )
        return Go(case.id if case else OTHER, f"Their language is “{spoken}”")

    def sentence(self) -> str:
        cases = " / ".join(case.label or case.value for case in self.config.cases)
        return f"By language: {cases} / other"
