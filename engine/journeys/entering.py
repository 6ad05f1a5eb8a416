"""Who enters a journey by each of its triggers within a month, as queries over sets.

What customers did in the last thirty days stands for the next thirty; what the calendar brings is looked up ahead.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, Uuid, and_, bindparam, column, exists, func, literal, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session
from sqlalchemy.sql.visitors import replacement_traverse

from engine.core.tenants import get_tenant
from engine.customers.models import Customer
from engine.events.models import Event
from engine.journeys.calendar_days import LocalDay, Window
from engine.journeys.calendar_zones import load_window
from engine.journeys.firsts import first_of
from engine.journeys.models import Enrolment
from engine.journeys.nodes.base import CalendarTrigger, Trigger
from engine.journeys.nodes.trigger_activity import ACTIVITIES, Activity
from engine.journeys.nodes.trigger_cart import TriggerCart
from engine.journeys.nodes.trigger_inquiry import TriggerInquiry
from engine.journeys.nodes.trigger_manual import TriggerManual
from engine.journeys.nodes.trigger_schedule import TriggerSchedule
from engine.journeys.occasions import question_of
from engine.journeys.plan import Plan
from engine.segments.compiler import matching
from engine.segments.fields import ENTRY
from engine.segments.models import Segment, SegmentMember
from engine.segments.references import expand, segment_rules
from engine.segments.rules import RuleGroup

MONTH = timedelta(days=30)
LOOKS_BACK = (TriggerCart, TriggerInquiry)
"""Calendar triggers that follow what customers do: what they will do is not known ahead."""

FIRST_ON_RECORD = {
    Activity.FIRST_ORDER: Customer.first_order_at,
    Activity.FIRST_VISIT_COMPLETED: Customer.first_visit_at,
}
"""What was imported without events counts, too."""


class Basis(StrEnum):
    """What a number of entries rests on."""

    MEMBERS = "members"
    LAST_DAYS = "last_days"
    NEXT_DAYS = "next_days"
    BY_HAND = "by_hand"


class _Ahead(Window):
    """A window none of whose days is over yet."""

    def days(self, at: str, *, perishable: bool = False) -> list[LocalDay]:
        return Window.days(self, at)


def ask_entering(
    session: Session, tenant_id: UUID, plan: Plan, place: int, trigger: Trigger, now: datetime
) -> Iterator[Select[Any]]:
    """Who enters by the trigger at this place of the plan: rows of `(trigger, basis, customer_id, times)`."""
    if isinstance(trigger, TriggerManual):
        return
    segment_id = trigger.existing_members_of()
    if segment_id is not None:
        fits = _members(session, segment_id, now)
        inside = exists().where(Enrolment.journey_id == plan.journey_id, Enrolment.customer_id == Customer.id)
        yield _row(session, plan, place, Basis.MEMBERS, fits, literal(1), now).where(~inside)
    if isinstance(trigger, TriggerSchedule):
        ahead = _window(session, now, now + MONTH)
        times = sum(
            1 for each in ahead.days(trigger.config.at) if not each.zone and trigger.falls_on(each.day)
        )
        if times:
            fits = _members(session, trigger.config.segment_id, now)
            yield _row(session, plan, place, Basis.NEXT_DAYS, fits, literal(times), now)
    elif isinstance(trigger, CalendarTrigger):
        yield from _by_calendar(session, tenant_id, plan, place, trigger, now)
    elif trigger.events():
        yield _by_event(session, plan, place, trigger, now)


def _row(
    session: Session, plan: Plan, place: int, basis: Basis, fits: Any, times: Any, now: datetime
) -> Select[Any]:
    admitted = _admitted(session, plan, now)
    return select(
        literal(place).label("trigger"),
        literal(basis.value).label("basis"),
        Customer.id.label("customer_id"),
        _capped(plan, times).label("times"),
    ).where(fits, *admitted)


def _capped(plan: Plan, times: Any) -> Any:
    """How often one customer may enter within the thirty days (J6)."""
    most = {"never": 1, "after_days": -(-MONTH.days // plan.settings.reentry_days)}.get(plan.settings.reentry)
    return func.least(times, most, type_=Integer) if most is not None else func.coalesce(times, 0)


def _admitted(session: Session, plan: Plan, now: datetime) -> list[Any]:
    """The journey's own conditions; those that ask about the event are left to the event."""
    conditions = [Customer.merged_into.is_(None), Customer.erased_at.is_(None)]
    if plan.settings.branch_ids:
        conditions.append(Customer.branch_id.in_(plan.settings.branch_ids))
    if plan.entry_rules is not None and not _asks_event(plan.entry_rules):
        conditions.append(_fitting(session, plan.entry_rules, now))
    return conditions


