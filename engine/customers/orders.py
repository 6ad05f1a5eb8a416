"""Saving orders: each once by its own number, with its lines, the customers' running totals and their events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.core.bulk import insert_many, transpose, unnest
from engine.core.ids import key_of, new_id
from engine.customers.models import Order
from engine.events.record import NewEvent, record

ORDER_COMPLETED = "Order Completed"
NOT_COUNTED = ("cancelled", "returned", "refunded")
"""Statuses of orders that count in no total and make no event."""

LIVE = timedelta(hours=24)
"""What is older, an order or anything else a customer did, is history: its event starts no journey."""


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One article of an order; the amount is of all pieces together, in minor units."""

    product_id: str
    name: str = ""
    category: str | None = None
    quantity: int = 1
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to save. Without lines, those it has stay."""

    customer_id: UUID
    external_id: str
    ordered_at: datetime
    total_minor: int
    currency: str
    status: str = "placed"
    source: str = "import"
    lines: tuple[OrderItem, ...] = ()


LOCK = text("""
    SELECT id FROM customers
    WHERE tenant_id = :tenant AND (id = ANY(:customers) OR id IN (
        SELECT customer_id FROM orders WHERE tenant_id = :tenant AND external_id = ANY(:orders)
    ))
    ORDER BY id FOR NO KEY UPDATE
""")
"""Those who give and get these orders; locked first, so that totals are counted by one at a time."""

_ORDERS = {
    "id": "uuid",
    "customer_id": "uuid",
    "external_id": "text",
    "status": "text",
    "total_minor": "bigint",
    "currency": "text",
    "ordered_at": "timestamptz",
    "source": "text",
}
_SET = ("customer_id", "status", "total_minor", "currency", "ordered_at")

UPSERT = text(f"""
    INSERT INTO orders (tenant_id, {", ".join(_ORDERS)})
    SELECT :tenant, {", ".join(_ORDERS)} FROM {unnest(_ORDERS)}
    ON CONFLICT (tenant_id, external_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _SET)}
    WHERE ({", ".join(f"orders.{name}" for name in _SET)})
        IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _SET)})
""")

_LINES = {
    "tenant_id": "uuid",
    "order_id": "uuid",
    "line": "smallint",
    "product_id": "text",
    "name": "text",
    "category": "text",
    "quantity": "integer",
    "amount_minor": "bigint",
}

_CUSTOMERS = {"id": "uuid"}

COUNT_TOTALS = text(f"""
    UPDATE customers SET order_count = totals.orders, total_spend_minor = totals.spend,
        first_order_at = totals.first, last_order_at = totals.last, updated_at = :now
    FROM (
        SELECT rows.id, count(orders.id) AS orders, coalesce(sum(orders.total_minor), 0) AS spend,
            min(orders.ordered_at) AS first, max(orders.ordered_at) AS last
        FROM {unnest(_CUSTOMERS)}
        LEFT JOIN orders ON orders.tenant_id = :tenant AND orders.customer_id = rows.id
            AND orders.status <> ALL(:not_counted)
        GROUP BY rows.id
    ) AS totals
    WHERE customers.id = totals.id
        AND (order_count, total_spend_minor, first_order_at, last_order_at)
        IS DISTINCT FROM (totals.orders, totals.spend, totals.first, totals.last)
""")


def save_orders(session: Session, tenant_id: UUID, orders: Sequence[NewOrder], *, now: datetime) -> int:
    """Save orders by their own number, and count the customers' running totals anew (C1, C2).

    A new order makes an event `Order Completed`, once; journeys see it if it is at most 24 hours old. Of
    several orders with one number the last counts. The statements are the same few whatever the number.

    Returns:
        How many orders were new.
    """
    wanted = dict(sorted({order.external_id: order for order in orders}.items()))
    if not wanted:
        return 0
    givers = {order.customer_id for order in wanted.values()}
    touched = session.scalars(
        LOCK, {"tenant": tenant_id, "customers": list(givers), "orders": list(wanted)}
    ).all()
    known = set(session.scalars(select(Order.external_id).where(Order.external_id.in_(wanted))))
    rows = [_order_row(order) for order in wanted.values()]
    session.execute(UPSERT, {"tenant": tenant_id, **transpose(_ORDERS, rows)})
    _replace_lines(session, tenant_id, [order for order in wanted.values() if order.lines])
    count_totals(session, tenant_id, touched, now=now)
    new = [order for number, order in wanted.items() if number not in known]
    events = [_event(order) for order in new if order.status not in NOT_COUNTED]
    record(session, tenant_id, events, now=now, live_after=now - LIVE)
    return len(new)


def count_totals(session: Session, tenant_id: UUID, customer_ids: Sequence[UUID], *, now: datetime) -> None:
    """Count the running totals of these customers anew from their orders, in one statement."""
    values = {"tenant": tenant_id, "id": list(customer_ids), "not_counted": list(NOT_COUNTED), "now": now}
    session.execute(COUNT_TOTALS, values)


def major_units(amount_minor: int, currency: str) -> float | int:
    """An amount as people write it, e.g. 180050 INR is 1800.5."""
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _order_row(order: NewOrder) -> tuple[Any, ...]:
    return (
        new_id(),
        order.customer_id,
        order.external_id,
        order.status,
        order.total_minor,
        order.currency,
        order.ordered_at,
        order.source,
    )


def _replace_lines(session: Session, tenant_id: UUID, orders: Sequence[NewOrder]) -> None:
    numbers = [order.external_id for order in orders]
    if not numbers:
        return
    found = session.execute(select(Order.external_id, Order.id).where(Order.external_id.in_(numbers)))
    ids = {row.external_id: row.id for row in found}
    session.execute(
        text("DELETE FROM order_lines WHERE tenant_id = :tenant AND order_id = ANY(:ids)"),
        {"tenant": tenant_id, "ids": list(ids.values())},
    )
    rows = [
        (
            tenant_id,
            ids[order.external_id],
            place,
            item.product_id,
            item.name,
            item.category,
            item.quantity,
            item.amount_minor,
        )
        for order in orders
        for place, item in enumerate(order.lines, start=1)
    ]
    insert_many(session, "order_lines", _LINES, rows)


def _event(order: NewOrder) -> NewEvent:
    return NewEvent(
        customer_id=order.customer_id,
        name=ORDER_COMPLETED,
        kind="track",
        source=order.source,
        properties=_properties(order),
        context={},
        occurred_at=order.ordered_at,
        key=key_of("order", order.external_id),
    )


def _properties(order: NewOrder) -> Mapping[str, Any]:
    """As the e-commerce spec of Segment names them; money in major units."""
    return {
        "order_id": order.external_id,
        "total": major_units(order.total_minor, order.currency),
        "currency": order.currency,
        "products": [
            {
                "product_id": item.product_id,
                "name": item.name,
                "category": item.category,
                "quantity": item.quantity,
                "price": major_units(item.amount_minor, order.currency),
            }
            for item in order.lines
        ],
    }
