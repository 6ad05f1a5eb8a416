"""Why a customer is not in a journey: what keeps them out, each reason with its facts (J14)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.core.errors import NotFound
from engine.core.models import Branch
from engine.core.tenants import get_tenant
from engine.customers.models import Customer
from engine.events.models import Event
from engine.journeys.drafts import load_journey
from engine.journeys.facts import scope_of
from engine.journeys.graph import ReentryMode
from engine.journeys.models import RUNNING, Enrolment, Journey, JourneyStatus, JourneyVersion
from engine.journeys.nodes.base import Trigger
from engine.journeys.plan import Plan
from engine.journeys.versions import load_plans
from engine.segments.findings import judge_among, tell_findings, telling_of
from engine.segments.models import SegmentMember
from engine.segments.rules import RuleGroup


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose absence from what is asked about; `entry` is what they would bring, None when nobody knows yet."""

    session: Session
    customer: Customer
    journey: Journey
    plan: Plan
    now: datetime
    entry: Mapping[str, Any] | None = None


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


def kept_out_by(
    session: Session,
    journey: Journey,
    plan: Plan,
    customer: Customer,
    trigger: Trigger,
    entry: Mapping[str, Any],
    *,
    now: datetime,
) -> list[str]:
    """What would keep a customer out who comes to this trigger of a plan with this entry, in sentences."""
    asked = _Asked(session, customer, journey, plan, now, entry)
    reasons = [reason for check in AT_THE_DOOR for reason in check(asked)]
    if not trigger.admits(entry):
        wanted = ", ".join(f"{name} {value}" for name, value in trigger.expects().items())
        reasons.append(f"The trigger asks for {wanted}.")
    rules = plan.rules.get(trigger.id)
    return reasons + (list(_unfit(asked, rules, "The trigger's own conditions do not fit")) if rules else [])


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
    if asked.plan.entry_rules is not None:
        yield from _unfit(asked, asked.plan.entry_rules, "The journey's entry rules do not fit")


def _unfit(asked: _Asked, rules: RuleGroup, told: str) -> Iterator[str]:
    """What was asked and found, if the rules do not fit; silent where they ask for an entry that is not known."""
    if asked.entry is None and any(one.field.startswith("event.") for one in rules.conditions()):
        return
    tenant, who = get_tenant(asked.session), asked.customer.id
    scope = scope_of(tenant, asked.now)
    judged = judge_among(asked.session, rules, [who], scope=scope, entries={who: asked.entry or {}})
    if who in judged.fits:
        return
    found = tell_findings(rules, judged.values.get(who, ()), at=asked.now, telling=telling_of(tenant))
    yield f"{told}{f': {found}' if found else ''}."


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


AT_THE_DOOR = (_dates, _branch, _reentry, _entry_rules)
"""What is asked of everybody who comes to a trigger."""

CHECKS = (*AT_THE_DOOR, _triggers, _members)
"""In the order in which a marketer would look."""
