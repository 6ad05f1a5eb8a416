"""One journey lets its customers into another, by the other's manual trigger and under its own rules (J5)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.journeys.decide import EffectDue
from engine.journeys.entries import Entry, enrol
from engine.journeys.models import Journey, JourneyStatus
from engine.journeys.nodes.base import (
    Trigger,
)
from engine.journeys.nodes.outcomes import (
    StartJourney,
)
from engine.journeys.nodes.trigger_manual import TriggerManual
from engine.journeys.plan import Plan
from engine.journeys.versions import load_plans

FROM_JOURNEY = "from_journey"
"""What the entry names the journey by which somebody came; the rest of it is the entry of that journey."""

ROUND = timedelta(hours=1)
"""Journeys that start each other in a circle go round once in this time, instead of as fast as workers can."""

JUST_STARTED = text("""
    SELECT DISTINCT customer_id FROM enrolments
    WHERE journey_id = :journey AND customer_id = ANY(CAST(:customers AS uuid[])) AND entered_at > :since
        AND jsonb_exists(entry, :from_journey)
""")


def start_journeys(session: Session, tenant_id: UUID, due: Sequence[EffectDue], *, now: datetime) -> None:
    """Enrol everybody in the journeys that theirs start; a few statements for each of them.

    A journey that is not live any more, or has lost its manual trigger, admits nobody.
    """
    wishes: dict[UUID, list[EffectDue]] = defaultdict(list)
    for each in due:
        assert isinstance(each.effect, StartJourney)
        wishes[each.effect.journey_id].append(each)
    for plan in _live(session, wishes):
        trigger = next((each for each in plan.triggers if isinstance(each, TriggerManual)), None)
        if trigger is None:
            continue
        some = wishes[plan.journey_id]
        started = _just_started(session, plan, [each.run.customer_id for each in some], now=now)
        entries = [_entry(each, trigger) for each in some if each.run.customer_id not in started]
        enrol(session, tenant_id, plan, entries, now=now)


def _live(session: Session, journeys: Collection[UUID]) -> list[Plan]:
    """In the order of their ids: whoever locks several journeys does so in this order."""
    versions = session.scalars(
        select(Journey.live_version_id).where(Journey.id.in_(journeys), Journey.status == JourneyStatus.LIVE)
    )
    plans = load_plans(session, [each for each in versions if each])
    return sorted(plans.values(), key=lambda plan: plan.journey_id)


def _just_started(session: Session, plan: Plan, customers: Collection[UUID], *, now: datetime) -> set[UUID]:
    asked = {
        "journey": plan.journey_id,
        "customers": array_literal(customers),
        "since": now - ROUND,
        "from_journey": FROM_JOURNEY,
    }
    return set(session.scalars(JUST_STARTED, asked))


def _entry(due: EffectDue, trigger: Trigger) -> Entry:
    properties = {**due.run.entry, FROM_JOURNEY: str(due.run.journey_id)}
    return Entry(due.run.customer_id, trigger, due.key, properties)
