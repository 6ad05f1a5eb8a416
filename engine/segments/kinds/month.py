"""The month of a yearly day, e.g. of a birthday."""

from typing import Any

from babel.dates import get_month_names
from sqlalchemy import ColumnElement, extract

from engine.segments.kinds.kind import Kind, Scope, Telling
from engine.segments.kinds.number import either
from engine.segments.kinds.reading import as_number, read_by
from engine.segments.operators import Operator

PHRASES: dict[Operator, str] = {
    Operator.EQ: "{label} is {list}",
    Operator.NE: "{label} is not {list}",
    Operator.IN: "{label} is {list}",
    Operator.NOT_IN: "{label} is not {list}",
    Operator.IS_EMPTY: "{label} is not known",
    Operator.IS_NOT_EMPTY: "{label} is known",
}
MOVING = {"previous": -1, "current": 0, "next": 1}


class Month(Kind):
    """1 to 12, or `current`, `next`, `previous` (by the tenant's calendar, S4 `birthday_month`)."""

    name = "month"
    operators = tuple(PHRASES)

    def read(self, operator: Operator, raw: Any) -> Any:
        return read_by(_as_month, operator, raw)

    def positive(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        if operator is Operator.IS_EMPTY:
            return column.is_(None)  # type: ignore[no-any-return]
        values = value if isinstance(value, tuple) else (value,)
        return extract("month", column).in_([month_number(one, scope) for one in values])

    def tell(self, label: str, operator: Operator, value: Any, telling: Telling) -> str:
        values = () if value is None else value if isinstance(value, tuple) else (value,)
        names = get_month_names("wide", locale=telling.locale)
        shown = [f"the {one} month" if isinstance(one, str) else names[one] for one in values]
        return PHRASES[operator].format(label=label, list=either(shown))


def month_number(month: int | str, scope: Scope) -> int:
    """1 to 12; `current` is the month in the tenant's time zone at `now`."""
    if isinstance(month, int):
        return month
    return (scope.now.astimezone(scope.timezone).month - 1 + MOVING[month]) % 12 + 1


def _as_month(raw: Any) -> int | str:
    if isinstance(raw, str) and raw.strip().lower() in MOVING:
        return raw.strip().lower()
    try:
        number = as_number(raw)
    except ValueError:
        number = as_number(0)
    if number not in range(1, 13):
        raise ValueError("give a month from 1 to 12, or current, next or previous")
    return int(number)
