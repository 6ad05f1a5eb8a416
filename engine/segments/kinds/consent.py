"""The state of a consent, kept in rows of its own."""

from typing import Any

from sqlalchemy import ColumnElement

from engine.customers.models import ConsentState, Customer
from engine.segments.kinds.kind import Kind, Scope, Telling
from engine.segments.kinds.number import either
from engine.segments.kinds.reading import read_by
from engine.segments.operators import Operator

PHRASES: dict[Operator, str] = {
    Operator.EQ: "{label} is {list}",
    Operator.NE: "{label} is not {list}",
    Operator.IN: "{label} is {list}",
    Operator.NOT_IN: "{label} is not {list}",
    Operator.IS_EMPTY: "{label} was never asked",
    Operator.IS_NOT_EMPTY: "{label} was asked",
}


class ConsentIs(Kind):
    """`granted`, `denied`, `withdrawn` or `pending`; no value means never asked.

    The column is a selection of `customer_id, state`, so a condition is one set of ids.
    """

    name = "choice"
    operators = tuple(PHRASES)

    def read(self, operator: Operator, raw: Any) -> Any:
        return read_by(_as_state, operator, raw)

    def positive(self, column: Any, operator: Operator, value: Any, scope: Scope) -> ColumnElement[bool]:
        rows = column.subquery()
        if operator is Operator.IS_EMPTY:
            return Customer.id.not_in(rows.select().with_only_columns(rows.c.customer_id))
        wanted = value if isinstance(value, tuple) else (value,)
        return Customer.id.in_(
            rows.select().with_only_columns(rows.c.customer_id).where(rows.c.state.in_(wanted))
        )

    def tell(self, label: str, operator: Operator, value: Any, telling: Telling) -> str:
        values = () if value is None else value if isinstance(value, tuple) else (value,)
        return PHRASES[operator].format(label=label, list=either([str(one) for one in values]))


def _as_state(raw: Any) -> ConsentState:
    try:
        return ConsentState(str(raw).strip().lower())
    except ValueError:
        raise ValueError(f"give one of {', '.join(ConsentState)}") from None
