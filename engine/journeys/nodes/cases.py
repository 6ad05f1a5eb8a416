"""The cases of a branch with many ways on: what a value is compared with, and one way for everything else."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from engine.journeys.nodes.base import Config, Port, Problem

OTHER = "other"
MOST = 20

CaseValue = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class Case(Config):
    """One way on; `id` names its port and stays when label and value change."""

    id: str = Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_\-]+$")
    label: str = Field("", max_length=60)
    value: CaseValue


def case_ports(cases: Sequence[Case]) -> tuple[Port, ...]:
    """One way on for each case, and the one for everything else."""
    return (*(Port(case.id, case.label or case.value) for case in cases), Port(OTHER, "Other"))


def case_problems(cases: Sequence[Case], node_id: str) -> Iterable[Problem]:
    """Ids and values must be there, and once each."""
    if any(case.id == OTHER for case in cases):
        yield Problem(
            "case_other", "“other” is the way for everything else. Rename the case.", node_id, "cases"
        )
    if len({case.id for case in cases}) < len(cases):
        yield Problem("case_twice", "Two cases have the same id. Rename one.", node_id, "cases")
    for value, times in Counter(case.value.casefold() for case in cases).items():
        if not value:
            yield Problem("case_empty", "Say what each case is, or remove it.", node_id, "cases")
        elif times > 1:
            yield Problem("value_twice", f"{times} cases are “{value}”. Keep one.", node_id, "cases")


def find_case(cases: Sequence[Case], value: Any) -> Case | None:
    """The first case that fits: letters in any case, numbers by their amount, of a list any of its entries."""
    values = value if isinstance(value, list | tuple) else [value]
    return next((case for case in cases if any(_fits(case.value, each) for each in values)), None)


def _fits(wanted: str, value: Any) -> bool:
    if value is None or isinstance(value, dict):
        return False
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(wanted) == _number(str(value)) is not None
    return wanted.casefold() == value_text(value).casefold()


def value_text(value: Any) -> str:
    """A value as a marketer writes it: dates as 2026-05-31, yes or no as true or false."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
