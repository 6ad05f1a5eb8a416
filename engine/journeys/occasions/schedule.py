"""The members of a segment, or everybody, when a scheduled time has come."""

from typing import Any

from sqlalchemy import text

from engine.journeys.calendar_days import STUDIO, Window
from engine.journeys.nodes.trigger_schedule import TriggerSchedule
from engine.journeys.occasions.question import CUSTOMER, Occurrence, Question

EVERYBODY = text(f"SELECT customer.id AS customer_id FROM customers customer WHERE {CUSTOMER}")

MEMBERS = text(f"""
    SELECT customer.id AS customer_id
    FROM segment_members member JOIN customers customer ON customer.id = member.customer_id
    WHERE member.segment_id = :segment AND {CUSTOMER}
""")


def ask_schedule(trigger: TriggerSchedule, window: Window) -> Question | None:
    """Of several times that were missed, the last counts: nobody wants three newsletters after a power cut."""
    config = trigger.config
    due = [each.day for each in window.days(config.at) if each.zone == STUDIO and trigger.falls_on(each.day)]
    if not due:
        return None
    data = {"occasion": "schedule", "date": due[-1].isoformat(), "at": config.at}
    which = f"schedule:{data['date']}T{config.at}"

    def read(row: Any) -> Occurrence:
        return Occurrence(row.customer_id, which, data)

    if config.segment_id is None:
        return Question(EVERYBODY, {}, read)
    return Question(MEMBERS, {"segment": config.segment_id}, read, config.segment_id)
