"""What waits to leave: intents queued once, held and released with their journey."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import as_json, insert_many, transpose, unnest
from engine.core.errors import Code
from engine.core.ids import new_id
from engine.customers.models import Purpose

MARKETING_LIFE = timedelta(days=7)
"""Marketing that caps and quiet hours held for so long is stale; transactional messages do not expire."""

PAUSED = "paused"
UNTIL_RELEASED = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MessageIntent:
    """One thing to tell one customer. `dedupe_key` names it for ever: the same key is queued once (D1).

    `fallback`, `priority`, `journey_limit` and `announce` mean what they mean in `Message`.
    """

    dedupe_key: UUID
    customer_id: UUID
    channel: str
    purpose: str
    message_type: str
    template_id: UUID
    due_at: datetime
    journey_id: UUID | None = None
    version_id: UUID | None = None
    enrolment_id: UUID | None = None
    node_id: str | None = None
    variables: Mapping[str, Any] | None = None
    fallback: Mapping[str, str] | None = None
    priority: int = 0
    journey_limit: int | None = None
    announce: bool = False


@dataclass(frozen=True, slots=True)
class WebhookIntent:
    """One call to a tenant's own endpoint; `dedupe_key` as for messages."""

    dedupe_key: UUID
    customer_id: UUID | None
    enrolment_id: UUID | None
    node_id: str | None
    url: str
    body: Mapping[str, Any]
    due_at: datetime


_MESSAGE = {
    "id": "uuid",
    "tenant_id": "uuid",
    "dedupe_key": "uuid",
    "customer_id": "uuid",
    "channel": "text",
    "purpose": "text",
    "message_type": "text",
    "template_id": "uuid",
    "journey_id": "uuid",
    "version_id": "uuid",
    "enrolment_id": "uuid",
    "node_id": "text",
    "variables": "jsonb",
    "fallback": "jsonb",
    "priority": "smallint",
    "journey_limit": "smallint",
    "announce": "boolean",
    "due_at": "timestamptz",
    "expires_at": "timestamptz",
    "created_at": "timestamptz",
}

_WEBHOOK = {
    "id": "uuid",
    "tenant_id": "uuid",
    "dedupe_key": "uuid",
    "customer_id": "uuid",
    "enrolment_id": "uuid",
    "node_id": "text",
    "url": "text",
    "body": "jsonb",
    "due_at": "timestamptz",
    "created_at": "timestamptz",
}

ONCE = "ON CONFLICT (tenant_id, dedupe_key) DO NOTHING RETURNING id"


def queue_messages(
    session: Session, tenant_id: UUID, intents: Sequence[MessageIntent], *, now: datetime
) -> int:
    """Queue messages in one statement; those queued before are left alone. Returns how many were new."""
    rows = [
        (
            new_id(),
            tenant_id,
            each.dedupe_key,
            each.customer_id,
            each.channel,
            each.purpose,
            each.message_type,
            each.template_id,
            each.journey_id,
            each.version_id,
            each.enrolment_id,
            each.node_id,
            as_json(dict(each.variables or {})),
            as_json(dict(each.fallback)) if each.fallback else None,
            each.priority,
            each.journey_limit,
            each.announce,
            each.due_at,
            each.due_at + MARKETING_LIFE if each.purpose == Purpose.MARKETING else None,
            now,
        )
        for each in intents
    ]
    result = insert_many(session, "messages", _MESSAGE, rows, then=ONCE)
    return len(result.all()) if result else 0


def queue_webhooks(
    session: Session, tenant_id: UUID, intents: Sequence[WebhookIntent], *, now: datetime
) -> int:
    """Queue webhook calls in one statement; returns how many were new."""
    rows = [
        (
            new_id(),
            tenant_id,
            each.dedupe_key,
            each.customer_id,
            each.enrolment_id,
            each.node_id,
            each.url,
            as_json(dict(each.body)),
            each.due_at,
            now,
        )
        for each in intents
    ]
    result = insert_many(session, "outgoing_webhooks", _WEBHOOK, rows, then=ONCE)
    return len(result.all()) if result else 0


def hold_journey(session: Session, journey_id: UUID) -> None:
    """Hold a journey's queued messages until it is resumed; those being handed over leave."""
    session.execute(
        text(
            "UPDATE messages SET due_at = :never, held_code = :code "
            "WHERE journey_id = :journey AND status = 'queued'"
        ),
        {"journey": journey_id, "never": UNTIL_RELEASED, "code": PAUSED},
    )


def release_journey(session: Session, journey_id: UUID, *, now: datetime) -> None:
    """Make a journey's held messages due again; the guard judges each anew."""
    session.execute(
        text(
            "UPDATE messages SET due_at = :now, held_code = NULL "
            "WHERE journey_id = :journey AND status = 'queued' AND held_code = :code"
        ),
        {"journey": journey_id, "now": now, "code": PAUSED},
    )


def skip_journey(session: Session, journey_id: UUID, reason: str) -> None:
    """Give up a journey's queued messages; `reason` is a sentence for the marketer."""
    session.execute(
        text(
            "UPDATE messages SET status = 'skipped', held_code = NULL, reason = :reason "
            "WHERE journey_id = :journey AND status = 'queued'"
        ),
        {"journey": journey_id, "reason": reason},
    )


_ENROLMENT = {"of_customer": "uuid", "of_enrolment": "uuid"}

LEAVE = text(f"""
    UPDATE messages SET status = 'skipped', held_code = NULL, code = :code, reason = :reason
    FROM {unnest(_ENROLMENT)}
    WHERE messages.tenant_id = :tenant AND messages.customer_id = of_customer
        AND messages.enrolment_id = of_enrolment AND messages.status = 'queued'
        AND messages.purpose = 'marketing'
""")


def skip_enrolments(
    session: Session, tenant_id: UUID, enrolments: Sequence[tuple[UUID, UUID]], reason: str
) -> None:
    """Give up the queued marketing of these `(customer, enrolment)` pairs: they left their journey (J6).

    What is being handed over leaves; transactional messages are owed and leave too.
    """
    if enrolments:
        rows = sorted(set(enrolments))
        parameters = {"tenant": tenant_id, "code": Code.LEFT_JOURNEY, "reason": reason}
        session.execute(LEAVE, {**parameters, **transpose(_ENROLMENT, rows)})
