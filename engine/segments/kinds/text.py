"""Texts, lists of tags, ids and yes/no."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, func, literal, or_, select
from sqlalchemy import Text as Words

from engine.segments.kinds.kind import UNKNOWN, Kind, Scope, Telling
from engine.segments.kinds.number import either
from engine.segments.kinds.reading import as_bool, as_id, as_list, as_text, read_by
from engine.segments.models import SegmentMember
from engine.segments.operators import WITH_LIST, Operator

PHRASES: dict[Operator, str] = {
    Operator.EQ: "{label} is {0}",
    Operator.NE: "{label} is not {0}",
    Operator.IN: "{label} is {list}",
    Operator.NOT_IN: "{label} is not {list}",
    Operator.CONTAINS: "{label} contains {0}",
    Operator.NOT_CONTAINS: "{label} does not contain {0}",
    Operator.BEGINS_WITH: "{label} begins with {0}",
    Operator.NOT_BEGINS_WITH: "{label} does not begin with {0}",
    Operator.ENDS_WITH: "{label} ends with {0}",
    Operator.NOT_ENDS_WITH: "{label} does not end with {0}",
    Operator.IS_EMPTY: "{label} has no value",
    Operator.IS_NOT_EMPTY: "{label} has a value",
}

TAG_PHRASES: dict[Operator, str] = {
    Operator.CONTAINS: "has {label} {all}",
    Operator.NOT_CONTAINS: "does not have {label} {all}",
    Operator.IN: "has {label} {list}",
    Operator.NOT_IN: "has none of {label} {list}",
    Operator.EQ: "has {label} {all}",
    Operator.NE: "does not have {label} {all}",
    Operator.IS_EMPTY: "has no {label}",
    Operator.IS_NOT_EMPTY: "has some {label}",
}


def _phrase(phrases: dict[Operator, str], label: str, operator: Operator, shown: list[str]) -> str:
    return phrases[operator].format(*shown, label=label, list=either(shown), all=" and ".join(shown))


class Text(Kind):
    """A text; capital and small letters are the same, so `mumbai` finds Mumbai."""

    name = "text"
    shows_value = True
    operators = tuple(PHRASES)

    def read(self, operator: Operator, raw: Any) -> Any:
        return read_by(as_text, operator, raw)

    def positive(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        if operator is Operator.IS_EMPTY:
            return or_(column.is_(None), column == "")
        if operator is Operator.IN:
            return func.lower(column).in_([one.lower() for one in value])
        answers: dict[Operator, ColumnElement[bool]] = {
            Operator.EQ: func.lower(column) == value.lower(),
            Operator.CONTAINS: column.icontains(value, autoescape=True),
            Operator.BEGINS_WITH: column.istartswith(value, autoescape=True),
            Operator.ENDS_WITH: column.iendswith(value, autoescape=True),
        }
        return answers[operator]

    def found(self, value: Any, at: datetime, telling: Telling) -> str | None:
        return str(value) if value else UNKNOWN

    def tell(self, label: str, operator: Operator, value: Any, telling: Telling) -> str:
        values = () if value is None else value if isinstance(value, tuple) else (value,)
        return _phrase(PHRASES, label, operator, [str(one) for one in values])


class Tags(Kind):
    """A list of words, spelled exactly. `contains` several means all of them, `in` means any of them."""

    name = "tags"
    shows_value = True
    operators = tuple(TAG_PHRASES)

    def read(self, operator: Operator, raw: Any) -> Any:
        if operator in (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY):
            return None
        several = operator in WITH_LIST or isinstance(raw, list)
        return tuple(as_text(one) for one in (as_list(raw) if several else [raw]))

    def positive(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        if operator is Operator.IS_EMPTY:
            return func.cardinality(column) == 0
        sign = "&&" if operator is Operator.IN else "@>"
        return column.bool_op(sign)(literal(list(value), ARRAY(Words)))  # type: ignore[no-any-return]

    def found(self, value: Any, at: datetime, telling: Telling) -> str | None:
        return ", ".join(value) if value else "none"

    def tell(self, label: str, operator: Operator, value: Any, telling: Telling) -> str:
        return _phrase(TAG_PHRASES, label, operator, [str(one) for one in value or ()])


class Identifier(Kind):
    """An id of something with a name, e.g. a branch."""

    name = "id"
    operators = (
        Operator.EQ,
        Operator.NE,
        Operator.IN,
        Operator.NOT_IN,
        Operator.IS_EMPTY,
        Operator.IS_NOT_EMPTY,
    )

    def read(self, operator: Operator, raw: Any) -> Any:
        return read_by(as_id, operator, raw)

    def positive(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        if operator is Operator.IS_EMPTY:
            return column.is_(None)  # type: ignore[no-any-return]
        return column.in_(value if isinstance(value, tuple) else [value])  # type: ignore[no-any-return]

    def tell(self, label: str, operator: Operator, value: Any, telling: Telling) -> str:
        values = () if value is None else value if isinstance(value, tuple) else (value,)
        return _phrase(PHRASES, label, operator, [telling.name(one) for one in values])


class InSegment(Kind):
    """Ids of segments; the customer is in one of them as of its last refresh (`references.py` makes it live)."""

    name = "segment"
    operators = (Operator.IN, Operator.NOT_IN, Operator.EQ, Operator.NE)

    def read(self, operator: Operator, raw: Any) -> Any:
        return read_by(as_id, operator, raw)

    def positive(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        wanted = value if isinstance(value, tuple) else (value,)
        members = select(SegmentMember.customer_id).where(SegmentMember.segment_id.in_(wanted))
        return column.in_(members)  # type: ignore[no-any-return]

    def tell(self, label: str, operator: Operator, value: Any, telling: Telling) -> str:
        values = value if isinstance(value, tuple) else (value,)
        return _phrase(PHRASES, label, operator, [telling.name(one) for one in values])


class Boolean(Kind):
    """Yes or no; no value counts as no."""

    name = "boolean"
    operators = (Operator.EQ, Operator.NE)

    def read(self, operator: Operator, raw: Any) -> Any:
        return as_bool(raw)

    def positive(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        return column.is_(True) if value else column.is_not(True)  # type: ignore[no-any-return]

    def tell(self, label: str, operator: Operator, value: Any, telling: Telling) -> str:
        return label if value is (operator is Operator.EQ) else f"not: {label}"
