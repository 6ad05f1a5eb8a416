"""What an event means for those who are under way: it wakes whom it concerns, and it may be the goal.

An event only wakes; what it means is asked of the events themselves when the enrolment is looked at (`facts.py`), so
that nothing is lost when it comes late, twice or in another order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal, transpose, unnest
from engine.core.tenants import get_tenant
from engine.delivery.outbox import MARKETING_LIFE, skip_enrolments
from engine.events.models import Event, EventInterest
from engine.journeys.counts import count_converted
from engine.journeys.facts import event_fits, listenings, scope_of
from engine.journeys.models import RUNNING, Enrolment
from engine.journeys.plan import Plan
from engine.journeys.versions import load_plans

_HEARD = {"customer_id": "uuid", "name": "text"}

WAKE = text(f"""
    WITH concerned AS (
        SELECT enrolment.id FROM {unnest(_HEARD)}
        JOIN event_interests interest ON interest.tenant_id = :tenant AND interest.name = rows.name
        JOIN enrolments enrolment ON enrolment.journey_id = interest.listener
            AND enrolment.customer_id = rows.customer_id
        WHERE enrolment.status IN ('active', 'paused') AND enrolment.due_at > :now
        ORDER BY enrolment.id FOR UPDATE OF enrolment
    )
    UPDATE enrolments SET due_at = :now FROM concerned WHERE enrolments.id = concerned.id
""")
"""Locks in the order of ids, so that two batches of events never wait for each other in a circle."""

_CONVERTED = {"customer_id": "uuid", "at": "timestamptz"}

CONVERT = text(f"""
    WITH reached AS (
        UPDATE enrolments SET converted_at = rows.at
        FROM {unnest(_CONVERTED)}
        WHERE enrolments.journey_id = :journey AND enrolments.customer_id = rows.customer_id
            AND enrolments.converted_at IS NULL AND enrolments.finished_at IS NOT NULL
            AND enrolments.entered_at <= rows.at AND enrolments.entered_at >= rows.at - CAST(:within AS interval)
        RETURNING enrolments.id, enrolments.converted_at
    )
    {count_converted("reached")}
""")
"""Those who come to the goal after the journey's end; the steps they had done count them."""

FINISHED = text("""
    SELECT customer_id, id FROM enrolments
    WHERE journey_id = :journey AND customer_id = ANY(CAST(:customers AS uuid[])) AND finished_at > :since
""")


def listen(session: Session, tenant_id: UUID, journey_id: UUID, admitting: Plan | None) -> None:
    """Make the events of a journey known to the recording of events: those of its triggers while it admits customers
    (`admitting` is the version they would enter), and those that concern who is under way in any version."""
    names: set[str] = set()
    if admitting is not None:
        names.update(*(trigger.events() for trigger in admitting.triggers), admitting.wakes)
    running = select(Enrolment.version_id).where(
        Enrolment.journey_id == journey_id, Enrolment.status.in_(RUNNING)
    )
    for plan in load_plans(session, set(session.scalars(running.distinct()))).values():
        names |= plan.wakes
    session.execute(delete(EventInterest).where(EventInterest.listener == journey_id))
    session.add_all(
        EventInterest(tenant_id=tenant_id, name=name, listener=journey_id) for name in sorted(names)
    )
    session.flush()


def wake(session: Session, tenant_id: UUID, rows: Sequence[Any], *, now: datetime) -> None:
    """Make due whoever is under way in a journey that listens to one of these events; one statement."""
    heard = sorted({(row.customer_id, row.name) for row in rows})
    session.execute(WAKE, {"tenant": tenant_id, "now": now, **transpose(_HEARD, heard)})


def note_finished(
    session: Session, tenant_id: UUID, plan: Plan, rows: Sequence[Any], *, now: datetime
) -> None:
    """What these events mean for those who came to the journey's end: a goal counts for so many days after entering,
    and what still waits in the outbox for somebody who has reached it or replied is not sent."""
    rows = [row for row in rows if row.name in plan.exit_events]
    if not rows:
        return
    rows = _fitting(session, plan, rows, now)
    settings = plan.settings
    reached = sorted({(row.customer_id, row.occurred_at) for row in rows if row.name == settings.goal_event})
    if reached:
        within = timedelta(days=settings.goal_days)
        session.execute(
            CONVERT,
            {
                "tenant": tenant_id,
                "journey": plan.journey_id,
                "within": within,
                **transpose(_CONVERTED, reached),
            },
        )
    leaving = {row.customer_id for row in rows if row.name != settings.goal_event or settings.leave_on_goal}
    if not leaving:
        return
    finished = session.execute(
        FINISHED,
        {
            "journey": plan.journey_id,
            "customers": array_literal(leaving),
            "since": now - 2 * MARKETING_LIFE,
        },
    )
    ended = [(row.customer_id, row.id) for row in finished]
    if ended:
        skip_enrolments(session, tenant_id, ended, "The customer reached the goal or replied meanwhile")


def _fitting(session: Session, plan: Plan, rows: Sequence[Any], now: datetime) -> list[Any]:
    """Those of the events whose properties fit what the journey asks of its goal."""
    if not plan.settings.goal_where:
        return list(rows)
    scope = scope_of(get_tenant(session), now)
    fits = or_(*(event_fits(each, scope) for each in listenings(plan)))
    fitting = set(session.scalars(select(Event.id).where(Event.id.in_([row.event_id for row in rows]), fits)))
    return [row for row in rows if row.event_id in fitting]
