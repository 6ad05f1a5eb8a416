"""Who has not come, ordered or booked since a day."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import TextClause, text

from engine.core.bulk import unnest
from engine.customers.orders import NOT_COUNTED
from engine.journeys.calendar_days import Window
from engine.journeys.nodes.trigger_quiet import Quiet, TriggerQuiet
from engine.journeys.occasions.question import HERE, SPANS, Occurrence, Question, span, zoned

_LAST_SERVICE = """
    LEFT JOIN LATERAL (
        SELECT visit.service FROM appointments visit
        WHERE visit.tenant_id = :tenant AND visit.customer_id = customer.id AND visit.status = 'completed'
        ORDER BY visit.starts_at DESC LIMIT 1
    ) AS visit ON true
"""

NO_VISIT = text(f"""
    SELECT customer.id AS customer_id, customer.last_visit_at AS last_at, rows.target, visit.service
    FROM {unnest(SPANS)} JOIN customers customer
        ON customer.last_visit_at >= rows.begins AND customer.last_visit_at < rows.ends
    {_LAST_SERVICE} WHERE {HERE}
""")

NO_ORDER = text(f"""
    SELECT customer.id AS customer_id, customer.last_order_at AS last_at, rows.target, NULL AS service
    FROM {unnest(SPANS)} JOIN customers customer
        ON customer.last_order_at >= rows.begins AND customer.last_order_at < rows.ends
    WHERE {HERE}
""")


def _nothing_after(table: str, at: str, service: str, counts: str) -> TextClause:
    """The last row of a customer that `counts`, a condition on `this`; none that counts comes after it."""
    last, later = (f"{name}.tenant_id = :tenant AND {counts}" for name in ("last", "later"))
    return text(f"""
        WITH found AS MATERIALIZED (
            SELECT rows.zone, rows.target, last.customer_id, last.{at} AS last_at, {service} AS service
            FROM {unnest(SPANS)} JOIN {table} last ON last.{at} >= rows.begins AND last.{at} < rows.ends
            WHERE {last.replace("this.", "last.")} AND NOT EXISTS (
                SELECT FROM {table} later
                WHERE {later.replace("this.", "later.")} AND later.customer_id = last.customer_id
                    AND (later.{at}, later.id) > (last.{at}, last.id))
        )
        SELECT rows.* FROM found rows JOIN customers customer ON customer.id = rows.customer_id
        WHERE {HERE}
    """)


_VISITS, _ORDERS = ("appointments", "starts_at", "last.service"), ("orders", "ordered_at", "NULL")
BOOKED, CAME = "this.status <> 'cancelled'", "this.status = 'completed' AND this.starts_at <= :until"
ORDERED = f"this.status NOT IN {NOT_COUNTED} AND this.ordered_at <= :until"

SILENT: Mapping[Quiet, TextClause] = {
    Quiet.VISIT: NO_VISIT,
    Quiet.ORDER: NO_ORDER,
    Quiet.BOOKING: _nothing_after(*_VISITS, BOOKED),
}
"""The last appointment that was not cancelled; so nothing is booked after it either."""

WAS_SILENT: Mapping[Quiet, TextClause] = {
    Quiet.VISIT: _nothing_after(*_VISITS, CAME),
    Quiet.ORDER: _nothing_after(*_ORDERS, ORDERED),
    Quiet.BOOKING: _nothing_after(*_VISITS, f"{BOOKED} AND this.created_at <= :until"),
}
"""The same of a moment in the past, asked of the rows themselves: running totals know today only."""


def ask_quiet(trigger: TriggerQuiet, window: Window) -> Question | None:
    """Whose last visit, order or appointment was so many days before one that has come due."""
    config = trigger.config
    due = window.days(config.at)
    rows = [span(window, each, each.day - timedelta(days=config.days)) for each in due]

    def read(row: Any) -> Occurrence:
        last_on = row.target.isoformat()
        data = {
            "occasion": f"no {config.what}",
            "date": last_on,
            "days": config.days,
            f"last_{config.what}_on": last_on,
        }
        which = f"no {config.what}:{row.last_at.isoformat()}"
        return Occurrence(row.customer_id, which, data | ({"service": row.service} if row.service else {}))

    if not rows:
        return None
    if window.as_of:
        return Question(WAS_SILENT[config.what], zoned(window, SPANS, rows, until=window.until), read)
    return Question(SILENT[config.what], zoned(window, SPANS, rows), read)
