"""Numbers and amounts of money."""

import operator as python
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import format_currency, format_decimal
from sqlalchemy import ColumnElement

from engine.segments.kinds.kind import UNKNOWN, Kind, Scope, Telling
from engine.segments.kinds.reading import as_number, read_by
from engine.segments.operators import Operator

COMPARE: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQ: python.eq,
    Operator.GT: python.gt,
    Operator.GTE: python.ge,
    Operator.LT: python.lt,
    Operator.LTE: python.le,
}

SIGNS: dict[Operator, str] = {
    Operator.EQ: "{label} is {0}",
    Operator.NE: "{label} is not {0}",
    Operator.GT: "{label} > {0}",
    Operator.GTE: "{label} ≥ {0}",
    Operator.LT: "{label} < {0}",
    Operator.LTE: "{label} ≤ {0}",
    Operator.BETWEEN: "{label} is between {0} and {1}",
    Operator.NOT_BETWEEN: "{label} is not between {0} and {1}",
    Operator.IN: "{label} is {list}",
    Operator.NOT_IN: "{label} is not {list}",
    Operator.IS_EMPTY: "{label} has no value",
    Operator.IS_NOT_EMPTY: "{label} has a value",
}


class Number(Kind):
    """A plain number, e.g. a count."""

    name = "number"
    shows_value = True
    operators = tuple(SIGNS)

    def read(self, operator: Operator, raw: Any) -> Any:
        return read_by(as_number, operator, raw)

    def stored(self, value: Decimal, scope: Scope) -> Any:
        """The value as the database keeps it."""
        return int(value) if value == int(value) else value

    def positive(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        if operator is Operator.IS_EMPTY:
            return column.is_(None)  # type: ignore[no-any-return]
        if operator is Operator.IN:
            return column.in_([self.stored(one, scope) for one in value])  # type: ignore[no-any-return]
        if operator is Operator.BETWEEN:
            return column.between(*(self.stored(one, scope) for one in value))  # type: ignore[no-any-return]
        return COMPARE[operator](column, self.stored(value, scope))  # type: ignore[no-any-return]

    def show(self, value: Decimal, telling: Telling) -> str:
        """One value in the reader's digits."""
        return format_decimal(value, locale=telling.locale)

    def found(self, value: Any, at: datetime, telling: Telling) -> str | None:
        return UNKNOWN if value is None else self.show(Decimal(str(value)), telling)

    def tell(self, label: str, operator: Operator, value: Any, telling: Telling) -> str:
        values = () if value is None else value if isinstance(value, tuple) else (value,)
        shown = [self.show(one, telling) for one in values]
        return SIGNS[operator].format(*shown, label=label, list=either(shown))


class Money(Number):
    """An amount: major units in rules (₹10,000 is 10000, as S4 has it), minor units in the database."""

    name = "money"

    def stored(self, value: Decimal, scope: Scope) -> Any:
        return super().stored(value * scope.minor_units(), scope)

    def found(self, value: Any, at: datetime, telling: Telling) -> str | None:
        minor_units = Scope(at, ZoneInfo("UTC"), telling.currency).minor_units()
        return UNKNOWN if value is None else self.show(Decimal(str(value)) / minor_units, telling)

    def show(self, value: Decimal, telling: Telling) -> str:
        pattern = None if value % 1 else "¤#,##,##0" if telling.locale.endswith("_IN") else "¤#,##0"
        return format_currency(
            value, telling.currency, pattern, locale=telling.locale, currency_digits=bool(value % 1)
        )


def either(shown: list[str]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1]])) if shown else ""
