"""Letting customers into a journey by hand: by the API, or by a button of the staff (J2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.errors import Conflict, InvalidInput
from engine.core.ids import key_of, new_id
from engine.customers.named import Name, NamedBy, find_named
from engine.journeys.drafts import load_journey
from engine.journeys.entries import Entry, enrol, is_open
from engine.journeys.models import Journey, JourneyStatus
from engine.journeys.nodes.trigger_manual import TriggerManual
from engine.journeys.plan import Plan
from engine.journeys.versions import load_plans

MOST = 10_000
"""Customers in one call."""

CLOSED = "The journey's first day has not come, or its last day is over"
INSIDE = "In this journey already"
BEFORE = "Was in this journey before; its settings do not let customers enter again, or not yet"
UNFIT = "Does not fit what the journey asks of those who enter"

ENTERED = text("""
    SELECT customer_id FROM enrolments
    WHERE tenant_id = :tenant AND journey_id = :journey AND entry_key = ANY(CAST(:keys AS uuid[]))
""")

KNOWN = text("""
    SELECT customer_id, bool_or(status IN ('active', 'paused')) AS inside FROM enrolments
    WHERE journey_id = :journey AND customer_id = ANY(CAST(:customers AS uuid[])) GROUP BY customer_id
""")


@dataclass(frozen=True, slots=True)
class EnrolledByHand:
    """Who entered, and for each reason who did not; `unknown` are those that no customer bears."""

    entered: Sequence[UUID]
    refused: Mapping[str, Sequence[UUID]]
    unknown: Sequence[UUID] = field(default=())


def enrol_by_hand(
    session: Session,
    tenant_id: UUID,
    journey_id: UUID,
    customer_ids: Sequence[UUID],
    *,
    data: Mapping[str, Any],
    key: str | None,
    now: datetime,
) -> EnrolledByHand:
    """Let customers into a live journey by its manual trigger, under the journey's own rules of entry.

    Args:
        data: what templates and branches of the journey read as `event.<name>`.
        key: the caller's idempotency key: the same key lets a customer in once, and answers the same.

    Raises:
        NotFound: there is no such journey.
        Conflict: it is not live, or cannot be entered by hand.
        InvalidInput: more than 10,000 customers.
    """
    if len(customer_ids) > MOST:
        raise InvalidInput(
            f"customers: at most {MOST:,} in one call; send the rest in another.",
            details={"field": "customers"},
        )
    plan, trigger = _door(session, load_journey(session, journey_id))
    wanted = dict.fromkeys(customer_ids)
    names = {each: Name(NamedBy.ID, str(each)) for each in wanted}
    found = find_named(session, tenant_id, list(names.values()))
    known = list(dict.fromkeys(found[name] for name in names.values() if name in found))
    once = key or new_id()
    keys = {each: key_of("by hand", journey_id, trigger.id, each, once) for each in known}
    entries = [Entry(each, trigger, keys[each], dict(data)) for each in known]
    enrol(session, tenant_id, plan, entries, now=now)
    place = {"tenant": tenant_id, "journey": journey_id, "keys": array_literal(keys.values())}
    came = set(session.scalars(ENTERED, place))
    entered = [each for each in known if each in came]
    stayed_out = [each for each in known if each not in came]
    return EnrolledByHand(
        entered,
        _reasons(session, plan, stayed_out, now),
        [each for each, name in names.items() if name not in found],
    )


def _door(session: Session, journey: Journey) -> tuple[Plan, TriggerManual]:
    if journey.status != JourneyStatus.LIVE or journey.live_version_id is None:
        raise Conflict(
            f"“{journey.name}” is {journey.status}: only a live journey lets customers in. Publish or resume it.",
            details={"status": journey.status},
        )
    plan = load_plans(session, [journey.live_version_id]).get(journey.live_version_id)
    for trigger in plan.triggers if plan else ():
        if plan and isinstance(trigger, TriggerManual):
            return plan, trigger
    raise Conflict(
        f"“{journey.name}” cannot be entered by hand. Add the trigger “{TriggerManual.label}” and publish it.",
        details={"trigger": "trigger.manual"},
    )


def _reasons(session: Session, plan: Plan, customers: Sequence[UUID], now: datetime) -> dict[str, list[UUID]]:
    """Why these did not enter, with whom it concerns."""
    if not customers:
        return {}
    if not is_open(session, plan, now):
        return {CLOSED: list(customers)}
    asked = {"journey": plan.journey_id, "customers": array_literal(customers)}
    inside = {row.customer_id: row.inside for row in session.execute(KNOWN, asked)}
    reasons: dict[str, list[UUID]] = {}
    for each in customers:
        reason = UNFIT if each not in inside else INSIDE if inside[each] else BEFORE
        reasons.setdefault(reason, []).append(each)
    return reasons
