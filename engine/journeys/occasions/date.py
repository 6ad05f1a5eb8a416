"""Who has a date, kept as an attribute, that has come: once, or every year."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from engine.core.bulk import unnest
from engine.journeys.calendar_days import Window, days_of_the_year
from engine.journeys.nodes.trigger_date import TriggerDate
from engine.journeys.occasions.question import DATES, HERE, YEARLY, Occurrence, Question, zoned

_VALUE = "(customer.attributes ->> :attribute)"

ON_DATE = text(f"""
    SELECT customer.id AS customer_id, NULL AS year, rows.target
    FROM {unnest(DATES)} JOIN customers customer ON left({_VALUE}, 10) = rows.target::text
    WHERE {HERE}
""")

EVERY_YEAR = text(f"""
    SELECT customer.id AS customer_id, left({_VALUE}, 4) AS year, rows.target
    FROM {unnest(YEARLY)} JOIN customers customer
        ON substr({_VALUE}, 6, 5) = lpad(rows.month::text, 2, '0') || '-' || lpad(rows.day::text, 2, '0')
    WHERE {_VALUE} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}' AND {HERE}
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
