"""Who has not come, ordered or booked since a day."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import TextClause, text

from engine.core.bulk import unnest
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

NO_BOOKING = text(f"""
    WITH found AS MATERIALIZED (
        SELECT rows.zone, rows.target, last.customer_id, last.starts_at AS last_at, last.service
        FROM {unnest(SPANS)} JOIN appointments last
            ON last.tenant_id = :tenant AND last.starts_at >= rows.begins AND last.starts_at < rows.ends
        WHERE last.status <> 'cancelled' AND NOT EXISTS (
            SELECT FROM appointments later
            WHERE later.tenant_id = :tenant AND later.customer_id = last.customer_id
                AND later.status <> 'cancelled' AND (later.starts_at, later.id) > (last.starts_at, last.id))
    )
    SELECT rows.* FROM found rows JOIN customers customer ON customer.id = rows.customer_id
    WHERE {HERE}
""")
"""The last appointment that was not cancelled; so nothing is booked after it either."""

SILENT: Mapping[Quiet, TextClause] = {
    Quiet.VISIT: NO_VISIT,
    Quiet.ORDER: NO_ORDER,
    Quiet.BOOKING: NO_BOOKING,
}


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

    return Question(SILENT[config.what], zoned(window, SPANS, rows), read) if rows else None
