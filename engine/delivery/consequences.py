"""What follows once it is decided what becomes of messages: another channel takes over, or who waits is told (D4, J3).

Asked in the transaction that decides, whoever decides: admission, hand-over, recovery, receipts. It reads the rows
as they are now, so it may be asked again: a replacement is queued once and an event is recorded once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.errors import Code
from engine.core.ids import key_of
from engine.delivery.happenings import message_event
from engine.delivery.models import MessageStatus
from engine.delivery.outbox import MessageIntent, queue_messages
from engine.events.record import record

FOLLOWED = "(announce OR fallback IS NOT NULL)"
"""Whether anything follows from what becomes of a message, in SQL."""

DECIDED = text(f"""
    SELECT id, dedupe_key, customer_id, channel, purpose, message_type, journey_id, version_id, enrolment_id,
        node_id, variables, fallback, priority, journey_limit, announce, provider, status, code
    FROM messages WHERE id = ANY(CAST(:ids AS uuid[])) AND {FOLLOWED} AND status NOT IN ('queued', 'sending')
""")

ANNOUNCED: Mapping[str, str] = {
    MessageStatus.SENT: "message.sent",
    MessageStatus.DELIVERED: "message.sent",
    MessageStatus.READ: "message.sent",
    MessageStatus.FAILED: "message.failed",
    MessageStatus.SKIPPED: "message.skipped",
    MessageStatus.UNCERTAIN: "message.uncertain",
}
"""The event by the message's state. What arrived was sent, though nobody could say so in time."""

UNSENT = frozenset({MessageStatus.FAILED.value, MessageStatus.SKIPPED.value})

ANOTHER_CHANNEL_HELPS = frozenset(
    {
        Code.UNREACHABLE,
        Code.SUPPRESSED,
        Code.NO_CONSENT,
        Code.CHANNEL_DISABLED,
        Code.DND_REGISTERED,
        Code.WHATSAPP_TEMPLATE_NOT_APPROVED,
        Code.PROVIDER_ERROR,
    }
)
"""Refusals of a channel, not of the message: a customer who opted out is not chased elsewhere."""

TAKEN_OVER = "taken_over"
"""Set in `messages.fallback` when the replacement is queued."""

TAKE_OVER = text("""
    UPDATE messages SET fallback = fallback || CAST(:mark AS jsonb),
        reason = coalesce(reason || '; sent', 'Sent') || ' by ' || (fallback ->> 'channel') || ' instead'
    WHERE id = ANY(CAST(:ids AS uuid[]))
""")


def follow_up(session: Session, tenant_id: UUID, message_ids: Iterable[UUID], *, now: datetime) -> set[UUID]:
    """Queue replacements for those of these messages that another channel can carry, announce the others.

    Returns:
        Those whose replacement is queued, now or before: it announces in their place.
    """
    ids = sorted(set(message_ids))
    rows = session.execute(DECIDED, {"ids": array_literal(ids)}).all() if ids else []
    replaced = {row.id for row in rows if TAKEN_OVER in (row.fallback or {})}
    replaceable = [row for row in rows if row.id not in replaced and can_be_replaced(row)]
    _replace(session, tenant_id, replaceable, now=now)
    replaced |= {row.id for row in replaceable}
    _announce(session, tenant_id, [row for row in rows if row.announce and row.id not in replaced], now=now)
    return replaced


def once(name: str, message_id: UUID) -> UUID:
    """The key of an event that happens once to a message, whoever tells of it first."""
    return key_of(name, message_id)


def can_be_replaced(row: Any) -> bool:
    """Whether another channel can carry what this message could not."""
    return bool(row.fallback) and row.status in UNSENT and row.code in ANOTHER_CHANNEL_HELPS


def _replace(session: Session, tenant_id: UUID, rows: Sequence[Any], *, now: datetime) -> None:
    if not rows:
        return
    queue_messages(session, tenant_id, [replacement(row, now) for row in rows], now=now)
    mark = f'{{"{TAKEN_OVER}": true}}'
    session.execute(TAKE_OVER, {"ids": array_literal([row.id for row in rows]), "mark": mark})


def replacement(row: Any, now: datetime) -> MessageIntent:
    """The same message by the other channel; it has nobody to fall back on."""
    return MessageIntent(
        dedupe_key=key_of(row.dedupe_key, "fallback"),
        customer_id=row.customer_id,
        channel=row.fallback["channel"],
        purpose=row.purpose,
        message_type=row.message_type,
        template_id=UUID(row.fallback["template_id"]),
        due_at=now,
        journey_id=row.journey_id,
        version_id=row.version_id,
        enrolment_id=row.enrolment_id,
        node_id=row.node_id,
        variables=row.variables,
        priority=row.priority,
        journey_limit=row.journey_limit,
        announce=row.announce,
    )


def _announce(session: Session, tenant_id: UUID, rows: Sequence[Any], *, now: datetime) -> None:
    events = []
    for row in rows:
        name = ANNOUNCED[row.status]
        more = {"code": row.code} if row.code else {}
        events.append(
            message_event(row, name, at=now, key=once(name, row.id), source=row.provider or "safar", **more)
        )
    record(session, tenant_id, events, now=now)
