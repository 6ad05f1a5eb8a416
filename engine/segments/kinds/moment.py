"""Moments compared with calendar days of the tenant's time zone."""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_

from engine.segments.kinds.days import plain
from engine.segments.kinds.kind import Kind, Scope, Telling
from engine.segments.kinds.reading import as_date, as_days, read_by
from engine.segments.operators import Operator

PHRASES: dict[Operator, str] = {
    Operator.BEFORE: "{label} before {0}",
    Operator.AFTER: "{label} after {0}",
    Operator.EQ: "{label} on {0}",
    Operator.NE: "{label} not on {0}",
    Operator.GT: "{label} after {0}",
    Operator.GTE: "{label} on or after {0}",
    Operator.LT: "{label} before {0}",
    Operator.LTE: "{label} on or before {0}",
    Operator.BETWEEN: "{label} from {0} to {1}",
    Operator.NOT_BETWEEN: "{label} not from {0} to {1}",
    Operator.WITHIN_LAST_DAYS: "{label} within the last {0} days",
    Operator.NOT_WITHIN_LAST_DAYS: "{label} not within the last {0} days",
    Operator.IS_EMPTY: "{label} has no value",
    Operator.IS_NOT_EMPTY: "{label} has a value",
}
IN_DAYS = frozenset({Operator.WITHIN_LAST_DAYS, Operator.NOT_WITHIN_LAST_DAYS})


class Moment(Kind):
    """A date and time. `before` and `after` a day leave that day out; days begin at the tenant's midnight."""

    name = "date"
    operators = tuple(PHRASES)

    def read(self, operator: Operator, raw: Any) -> Any:
        return read_by(as_days if operator in IN_DAYS else as_date, operator, raw)

    def positive(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        if operator is Operator.IS_EMPTY:
            return column.is_(None)  # type: ignore[no-any-return]
        if operator is Operator.WITHIN_LAST_DAYS:
            return and_(column >= scope.days_ago(value), column <= scope.now)
        first, last = value if operator is Operator.BETWEEN else (value, value)
        return _compared(column, operator, begin(first, scope), begin(last + timedelta(days=1), scope))

    def tell(self, label: str, operator: Operator, value: Any, telling: Telling) -> str:
        values = () if value is None else value if isinstance(value, tuple) else (value,)
        shown = [plain(one) if operator in IN_DAYS else one.isoformat() for one in values]
        return PHRASES[operator].format(*shown, label=label)


def begin(day: date, scope: Scope) -> datetime:
    """The moment a day begins for the tenant."""
    return datetime.combine(day, time(), scope.timezone)


def _compared(column: Any, operator: Operator, begins: datetime, ends: datetime) -> ColumnElement[bool]:
    answers: dict[Operator, ColumnElement[bool]] = {
        Operator.BEFORE: column < begins,
        Operator.LT: column < begins,
        Operator.LTE: column < ends,
        Operator.AFTER: column >= ends,
        Operator.GT: column >= ends,
        Operator.GTE: column >= begins,
        Operator.EQ: and_(column >= begins, column < ends),
        Operator.BETWEEN: and_(column >= begins, column < ends),
    }
    return answers[operator]
