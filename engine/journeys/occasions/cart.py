"""Who has left something in the cart and not ordered."""

from datetime import timedelta
from typing import Any

from sqlalchemy import TextClause, text

from engine.core.bulk import array_literal
from engine.customers.orders import ORDER_COMPLETED
from engine.journeys.calendar_days import Window
from engine.journeys.nodes.trigger_cart import TriggerCart
from engine.journeys.occasions.question import CUSTOMER, Occurrence, Question

CART_EVENTS = ("Product Added", "Cart Viewed", "Checkout Started")

LATEST_NEWS = timedelta(hours=1)
"""A look at the cart of which we hear later than this is too old to remind anybody of."""


def _abandoned(heard_at: str, known: str) -> TextClause:
    """`heard_at`: the column of events that says when we heard of one; `known`: which later ones count."""
    return text(f"""
        SELECT customer.id AS customer_id, cart.id AS event_id, cart.name, cart.properties
        FROM events cart JOIN customers customer ON customer.id = cart.customer_id
        WHERE cart.tenant_id = :tenant AND cart.name = ANY(CAST(:carts AS text[]))
            AND cart.occurred_at > :earliest AND cart.occurred_at <= :latest AND cart.{heard_at} <= :until
            AND greatest(cart.occurred_at + CAST(:after AS interval), cart.{heard_at}) > :done AND {CUSTOMER}
            AND NOT EXISTS (
                SELECT FROM events later
                WHERE later.tenant_id = :tenant AND later.customer_id = cart.customer_id
                    AND later.name = ANY(CAST(:news AS text[]))
                    AND (later.occurred_at, later.id) > (cart.occurred_at, cart.id)
                    AND {known})
    """)


ABANDONED, ABANDONED_THEN = (
    _abandoned("received_at", "true"),
    _abandoned("occurred_at", "later.occurred_at <= :until"),
)
"""A cart comes due so long after the event, or when we hear of it, whichever is later: an event that comes late is
in exactly one window too. Of the past it is taken that we heard of everything when it happened."""


def ask_cart(trigger: TriggerCart, window: Window) -> Question:
    """Whose last look at the cart is so long ago, with no order since."""
    after = timedelta(minutes=trigger.config.minutes)

    def read(row: Any) -> Occurrence:
        data = {**row.properties, "occasion": "cart", "event": row.name, "minutes": trigger.config.minutes}
        return Occurrence(row.customer_id, f"cart:{row.event_id}", data)

    parameters = {
        "carts": array_literal(CART_EVENTS),
        "news": array_literal((*CART_EVENTS, ORDER_COMPLETED)),
        "after": after,
        "done": window.after,
        "until": window.until,
        "earliest": window.after - after - LATEST_NEWS,
        "latest": window.until - after,
    }
    return Question(ABANDONED_THEN if window.as_of else ABANDONED, parameters, read)
