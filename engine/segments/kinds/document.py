"""A value inside a JSON document: custom attributes, properties of events."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Numeric, and_, case, cast, func, or_

from engine.segments.kinds.kind import UNKNOWN, Kind, Scope, Telling
from engine.segments.kinds.moment import IN_DAYS, Moment
from engine.segments.kinds.number import Number
from engine.segments.kinds.reading import as_date, as_days, as_number, as_text, read_by
from engine.segments.kinds.text import Text
from engine.segments.operators import Operator

NUMBER = r"^-?[0-9]+(\.[0-9]+)?$"
DAY = r"^\d{4}-\d{2}-\d{2}$"
MOMENT = r"^\d{4}-\d{2}-\d{2}[T ]"
IN_ORDER = frozenset(
    {
        Operator.GT,
        Operator.GTE,
        Operator.LT,
        Operator.LTE,
        Operator.BETWEEN,
        Operator.NOT_BETWEEN,
    }
)
DATES = frozenset({Operator.BEFORE, Operator.AFTER})

NUMBERS, MOMENTS, TEXTS = Number(), Moment(), Text()


class Document(Kind):
    """A value whose type nobody declared: the condition's value decides how it is compared.

    Numbers (also those kept as text) compare as numbers, ISO days as days, everything else as text.
    `contains` looks for an element when the value is a list, for a part of the text otherwise.
    """

    name = "any"
    shows_value = True
    operators = tuple(dict.fromkeys((*Text.operators, *Number.operators, *Moment.operators)))

    def read(self, operator: Operator, raw: Any) -> Any:
        if operator in IN_DAYS:
            return as_days(raw)
        one = as_date if operator in DATES else _in_order if operator in IN_ORDER else _scalar
        return read_by(one, operator, raw)

    def found(self, value: Any, at: datetime, telling: Telling) -> str | None:
        if isinstance(value, list):
            return ", ".join(map(str, value)) or UNKNOWN
        return UNKNOWN if value in (None, "") else str(value)

    def positive(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        text = column.astext
        if operator is Operator.IS_EMPTY:
            return or_(text.is_(None), text.in_(["", "[]", "{}"]))
        if operator is Operator.CONTAINS:
            part = TEXTS.positive(text, operator, str(value), scope)
            return case((func.jsonb_typeof(column) == "array", column.has_key(str(value))), else_=part)
        if operator is Operator.IN:
            return or_(*(self.positive(column, Operator.EQ, one, scope) for one in value))
        return _compared(column, operator, value, scope)

    def tell(self, label: str, operator: Operator, value: Any, telling: Telling) -> str:
        first = value[0] if isinstance(value, tuple) else value
        kinds: dict[type, Kind] = {Decimal: NUMBERS, date: MOMENTS}
        kind = MOMENTS if operator in IN_DAYS else kinds.get(type(first), TEXTS)
        return (kind if operator in kind.operators else TEXTS).tell(label, operator, value, telling)


def _compared(column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
    first = value[0] if isinstance(value, tuple) else value
    if isinstance(first, bool):
        return func.lower(column.astext) == str(value).lower()
    if isinstance(first, date) or operator is Operator.WITHIN_LAST_DAYS:
        return MOMENTS.positive(_moment(column.astext, scope), operator, value, scope)
    if isinstance(first, Decimal):
        return NUMBERS.positive(_number(column.astext), operator, value, scope)
    return TEXTS.positive(column.astext, operator, value, scope)


def _number(text: Any) -> ColumnElement[Any]:
    return case((text.regexp_match(NUMBER), cast(text, Numeric)))


def _moment(text: Any, scope: Scope) -> ColumnElement[Any]:
    day = and_(text.regexp_match(DAY), func.pg_input_is_valid(text, "date"))
    moment = and_(text.regexp_match(MOMENT), func.pg_input_is_valid(text, "timestamptz"))
    local = func.timezone(str(scope.timezone), cast(text, DateTime(timezone=False)))
    return case((day, local), (moment, cast(text, DateTime(timezone=True))))


def _scalar(raw: Any) -> Any:
    if isinstance(raw, bool):
        return raw
    return as_number(raw) if isinstance(raw, int | float) else as_text(raw)


def _in_order(raw: Any) -> Any:
    try:
        return as_number(raw)
    except ValueError:
        pass
    try:
        return as_date(raw)
    except ValueError:
        raise ValueError("give a number or a day such as 2026-11-20") from None
