"""How long ago something happened, in elapsed days of 24 hours."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_

from engine.segments.kinds.kind import UNKNOWN, Kind, Scope, Telling
from engine.segments.kinds.reading import as_days, read_by
from engine.segments.operators import Operator

PHRASES: dict[Operator, str] = {
    Operator.GT: "{label} more than {0} days ago",
    Operator.GTE: "{label} at least {0} days ago",
    Operator.LT: "{label} less than {0} days ago",
    Operator.LTE: "{label} at most {0} days ago",
    Operator.EQ: "{label} {0} days ago",
    Operator.NE: "{label} not {0} days ago",
    Operator.BETWEEN: "{label} {0} to {1} days ago",
    Operator.NOT_BETWEEN: "{label} not {0} to {1} days ago",
    Operator.IS_EMPTY: "no {label} yet",
    Operator.IS_NOT_EMPTY: "has a {label}",
}

HINT = (
    "Days of 24 hours before now. More, less and between hold only for customers to whom it ever happened; "
    "add “has no value” for those to whom it never did."
)


class DaysAgo(Kind):
    """Days since a moment. `gt 30` is more than 30 × 24 h ago; `eq 30` is the whole 31st day (30 ≤ days < 31)."""

    name = "days"
    shows_value = True
    operators = tuple(PHRASES)

    def read(self, operator: Operator, raw: Any) -> Any:
        return read_by(as_days, operator, raw)

    def positive(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        if operator is Operator.IS_EMPTY:
            return column.is_(None)  # type: ignore[no-any-return]
        if operator is Operator.BETWEEN:
            return and_(column <= scope.days_ago(value[0]), column >= scope.days_ago(value[1]))
        return self._compared(column, operator, scope.days_ago(value), scope.days_ago(value + 1))

    @staticmethod
    def _compared(
        column: Any, operator: Operator, then: datetime, day_before: datetime
    ) -> ColumnElement[bool]:
        answers: dict[Operator, ColumnElement[bool]] = {
            Operator.GT: column < then,
            Operator.GTE: column <= then,
            Operator.LT: column > then,
            Operator.LTE: column >= then,
            Operator.EQ: and_(column <= then, column > day_before),
        }
        return answers[operator]

    def found(self, value: Any, at: datetime, telling: Telling) -> str | None:
        if value is None:
            return UNKNOWN
        then = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return f"{(at - then).days} days ago"

    def tell(self, label: str, operator: Operator, value: Any, telling: Telling) -> str:
        values = () if value is None else value if isinstance(value, tuple) else (value,)
        return PHRASES[operator].format(*(plain(one) for one in values), label=label)


def plain(number: Decimal) -> str:
    """A number of days without needless zeros."""
    return f"{number.normalize():f}"
