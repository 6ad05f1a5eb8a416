"""What nodes want done, carried out for a whole batch: one call a kind of effect, whatever the number of enrolments.

An effect is named for ever by enrolment, node and visit; that name is the dedupe key of what it queues (J9).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.notifications import NewNotification, notify
from engine.core.tenants import get_tenant, today_of
from engine.customers.directory import set_attribute, tag
from engine.customers.followups import NewFollowUp, create_followups
from engine.customers.points import grant_points
from engine.delivery.models import MessageType
from engine.delivery.outbox import MessageIntent, WebhookIntent, queue_messages, queue_webhooks
from engine.journeys.best_hour import best_moments
from engine.journeys.decide import EffectDue
from engine.journeys.nodes.outcomes import (
    CallWebhook,
    ChangeAttribute,
    ChangeList,
    ChangeTags,
    CreateFollowUp,
    GrantCoupon,
    GrantGiftCard,
    GrantPoints,
    NotifyStaff,
    SendMessage,
    SendTime,
    StartJourney,
)
from engine.journeys.plan import Plan
from engine.journeys.starting import start_journeys
from engine.offers.gift_cards import GiftCardGrant, grant_gift_cards
from engine.offers.granting import Grant, grant_codes
from engine.offers.words import load_given, said_before
from engine.segments.membership import add_members, remove_members

SOURCE = "journey"
"""What reminders and notifications name as their origin."""

Apply = Callable[[Session, UUID, Sequence[EffectDue], dict[UUID, Plan], datetime], None]


def apply_effects(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], *, now: datetime
) -> None:
    """Carry out the effects of a batch, in the transaction that moves its enrolments. `plans` by enrolment."""
    kinds: dict[type, list[EffectDue]] = defaultdict(list)
    for each in due:
        kinds[type(each.effect)].append(each)
    for kind, apply in _APPLY.items():
        if kind in kinds:
            apply(session, tenant_id, kinds[kind], plans, now)


def _send(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], now: datetime
) -> None:
    queue_messages(session, tenant_id, message_intents(session, tenant_id, due, plans, now=now), now=now)


def message_intents(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: Mapping[UUID, Plan], *, now: datetime
) -> list[MessageIntent]:
    """What these `SendMessage` effects want queued; reads only. `plans` by enrolment."""
    patient = {
        each.run.customer_id
        for each in due
        if isinstance(each.effect, SendMessage) and each.effect.send_time is SendTime.BEST_HOUR
    }
    best = best_moments(session, tenant_id, patient, now=now)
    speaking = {each.run.id for each in due if plans[each.run.id].gives}
    given = load_given(session, tenant_id, speaking) if speaking else {}
    intents = []
    for each in due:
        effect, run = each.effect, each.run
        assert isinstance(effect, SendMessage)
        waits = effect.send_time is SendTime.BEST_HOUR
        plan = plans[run.id]
        transactional = effect.purpose == MessageType.TRANSACTIONAL
        intents.append(
            MessageIntent(
                dedupe_key=each.key,
                customer_id=run.customer_id,
                channel=effect.channel,
                purpose=effect.purpose,
                message_type=MessageType.TRANSACTIONAL if transactional else MessageType.TRIGGER,
                template_id=effect.template_id,
                journey_id=run.journey_id,
                version_id=plan.version_id,
                enrolment_id=run.id,
                node_id=each.node_id,
                variables={**said_before(given, run.id, each.visit), "event": dict(run.entry)},
                due_at=best.get(run.customer_id, now) if waits else now,
                fallback=_fallback(effect),
                priority=plan.settings.priority.rank,
                journey_limit=plan.settings.message_limit,
                announce=each.node_id in plan.announced,
            )
        )
    return intents


def _fallback(effect: SendMessage) -> dict[str, str] | None:
    other = effect.substitute
    return {"channel": other.channel, "template_id": str(other.template_id)} if other else None


def _change_tags(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], now: datetime
) -> None:
    wishes: dict[tuple[tuple[str, ...], tuple[str, ...]], list[UUID]] = defaultdict(list)
    for each in due:
        assert isinstance(each.effect, ChangeTags)
        wishes[each.effect.add, each.effect.remove].append(each.run.customer_id)
    for (add, remove), customers in wishes.items():
        tag(session, tenant_id, customers, add=add, remove=remove, now=now)


def _change_attributes(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], now: datetime
) -> None:
    wishes: dict[ChangeAttribute, list[UUID]] = defaultdict(list)
    for each in due:
        assert isinstance(each.effect, ChangeAttribute)
        wishes[each.effect].append(each.run.customer_id)
    for wish, customers in wishes.items():
        set_attribute(session, tenant_id, customers, wish.name, wish.value, now=now)


def _call_webhooks(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], now: datetime
) -> None:
    intents = []
    for each in due:
        assert isinstance(each.effect, CallWebhook)
        intents.append(
            WebhookIntent(
                dedupe_key=each.key,
                customer_id=each.run.customer_id,
                enrolment_id=each.run.id,
                node_id=each.node_id,
                url=each.effect.url,
                body=webhook_body(each, each.effect.name),
                due_at=now,
            )
        )
    queue_webhooks(session, tenant_id, intents, now=now)


def webhook_body(due: EffectDue, name: str) -> dict[str, Any]:
    """What the tenant's endpoint is sent."""
    run = due.run
    return {
        "type": name,
        "data": {
            "customer_id": str(run.customer_id),
            "journey_id": str(run.journey_id),
            "enrolment_id": str(run.id),
            "node_id": due.node_id,
            "entered_at": run.entered_at.isoformat(),
            "entry": dict(run.entry),
        },
    }


