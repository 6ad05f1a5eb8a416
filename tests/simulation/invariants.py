"""What must hold in every world, whatever happened in it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.core.db import tenant_session
from engine.core.tenants import get_settings, get_tenant
from engine.customers.models import Customer
from engine.delivery.log import node_message_counts
from engine.delivery.models import Message, MessageStatus
from engine.delivery.window import SendWindow, is_open, zone_of
from engine.events.models import QueuedEvent
from engine.journeys.counts import node_counts
from engine.journeys.models import Enrolment, EnrolmentStatus, Step
from engine.journeys.versions import load_plans
from engine.offers.models import CouponCode, GiftCard
from tests.simulation.world import World

WEEK = timedelta(days=7)
LEFT = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ)
RUNNING = (EnrolmentStatus.ACTIVE, EnrolmentStatus.PAUSED)

Found = Iterator[str]


def violations(world: World) -> list[str]:
    """Every broken promise, in a sentence; an empty list is what we want."""
    with tenant_session(world.tenant) as session:
        return [each for check in CHECKS for each in check(world, session)]


def _told_once(world: World, session: Session) -> Found:
    calls = Counter(taken.message_id for taken in world.outside.taken)
    yield from (f"{message} was handed over {times} times" for message, times in calls.items() if times > 1)
    for message in session.scalars(select(Message)):
        if message.status in LEFT and message.id not in calls:
            yield f"{message.id} is {message.status}, but never left"
    twice = session.execute(
        select(Message.enrolment_id, Message.node_id, Message.dedupe_key, func.count())
        .group_by(Message.enrolment_id, Message.node_id, Message.dedupe_key)
        .having(func.count() > 1)
    )
    yield from (f"{row} was queued twice" for row in twice)


def _nothing_lost(world: World, session: Session) -> Found:
    waiting = select(Message.id, Message.status, Message.due_at).where(
        Message.status.in_([MessageStatus.QUEUED, MessageStatus.SENDING])
    )
    for row in session.execute(waiting):
        if row.status == MessageStatus.SENDING or row.due_at <= world.now:
            yield f"message {row.id} is stuck: {row.status}, due {row.due_at}"
    known = set(session.scalars(select(Message.id)))
    yield from (
        f"{taken.message_id} left, but the log knows nothing of it"
        for taken in world.outside.taken
        if taken.message_id not in known
    )
    accepted = {taken.message_id for taken in world.outside.taken}
    for message in session.scalars(select(Message).where(Message.status == MessageStatus.SKIPPED)):
        if message.id in accepted:
            yield f"{message.id} left, but is told as skipped"
    if session.scalar(select(func.count()).select_from(QueuedEvent)):
        yield "events wait for ever"


def _caps_hold(world: World, session: Session) -> Found:
    settings, timezone = get_settings(session), get_tenant(session).timezone
    zones = {
        row.id: zone_of(row.timezone, timezone)
        for row in session.execute(select(Customer.id, Customer.timezone))
    }
    days: dict[UUID, list[Any]] = defaultdict(list)
    counted = select(Message.customer_id, Message.admitted_at).where(
        Message.purpose == "marketing", Message.admitted_at.is_not(None)
    )
    for who, at in session.execute(counted):
        days[who].append(at.astimezone(zones[who]).date())
    for who, dates in days.items():
        for day, number in Counter(dates).items():
            if number > settings.daily_message_limit_per_customer:
                yield f"{who} got {number} marketing messages on {day}"
            week = sum(day <= other < day + WEEK for other in dates)
            if week > settings.weekly_message_limit_per_customer:
                yield f"{who} got {week} marketing messages in the week from {day}"


def _quiet_hours_hold(world: World, session: Session) -> Found:
    settings, timezone = get_settings(session), get_tenant(session).timezone
    window = SendWindow(settings.send_window_start, settings.send_window_end)
    zones = {
        row.id: zone_of(row.timezone, timezone)
        for row in session.execute(select(Customer.id, Customer.timezone))
    }
    marketing = set(session.scalars(select(Message.id).where(Message.purpose == "marketing")))
    for taken in world.outside.taken:
        if taken.message_id in marketing and not is_open(window, zones[taken.customer_id], taken.at):
            yield f"{taken.message_id} left at {taken.at} in {zones[taken.customer_id]}"


def _nothing_after_opt_out(world: World, session: Session) -> Found:
    marketing = set(session.scalars(select(Message.id).where(Message.purpose == "marketing")))
    for taken in world.outside.taken:
        if taken.message_id not in marketing:
            continue
        said = [
            each
            for each in world.said
            if (each.customer_id, each.channel) == (taken.customer_id, taken.channel)
            and each.order < taken.order
        ]
        if not said or not max(said, key=lambda each: each.order).agrees:
            yield f"{taken.message_id} left by {taken.channel} without consent"


def _enrolments_are_legal(world: World, session: Session) -> Found:
    steps: dict[UUID, list[Step]] = defaultdict(list)
    for step in session.scalars(select(Step).order_by(Step.enrolment_id, Step.visit)):
        steps[step.enrolment_id].append(step)
    enrolments = list(session.scalars(select(Enrolment)))
    running = Counter((each.journey_id, each.customer_id) for each in enrolments if each.status in RUNNING)
    yield from (f"{key} runs {times} times" for key, times in running.items() if times > 1)
    plans = load_plans(session, {step.version_id for some in steps.values() for step in some})
    for each in enrolments:
        own = steps[each.id]
        if each.status == EnrolmentStatus.QUARANTINED:
            yield f"{each.id} was quarantined: {each.reason}"
        if (each.due_at is None) is (each.status in RUNNING):
            yield f"{each.id} is {each.status}, due {each.due_at}"
        if each.status == EnrolmentStatus.ACTIVE and each.due_at and each.due_at <= world.now:
            yield f"{each.id} is stuck at {each.node_id} since {each.due_at}"
        visits = [step.visit for step in own]
        left_out = set(range(max(visits, default=-1) + 1)) - set(visits)
        if len(visits) != len(set(visits)) or (left_out and each.moved_visit is None):
            yield f"{each.id} has the visits {visits}"
        if own and own[0].visit == 0 and own[0].node_id != each.trigger_id:
            yield f"{each.id} did not begin at its trigger"
        for before, after in pairwise(own):
            if before.version_id != after.version_id or after.visit != before.visit + 1:
                continue
            way = plans[before.version_id].after(before.node_id, before.port or "")
            if way != after.node_id:
                yield f"{each.id} went from {before.node_id} by {before.port} to {after.node_id}"


def _counters_equal_the_log(world: World, session: Session) -> Found:
    logged: dict[UUID, Counter[str]] = defaultdict(Counter)
    for version_id, node_id in session.execute(select(Step.version_id, Step.node_id)):
        logged[version_id][node_id] += 1
    for version_id, nodes in logged.items():
        counts = node_counts(session, version_id)
        for node_id, number in nodes.items():
            if counts[node_id].passed != number:
                yield f"{node_id}: {counts[node_id].passed} passed, {number} in the log"
        for node_id, states in node_message_counts(session, version_id).items():
            total = sum(number for state, number in states.items() if state in set(MessageStatus))
            kept = session.scalar(
                select(func.count())
                .select_from(Message)
                .where(Message.version_id == version_id, Message.node_id == node_id)
            )
            if total != kept:
                yield f"{node_id}: {total} messages counted, {kept} in the log"


def _given_once(world: World, session: Session) -> Found:
    """Each step left by “given” has its one code, each gift card its step, and nothing else was given."""
    passed = session.execute(
        select(Step.enrolment_id, Step.node_id, Step.visit).where(
            Step.port == "next", Step.node_id.like("coupon_%") | Step.node_id.like("gift_card_%")
        )
    )
    given = Counter(
        (row.enrolment_id, row.node_id, row.visit)
        for model in (CouponCode, GiftCard)
        for row in session.execute(select(model.enrolment_id, model.node_id, model.visit))
    )
    expected = Counter((row.enrolment_id, row.node_id, row.visit) for row in passed)
    yield from (f"{place} was promised and not given" for place in expected - given)
    yield from (f"{place} was given and not earned" for place in given - expected)


CHECKS: tuple[Callable[[World, Session], Found], ...] = (
    _told_once,
    _given_once,
    _nothing_lost,
    _caps_hold,
    _quiet_hours_hold,
    _nothing_after_opt_out,
    _enrolments_are_legal,
    _counters_equal_the_log,
)
