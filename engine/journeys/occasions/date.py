"""Who has a date, kept as an attribute, that has come: once, or every year."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from engine.core.bulk import unnest
from engine.journeys.calendar_days import Window, days_of_the_year
from engine.journeys.nodes.trigger_date import TriggerDate
from engine.journeys.occasions.question import CUSTOMER, DATES, HERE, YEARLY, Occurrence, Question, zoned

_DATED = f"""
    WITH dated AS MATERIALIZED (
        SELECT customer.id, customer.timezone, customer.tenant_id, customer.merged_into, customer.erased_at,
            customer.attributes ->> :attribute AS value
        FROM customers customer WHERE {CUSTOMER} AND jsonb_exists(customer.attributes, :attribute)
    )
"""
"""Attributes have no index: the customers who have this one are read, once a day and zone."""

ON_DATE = text(f"""
    {_DATED} SELECT customer.id AS customer_id, NULL AS year, rows.target
    FROM {unnest(DATES)} JOIN dated customer ON left(customer.value, 10) = rows.target::text
    WHERE {HERE}
""")

EVERY_YEAR = text(f"""
    {_DATED} SELECT customer.id AS customer_id, left(customer.value, 4) AS year, rows.target
    FROM {unnest(YEARLY)} JOIN dated customer ON substr(customer.value, 6, 5)
        = lpad(rows.month::text, 2, '0') || '-' || lpad(rows.day::text, 2, '0')
    WHERE customer.value ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}' AND {HERE}
""")


def ask_date(trigger: TriggerDate, window: Window) -> Question | None:
    """Whose date lies so many days from one that has come due."""
    config = trigger.config
    targets = [(each.zone, each.day - timedelta(days=config.days)) for each in window.days(config.at)]
    if not targets:
        return None

    def read(row: Any) -> Occurrence | None:
        years = row.target.year - int(row.year) if row.year else 0
        if years < 0:
            return None
        data = {
            "occasion": "date",
            "attribute": config.attribute,
            "date": row.target.isoformat(),
            "days": config.days,
        }
        which = f"{config.date}:{row.target.isoformat()}"
        return Occurrence(row.customer_id, which, data | ({"years": years} if row.year else {}))

    if not config.yearly:
        return Question(ON_DATE, zoned(window, DATES, targets, attribute=config.attribute), read)
    rows = [(zone, target, *kept) for zone, target in targets for kept in days_of_the_year(target)]
    return Question(EVERY_YEAR, zoned(window, YEARLY, rows, attribute=config.attribute), read)
