"""What follows once it is decided what becomes of messages: those somebody waits for are announced (J3).

Asked in the transaction that decides, whoever decides: admission, hand-over, recovery, receipts. It reads the rows
as they are now, so it may be asked again: an event is recorded once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.ids import key_of
from engine.delivery.happenings import message_event
from engine.delivery.models import MessageStatus
from engine.events.record import record

DECIDED = text("""
    SELECT id, customer_id, channel, journey_id, enrolment_id, node_id, provider, status, code
    FROM messages WHERE id = ANY(CAST(:ids AS uuid[])) AND announce AND status NOT IN ('queued', 'sending')
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


def follow_up(session: Session, tenant_id: UUID, message_ids: Iterable[UUID], *, now: datetime) -> None:
    """Announce those of these messages that are decided; callers leave out those nobody waits for."""
    ids = sorted(set(message_ids))
    if not ids:
        return
    rows = session.execute(DECIDED, {"ids": array_literal(ids)}).all()
    _announce(session, tenant_id, rows, now=now)


def once(name: str, message_id: UUID) -> UUID:
    """The key of an event that happens once to a message, whoever tells of it first."""
    return key_of(name, message_id)


def _announce(session: Session, tenant_id: UUID, rows: Sequence[Any], *, now: datetime) -> None:
    events = []
    for row in rows:
        name = ANNOUNCED[row.status]
        more = {"code": row.code} if row.code else {}
        events.append(
            message_event(row, name, at=now, key=once(name, row.id), source=row.provider or "safar", **more)
        )
    record(session, tenant_id, events, now=now)
