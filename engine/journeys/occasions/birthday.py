"""Who has a birthday or anniversary, or will have, or had."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from engine.core.bulk import array_literal, unnest
from engine.journeys.calendar_days import Window, days_of_the_year
from engine.journeys.nodes.trigger_birthday import Occasion, TriggerBirthday
from engine.journeys.occasions.question import HERE, YEARLY, Occurrence, Question, zoned

NO_YEARS = frozenset({1, 1600, 1604, 1900, 1904})
"""Years that stand for “unknown” where forms and old systems must write one."""

KEPT = {
    occasion: text(f"""
        SELECT customer.id AS customer_id, customer.{occasion} AS since, rows.target
        FROM {unnest(YEARLY)} JOIN customers customer
            ON customer.{occasion}_mmdd = rows.month * 100 + rows.day
        WHERE customer.{occasion}_mmdd = ANY(CAST(:mmdd AS smallint[])) AND {HERE}
    """)
    for occasion in Occasion
}


def ask_birthday(trigger: TriggerBirthday, window: Window) -> Question | None:
    """Whose day lies so many days from one that has come due; what is over is let go."""
    config = trigger.config
    due = window.days(config.at, perishable=trigger.perishable)
    targets = [(each.zone, each.day - timedelta(days=config.days)) for each in due]
    rows = [(zone, target, *kept) for zone, target in targets for kept in days_of_the_year(target)]

    def read(row: Any) -> Occurrence | None:
        years = row.target.year - row.since.year if row.since.year not in NO_YEARS else None
        if years is not None and years < 1:
            return None
        data = {"occasion": config.occasion.value, "date": row.target.isoformat(), "days": config.days}
        counted = {"years": years} if years is not None else {}
        if counted and config.occasion is Occasion.BIRTHDAY:
            counted["turns"] = years
        return Occurrence(row.customer_id, f"{config.occasion}:{row.target.year}", data | counted)

    mmdd = array_literal({month * 100 + day for _, _, month, day in rows})
    return Question(KEPT[config.occasion], zoned(window, YEARLY, rows, mmdd=mmdd), read) if rows else None