def _by_event(session: Session, plan: Plan, place: int, trigger: Trigger, now: datetime) -> Select[Any]:
    """Of several events of a customer the last says whether the rules fit."""
    since = now - MONTH
    found = (
        select(
            Event.customer_id,
            Event.properties,
            func.count().over(partition_by=Event.customer_id).label("times"),
        )
        .where(
            Event.name.in_(sorted(trigger.events())),
            Event.occurred_at > since,
            Event.occurred_at <= now,
            *(Event.properties[name].astext == value for name, value in trigger.expects().items()),
        )
        .ext(distinct_on(Event.customer_id))
        .order_by(Event.customer_id, Event.occurred_at.desc())
        .subquery(f"found_{place}")
    )
    conditions = [
        _fitting(session, rules, now, entry=found.c.properties)
        for rules in (plan.entry_rules, plan.rules.get(trigger.id))
        if rules is not None
    ]
    times = literal(1) if first_of(trigger) else found.c.times
    return _row(
        session,
        plan,
        place,
        Basis.LAST_DAYS,
        and_(true(), *conditions, *_for_the_first_time(trigger, since)),
        times,
        now,
    ).join(found, found.c.customer_id == Customer.id)


def _for_the_first_time(trigger: Trigger, since: datetime) -> Iterator[Any]:
    activity = first_of(trigger)
    if activity is None:
        return
    yield ~exists().where(
        Event.customer_id == Customer.id,
        Event.name.in_(sorted(ACTIVITIES[activity].first_of)),
        Event.occurred_at <= since,
    )
    if activity in FIRST_ON_RECORD:
        yield func.coalesce(FIRST_ON_RECORD[activity], since) >= since


def _by_calendar(
    session: Session, tenant_id: UUID, plan: Plan, place: int, trigger: CalendarTrigger, now: datetime
) -> Iterator[Select[Any]]:
    looks_back = isinstance(trigger, LOOKS_BACK)
    after, until = (now - MONTH, now) if looks_back else (now, now + MONTH)
    question = question_of(trigger, _window(session, after, until))
    if question is None:
        return
    parameters = {"tenant": tenant_id, **question.parameters}
    meant = (
        question.query.bindparams(
            *(bindparam(name, value, unique=True) for name, value in parameters.items())
        )
        .columns(column("customer_id", Uuid))
        .subquery(f"meant_{place}")
    )
    counted = (
        select(meant.c.customer_id, func.count().label("times")).group_by(meant.c.customer_id).subquery()
    )
    basis = Basis.LAST_DAYS if looks_back else Basis.NEXT_DAYS
    yield _row(session, plan, place, basis, true(), counted.c.times, now).join(
        counted, counted.c.customer_id == Customer.id
    )


def _window(session: Session, after: datetime, until: datetime) -> Window:
    window = load_window(session, after, until, get_tenant(session).timezone)
    return _Ahead(window.after, window.until, window.zones)


def _members(session: Session, segment_id: UUID | None, now: datetime) -> Any:
    """Who is in a segment now, by its rules and not by when they were last looked at; None: everybody."""
    segment = session.get(Segment, segment_id) if segment_id else None
    if segment_id is None:
        return true()
    if segment is None or not segment.is_dynamic:
        return exists().where(
            SegmentMember.segment_id == segment_id, SegmentMember.customer_id == Customer.id
        )
    return _fitting(session, segment_rules(segment), now)


def _fitting(session: Session, rules: RuleGroup, now: datetime, *, entry: Any = None) -> Any:
    tenant = get_tenant(session)
    condition = matching(
        expand(session, rules),
        now=now,
        timezone=tenant.timezone,
        currency=tenant.currency,
        entry=entry is not None,
    )

    def of_the_event(element: Any, **_: Any) -> Any:
        return entry if element is ENTRY.c.properties else None

    return condition if entry is None else replacement_traverse(condition, {}, of_the_event)


def _asks_event(rules: RuleGroup) -> bool:
    return any(each.field.startswith("event.") for each in rules.conditions())
