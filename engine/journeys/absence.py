"""Why a customer is not in a journey: what keeps them out, each reason with its facts (J14)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.core.errors import NotFound
from engine.core.models import Branch
from engine.core.tenants import get_tenant
from engine.customers.models import Customer
from engine.events.models import Event
from engine.journeys.facts import scope_of
from engine.journeys.graph import ReentryMode
from engine.journeys.journeys import load_journey
from engine.journeys.models import RUNNING, Enrolment, Journey, JourneyStatus, JourneyVersion
from engine.journeys.nodes.base import Trigger
from engine.journeys.plan import Plan
from engine.journeys.versions import load_plans
from engine.segments.findings import judge_among, tell_findings, telling_of
from engine.segments.models import SegmentMember


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose absence from what is asked about."""

    session: Session
    customer: Customer
    journey: Journey
    plan: Plan
    now: datetime


def explain_absence(session: Session, journey_id: UUID, customer_id: UUID, *, now: datetime) -> list[str]:
    """What keeps a customer from entering a journey, in sentences; empty when nothing does.

    Raises:
        NotFound: there is no such journey or customer.
    """
    journey = load_journey(session, journey_id)
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise NotFound("This customer does not exist. They may have been merged or erased.")
    if journey.live_version_id is None:
        return ["The journey was never published."]
    if journey.status != JourneyStatus.LIVE:
        return [f"The journey is {journey.status}: nobody enters."]
    plan = load_plans(session, [journey.live_version_id])[journey.live_version_id]
    asked = _Asked(session, customer, journey, plan, now)
    return [reason for check in CHECKS for reason in check(asked)]


@dataclass(frozen=True, slots=True)
class Absence:
    """A live journey a customer is not in now."""

    journey_id: UUID
    journey: str


def journeys_without(session: Session, customer_id: UUID) -> list[Absence]:
    """The live journeys this customer is not under way in, by name."""
    inside = select(Enrolment.journey_id).where(
        Enrolment.customer_id == customer_id,
        Enrolment.status.in_(RUNNING),
    )
    rows = session.execute(
        select(Journey.id, Journey.name)
        .where(Journey.status == JourneyStatus.LIVE, Journey.id.not_in(inside))
        .order_by(func.lower(Journey.name))
    )
    return [Absence(row.id, row.name) for row in rows]


def _dates(asked: _Asked) -> Iterator[str]:
    settings = asked.plan.settings
    today = asked.now.astimezone(ZoneInfo(get_tenant(asked.session).timezone)).date()
    if settings.starts_on and today < settings.starts_on:
        yield f"The journey opens on {settings.starts_on:%d %b %Y}."
    if settings.ends_on and today > settings.ends_on:
        yield f"The journey's last day was {settings.ends_on:%d %b %Y}."


def _branch(asked: _Asked) -> Iterator[str]:
    wanted = asked.plan.settings.branch_ids
    if not wanted or asked.customer.branch_id in wanted:
        return
    names = asked.session.scalars(select(Branch.name).where(Branch.id.in_(wanted)).order_by(Branch.name))
    yield f"Only customers of {', '.join(names)} enter, and this one belongs to another branch."


def _reentry(asked: _Asked) -> Iterator[str]:
    last = asked.session.scalars(
        select(Enrolment)
        .where(Enrolment.journey_id == asked.journey.id, Enrolment.customer_id == asked.customer.id)
        .order_by(Enrolment.entered_at.desc())
        .limit(1)
    ).first()
    if last is None:
        return
    settings = asked.plan.settings
    if last.status in RUNNING:
        yield f"They are in it already, since {last.entered_at:%d %b %Y}."
    elif settings.reentry is ReentryMode.NEVER:
        yield f"They were in it on {last.entered_at:%d %b %Y}, and nobody enters twice."
    elif settings.reentry is ReentryMode.AFTER_DAYS:
        again = last.entered_at + timedelta(days=settings.reentry_days)
        if asked.now < again:
            yield f"They were in it on {last.entered_at:%d %b %Y} and may enter again on {again:%d %b %Y}."


def _entry_rules(asked: _Asked) -> Iterator[str]:
    rules = asked.plan.entry_rules
    if rules is None or any(one.field.startswith("event.") for one in rules.conditions()):
        return
    tenant = get_tenant(asked.session)
    scope = scope_of(tenant, asked.now)
    judged = judge_among(asked.session, rules, [asked.customer.id], scope=scope, entries={})
    if asked.customer.id in judged.fits:
        return
    telling = telling_of(tenant)
    found = tell_findings(rules, judged.values.get(asked.customer.id, ()), at=asked.now, telling=telling)
    yield f"The journey's entry rules do not fit{f': {found}' if found else ''}."


def _triggers(asked: _Asked) -> Iterator[str]:
    listening = [trigger for trigger in asked.plan.triggers if trigger.events()]
    if len(listening) < len(asked.plan.triggers):
        return
    published = asked.session.scalar(
        select(func.min(JourneyVersion.published_at)).where(JourneyVersion.journey_id == asked.journey.id)
    )
    last = _last_events(asked, listening)
    for trigger in listening:
        came = max((last[name] for name in trigger.events() if name in last), default=None)
        if came is None:
            yield f"{trigger.sentence()}: that has never happened to them."
        elif published and came < published:
            yield f"{trigger.sentence()}: last on {came:%d %b %Y}, before the journey was published."


def _last_events(asked: _Asked, triggers: Sequence[Trigger]) -> dict[str, datetime]:
    names = {name for trigger in triggers for name in trigger.events()}
    rows = asked.session.execute(
        select(Event.name, func.max(Event.occurred_at).label("at"))
        .where(Event.customer_id == asked.customer.id, Event.name.in_(names))
        .group_by(Event.name)
    )
    return {row.name: row.at for row in rows}


def _members(asked: _Asked) -> Iterator[str]:
    wanted = {segment_id for each in asked.plan.triggers if (segment_id := each.existing_members_of())}
    if not wanted:
        return
    member = select(SegmentMember.segment_id).where(
        SegmentMember.customer_id == asked.customer.id, SegmentMember.segment_id.in_(wanted)
    )
    if not asked.session.scalars(member.limit(1)).first():
        yield "They are not in the segment by which customers enter."


CHECKS = (_dates, _branch, _reentry, _entry_rules, _triggers, _members)
"""In the order in which a marketer would look."""
