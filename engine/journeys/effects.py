"""What nodes want done, carried out for a whole batch: one call a kind of effect, whatever the number of enrolments.

An effect is named for ever by enrolment, node and visit; that name is the dedupe key of what it queues (J9).
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine.core.ids import key_of
from engine.customers.directory import set_attribute, tag
from engine.delivery.models import MessageType
from engine.delivery.outbox import MessageIntent, WebhookIntent, queue_messages, queue_webhooks
from engine.journeys.best_hour import best_moments
from engine.journeys.decide import EffectDue
from engine.journeys.nodes.base import CallWebhook, ChangeAttribute, ChangeTags, SendMessage, SendTime
from engine.journeys.plan import Plan

Apply = Callable[[Session, UUID, Sequence[EffectDue], dict[UUID, Plan], datetime], None]


def apply_effects(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], *, now: datetime
) -> None:
    """Carry out the effects of a batch, in the transaction that moves its enrolments. `plans` by enrolment."""
    kinds: dict[type, list[EffectDue]] = defaultdict(list)
    for each in due:
        kinds[type(each.effect)].append(each)
    for kind, some in kinds.items():
        _APPLY[kind](session, tenant_id, some, plans, now)


def _send(
    session: Session, tenant_id: UUID, due: Sequence[EffectDue], plans: dict[UUID, Plan], now: datetime
) -> None:
    patient = {
        each.run.customer_id
        for each in due
        if isinstance(each.effect, SendMessage) and each.effect.send_time is SendTime.BEST_HOUR
    }
    best = best_moments(session, tenant_id, patient, now=now)
    intents = []
    for each in due:
        effect, run = each.effect, each.run
        assert isinstance(effect, SendMessage)
        waits = effect.send_time is SendTime.BEST_HOUR
        plan = plans[run.id]
        transactional = effect.purpose == MessageType.TRANSACTIONAL
        intents.append(
            MessageIntent(
                dedupe_key=_name(each),
                customer_id=run.customer_id,
                channel=effect.channel,
                purpose=effect.purpose,
                message_type=MessageType.TRANSACTIONAL if transactional else MessageType.TRIGGER,
                template_id=effect.template_id,
                journey_id=run.journey_id,
                version_id=plan.version_id,
                enrolment_id=run.id,
                node_id=each.node_id,
                variables={"event": dict(run.entry)},
                due_at=best.get(run.customer_id, now) if waits else now,
                fallback=_fallback(effect),
                priority=plan.settings.priority.rank,
                journey_limit=plan.settings.message_limit,
                announce=each.node_id in plan.announced,
            )
        )
    queue_messages(session, tenant_id, intents, now=now)


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
                dedupe_key=_name(each),
                customer_id=each.run.customer_id,
                enrolment_id=each.run.id,
                node_id=each.node_id,
                url=each.effect.url,
                body=_webhook_body(each, each.effect.name),
                due_at=now,
            )
        )
    queue_webhooks(session, tenant_id, intents, now=now)


def _webhook_body(due: EffectDue, name: str) -> dict[str, Any]:
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


def _name(due: EffectDue) -> UUID:
    return key_of(due.run.id, due.node_id, due.visit)


_APPLY: dict[type, Apply] = {
    SendMessage: _send,
    ChangeTags: _change_tags,
    ChangeAttribute: _change_attributes,
    CallWebhook: _call_webhooks,
}