def _change_lists(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], now: datetime
) -> None:
    wishes: dict[tuple[UUID, bool], list[UUID]] = defaultdict(list)
    for each in due:
        assert isinstance(each.effect, ChangeList)
        wishes[each.effect.segment_id, each.effect.adds].append(each.run.customer_id)
    for (segment_id, adds), customers in sorted(wishes.items()):
        change = add_members if adds else remove_members
        change(session, tenant_id, segment_id, customers, now=now)


def _create_followups(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], now: datetime
) -> None:
    today = today_of(session, now)
    wishes = [
        NewFollowUp(
            each.key,
            each.run.customer_id,
            each.effect.staff_id,
            today + timedelta(days=each.effect.in_days),
            None,
            each.effect.note,
            SOURCE,
        )
        for each in due
        if isinstance(each.effect, CreateFollowUp)
    ]
    create_followups(session, tenant_id, wishes, now=now)


NAMES = text("SELECT id, name FROM customers WHERE id = ANY(CAST(:customers AS uuid[]))")


def _notify(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], now: datetime
) -> None:
    customers = array_literal({each.run.customer_id for each in due})
    names = {row.id: row.name for row in session.execute(NAMES, {"customers": customers})}
    wishes = [
        NewNotification(
            each.key,
            each.effect.user_id,
            SOURCE,
            ": ".join(filter(None, [names.get(each.run.customer_id), each.effect.text])),
            f"/customers/{each.run.customer_id}",
        )
        for each in due
        if isinstance(each.effect, NotifyStaff)
    ]
    notify(session, tenant_id, wishes, now=now)


def _grant_points(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], now: datetime
) -> None:
    today = today_of(session, now)
    grants = [
        (
            each.run.customer_id,
            each.effect.points,
            today + timedelta(days=each.effect.valid_days) if each.effect.valid_days else None,
            str(each.key),
        )
        for each in due
        if isinstance(each.effect, GrantPoints)
    ]
    grant_points(session, tenant_id, grants, now)


def _grant_coupons(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], now: datetime
) -> None:
    grants = [
        Grant(
            each.key,
            each.effect.coupon_id,
            each.run.customer_id,
            each.effect.valid_days,
            each.run.id,
            each.node_id,
            each.visit,
        )
        for each in due
        if isinstance(each.effect, GrantCoupon)
    ]
    grant_codes(session, tenant_id, grants, now=now)


def _grant_gift_cards(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], now: datetime
) -> None:
    minor = 10 ** get_currency_precision(get_tenant(session).currency)
    grants = [
        GiftCardGrant(
            each.key,
            each.run.customer_id,
            each.effect.amount * minor,
            each.effect.valid_days,
            each.run.id,
            each.node_id,
            each.visit,
        )
        for each in due
        if isinstance(each.effect, GrantGiftCard)
    ]
    grant_gift_cards(session, tenant_id, grants, now=now)


def _start_journeys(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], now: datetime
) -> None:
    start_journeys(session, tenant_id, due, now=now)


_APPLY: dict[type, Apply] = {
    GrantCoupon: _grant_coupons,
    GrantGiftCard: _grant_gift_cards,
    SendMessage: _send,
    ChangeTags: _change_tags,
    ChangeAttribute: _change_attributes,
    CallWebhook: _call_webhooks,
    ChangeList: _change_lists,
    CreateFollowUp: _create_followups,
    NotifyStaff: _notify,
    GrantPoints: _grant_points,
    StartJourney: _start_journeys,
}
"""In the order in which they are carried out: messages speak of what was given in the same pass."""
