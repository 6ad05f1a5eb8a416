"""Orders out of `Order Completed` events, as Segment's e-commerce specification writes them (I2)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision, is_currency

from engine.customers.orders import NewOrder, OrderItem

TOTALS = ("total", "revenue", "value", "subtotal")
"""Properties that may hold what was paid, the best first."""

LARGEST_AMOUNT = 10**15
"""Minor units; whatever is above is a mistake."""

MOST_PIECES = 1_000_000
LONGEST_ID = 255


def order_id(properties: Mapping[str, Any]) -> str | None:
    """The shop's number of the order; None when there is none that can be kept."""
    number = properties.get("order_id")
    if isinstance(number, bool) or not isinstance(number, (str, int)):
        return None
    written = str(number).strip()
    return written if 0 < len(written) <= LONGEST_ID else None


def read_order(
    properties: Mapping[str, Any], *, number: str, customer_id: UUID, at: datetime, currency: str, source: str
) -> NewOrder:
    """The order of an `Order Completed` event; amounts there are in major units, here in minor ones.

    Args:
        currency: the tenant's, when the event names none.

    Raises:
        ValueError: the total cannot be read; the message says what it must be.
    """
    named = properties.get("currency")
    code = named.upper() if isinstance(named, str) and is_currency(named.upper()) else currency
    lines = tuple(_lines(properties.get("products"), code))
    said = next((properties[name] for name in TOTALS if properties.get(name) is not None), None)
    if said is None and not lines:
        raise ValueError("total: is missing")
    total = read_minor(said, code) if said is not None else sum(line.amount_minor for line in lines)
    if total is None:
        raise ValueError("total: must be an amount, e.g. 1499.50")
    return NewOrder(customer_id, number, at, total, code, source=source, lines=lines)


def _lines(products: Any, currency: str) -> Iterable[OrderItem]:
    for product in products if isinstance(products, list) else ():
        if not isinstance(product, dict):
            continue
        product_id = product.get("product_id") or product.get("sku") or product.get("id")
        if not isinstance(product_id, (str, int)):
            continue
        category = product.get("category")
        quantity = _quantity(product.get("quantity"))
        yield OrderItem(
            product_id=str(product_id)[:LONGEST_ID],
            name=str(product.get("name") or "")[:LONGEST_ID],
            category=str(category)[:LONGEST_ID] if category else None,
            quantity=quantity,
            amount_minor=(read_minor(product.get("price"), currency) or 0) * quantity,
        )


def _quantity(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 1
    return int(value) if 1 <= value <= MOST_PIECES else 1


def read_minor(value: Any, currency: str) -> int | None:
    """An amount in major units as a number or text, in minor ones; None when it is no amount we keep."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < LARGEST_AMOUNT:
        return None
    minor = int((amount.scaleb(get_currency_precision(currency))).to_integral_value())
    return minor if minor < LARGEST_AMOUNT else None
