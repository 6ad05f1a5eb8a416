"""The message log, read: by customer, by node, by filter (D6, J14)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.core.bulk import insert_many
from engine.delivery.case import Hold
from engine.delivery.models import Message, MessageHold, MessageStatus
from engine.templates.models import Template

SENT = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ)
"""The states of a message that left, whatever is known of it since."""

DELIVERED = (MessageStatus.DELIVERED, MessageStatus.READ)
WAITING = Message.status.in_((MessageStatus.QUEUED, MessageStatus.SENDING))


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as lists show it; `told` is why it waits or did not leave."""

    id: UUID
    customer_id: UUID
    channel: str
    status: str
    template: str
    text: str
    code: str
    told: str
    created_at: datetime
    at: datetime
    opened_at: datetime | None
    clicked_at: datetime | None
    journey_id: UUID | None


@dataclass(frozen=True, slots=True)
class HoldRow:
    """One time a message was held: when, until when, by which rule, and the facts in words."""

    at: datetime
    until: datetime
    code: str
    reason: str


_HOLD = {
    "tenant_id": "uuid",
    "message_id": "uuid",
    "at": "timestamptz",
    "until": "timestamptz",
    "code": "text",
    "reason": "text",
}


def log_holds(
    session: Session, tenant_id: UUID, holds: Iterable[tuple[UUID, Hold]], *, now: datetime
) -> None:
    """Keep why messages are held, in the transaction that holds them (J14)."""
    rows = [(tenant_id, message_id, now, hold.until, hold.code, hold.reason) for message_id, hold in holds]
    insert_many(session, "message_holds", _HOLD, rows)


def message_holds(session: Session, message_ids: Iterable[UUID]) -> dict[UUID, list[HoldRow]]:
    """Each time these messages were held, the earliest first; a message that never was is missing."""
    holds: dict[UUID, list[HoldRow]] = defaultdict(list)
    query = select(MessageHold).where(MessageHold.message_id.in_(set(message_ids))).order_by(MessageHold.seq)
    for each in session.scalars(query):
        holds[each.message_id].append(HoldRow(each.at, each.until, each.code, each.reason))
    return dict(holds)


def customer_messages(session: Session, customer_id: UUID, *, limit: int = 50) -> list[MessageRow]:
    """A customer's messages, the newest first."""
    return message_log(session, customer_id=customer_id, limit=limit)


def message_log(
    session: Session,
    *,
    customer_id: UUID | None = None,
    journey_id: UUID | None = None,
    status: str | None = None,
    before: datetime | None = None,
    limit: int = 50,
) -> list[MessageRow]:
    """Messages that fit all that is given, the newest first; `before` continues a list (created earlier than)."""
    query = select(Message, Template.name).outerjoin(Template, Template.id == Message.template_id)
    if customer_id:
        query = query.where(Message.customer_id == customer_id)
    if journey_id:
        query = query.where(Message.journey_id == journey_id)
    if status:
        query = query.where(Message.status == status)
    if before:
        query = query.where(Message.created_at < before)
    query = query.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit)
    return [_row(message, name) for message, name in session.execute(query)]


def node_message_counts(session: Session, version_id: UUID) -> dict[str, dict[str, int]]:
    """How many messages of each node are in which state; `held` (of those that wait), `opened` and `clicked` count
    besides."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    rows = session.execute(
        select(
            Message.node_id,
            Message.status,
            func.count().label("number"),
            func.count(Message.opened_at).label("opened"),
            func.count(Message.clicked_at).label("clicked"),
            func.count().filter(WAITING, Message.held_code.is_not(None)).label("held"),
        )
        .where(Message.version_id == version_id, Message.node_id.is_not(None))
        .group_by(Message.node_id, Message.status)
    )
    for row in rows:
        states = counts[row.node_id]
        states[row.status] = row.number
        for mark, number in (("opened", row.opened), ("clicked", row.clicked), ("held", row.held)):
            if number:
                states[mark] = states.get(mark, 0) + number
    return dict(counts)


def _row(message: Message, template: str | None) -> MessageRow:
    moments: Sequence[datetime | None] = (
        message.read_at,
        message.delivered_at,
        message.failed_at,
        message.sent_at,
        message.created_at,
    )
    content = message.content or {}
    return MessageRow(
        id=message.id,
        customer_id=message.customer_id,
        channel=message.channel,
        status=message.status,
        template=template or "A deleted template",
        text=content.get("subject") or content.get("body") or "",
        code=message.code or message.held_code or "",
        told=message.reason or "",
        created_at=message.created_at,
        at=next(moment for moment in moments if moment),
        opened_at=message.opened_at,
        clicked_at=message.clicked_at,
        journey_id=message.journey_id,
    )
