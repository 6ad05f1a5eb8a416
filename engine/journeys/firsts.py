"""Which of these events are a customer's first of their kind: first booking, first visit, first order (J2).

Asked of all that is known, not of the order in which it came to us: of two in one batch only the earlier is first.
When one comes late that turns out to be earlier still, `entries` knows who entered by the trigger already.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal, transpose, unnest
from engine.customers.orders import NOT_COUNTED
from engine.journeys.nodes.base import Trigger
from engine.journeys.nodes.trigger_activity import ACTIVITIES, Activity, TriggerActivity
from engine.journeys.plan import Plan

Firsts = Mapping[Activity, frozenset[UUID]]
"""By activity, the events that are the first of it."""

BEFORE: Mapping[Activity, str] = {
    Activity.FIRST_BOOKING: """
        SELECT FROM appointments before
        WHERE before.tenant_id = :tenant AND before.customer_id = rows.customer_id
            AND before.created_at < rows.occurred_at""",
    Activity.FIRST_VISIT_COMPLETED: """
        SELECT FROM appointments before
        WHERE before.tenant_id = :tenant AND before.customer_id = rows.customer_id
            AND before.status = 'completed' AND before.updated_at < rows.occurred_at""",
    Activity.FIRST_ORDER: f"""
        SELECT FROM orders before
        WHERE before.tenant_id = :tenant AND before.customer_id = rows.customer_id
            AND before.status NOT IN {NOT_COUNTED} AND before.ordered_at < rows.occurred_at""",
}
"""What of the same kind is on record, with or without an event: history that was imported."""

_ROWS = {"event_id": "uuid", "customer_id": "uuid", "occurred_at": "timestamptz"}

FIRST = {
    activity: text(f"""
        SELECT rows.event_id FROM {unnest(_ROWS)}
        WHERE NOT EXISTS (
            SELECT FROM events earlier
            WHERE earlier.tenant_id = :tenant AND earlier.customer_id = rows.customer_id
                AND earlier.name = ANY(CAST(:names AS text[]))
                AND (earlier.occurred_at, earlier.id) < (rows.occurred_at, rows.event_id))
        AND NOT EXISTS ({before})
    """)
    for activity, before in BEFORE.items()
}


def firsts_among(session: Session, tenant_id: UUID, rows: Sequence[Any], plans: Iterable[Plan]) -> Firsts:
    """Which of these queued events are firsts, for the activities some plan waits for: one query for each of them."""
    wanted = {first for plan in plans for trigger in plan.triggers if (first := first_of(trigger))}
    found: dict[Activity, frozenset[UUID]] = {}
    for activity in sorted(wanted):
        kind = ACTIVITIES[activity]
        some = [(row.event_id, row.customer_id, row.occurred_at) for row in rows if row.name in kind.events]
        if some:
            asked = {
                "tenant": tenant_id,
                "names": array_literal(sorted(kind.first_of)),
                **transpose(_ROWS, some),
            }
            found[activity] = frozenset(session.scalars(FIRST[activity], asked))
    return found


def first_of(trigger: Trigger) -> Activity | None:
    """The activity whose first time this trigger waits for; None for triggers that take every time."""
    if isinstance(trigger, TriggerActivity) and trigger.kind.first_of:
        return trigger.config.activity
    return None
