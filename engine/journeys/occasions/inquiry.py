"""Whose inquiry is still pending."""

from datetime import timedelta
from typing import Any

from sqlalchemy import TextClause, text

from engine.core.bulk import unnest
from engine.journeys.calendar_days import Window
from engine.journeys.nodes.trigger_inquiry import TriggerInquiry
from engine.journeys.occasions.question import HERE, SPANS, Occurrence, Question, span, zoned


def _stalled(pending: str) -> TextClause:
    return text(f"""
        WITH found AS MATERIALIZED (
            SELECT rows.zone, rows.target, inquiry.customer_id, inquiry.id AS inquiry_id, inquiry.subject,
                inquiry.source
            FROM {unnest(SPANS)} JOIN inquiries inquiry
                ON inquiry.tenant_id = :tenant AND {pending}
                AND inquiry.created_at >= rows.begins AND inquiry.created_at < rows.ends
        )
        SELECT rows.* FROM found rows JOIN customers customer ON customer.id = rows.customer_id
        WHERE {HERE}
    """)


STALLED = _stalled("inquiry.status = 'pending'")
STALLED_THEN = _stalled("(inquiry.status = 'pending' OR inquiry.updated_at > :until)")
"""First the few inquiries, by index, then whose they are: PostgreSQL cannot know how few come due in a zone."""


def ask_inquiry(trigger: TriggerInquiry, window: Window) -> Question | None:
    """Who asked so many days before one that has come due, and still waits."""
    config = trigger.config
    due = window.days(config.at)
    rows = [span(window, each, each.day - timedelta(days=config.days)) for each in due]

    def read(row: Any) -> Occurrence:
        data = {
            "occasion": "inquiry",
            "date": row.target.isoformat(),
            "days": config.days,
            "inquiry_id": str(row.inquiry_id),
            "subject": row.subject,
            "source": row.source,
        }
        return Occurrence(row.customer_id, f"inquiry:{row.inquiry_id}", data)

    if not rows:
        return None
    if window.as_of:
        return Question(STALLED_THEN, zoned(window, SPANS, rows, until=window.until), read)
    return Question(STALLED, zoned(window, SPANS, rows), read)
