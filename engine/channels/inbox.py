"""The local inbox: what a customer would have received, while no provider is connected. Readable in the UI."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from engine.channels.interface import Outgoing
from engine.channels.models import InboxMessage
from engine.core.bulk import as_json, insert_many
from engine.core.errors import NotFound

PREVIEW_LENGTH = 120

_INBOX = {
    "id": "uuid",
    "tenant_id": "uuid",
    "channel": "text",
    "recipient": "text",
    "customer_id": "uuid",
    "subject": "text",
    "body": "text",
    "html": "text",
    "headers": "jsonb",
    "received_at": "timestamptz",
}


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One line of the inbox."""

    id: UUID
    channel: str
    recipient: str
    customer_id: UUID | None
    subject: str
    preview: str
    received_at: datetime
    is_read: bool


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page of the inbox, the newest first, and how many there are in all."""

    rows: Sequence[InboxRow]
    total: int


@dataclass(frozen=True, slots=True)
class Received:
    """A message of the inbox, whole."""

    id: UUID
    channel: str
    recipient: str
    customer_id: UUID | None
    subject: str | None
    body: str
    html: str | None
    headers: Mapping[str, str]
    received_at: datetime


def receive(session: Session, tenant_id: UUID, messages: Sequence[Outgoing], *, now: datetime) -> None:
    """Take messages in, in the transaction that marks them sent; a message's id makes it arrive once."""
    rows = [
        (
            each.message_id,
            tenant_id,
            each.channel.value,
            each.address,
            each.customer_id,
            each.subject,
            each.body,
            each.html,
            as_json(dict(each.headers)),
            now,
        )
        for each in messages
    ]
    insert_many(session, "inbox_messages", _INBOX, rows, then="ON CONFLICT DO NOTHING")


def list_inbox(
    session: Session, *, search: str = "", channel: str | None = None, offset: int = 0, limit: int = 50
) -> InboxPage:
    """The inbox, newest first; `search` looks at recipient, subject and text."""
    wanted = _wanted(search, channel)
    total = session.scalar(select(func.count()).select_from(InboxMessage).where(*wanted)) or 0
    found = session.scalars(
        select(InboxMessage)
        .where(*wanted)
        .order_by(InboxMessage.received_at.desc(), InboxMessage.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return InboxPage([_row(each) for each in found], total)


def all_messages(session: Session, *, limit: int) -> list[Received]:
    """The newest messages, whole."""
    found = session.scalars(
        select(InboxMessage).order_by(InboxMessage.received_at.desc(), InboxMessage.id.desc()).limit(limit)
    )
    return [
        Received(
            id=each.id,
            channel=each.channel,
            recipient=each.recipient,
            customer_id=each.customer_id,
            subject=each.subject,
            body=each.body,
            html=each.html,
            headers=each.headers,
            received_at=each.received_at,
        )
        for each in found
    ]


def read_inbox(session: Session, message_id: UUID, *, now: datetime) -> InboxMessage:
    """One message, marked as read.

    Raises:
        NotFound: it is not in this inbox.
    """
    message = session.get(InboxMessage, message_id)
    if message is None:
        raise NotFound("This message is not in the inbox.")
    message.read_at = message.read_at or now
    return message


def _wanted(search: str, channel: str | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if channel:
        wanted.append(InboxMessage.channel == channel)
    if search:
        columns = (InboxMessage.recipient, InboxMessage.subject, InboxMessage.body)
        wanted.append(or_(*[column.icontains(search, autoescape=True) for column in columns]))
    return wanted


def _row(message: InboxMessage) -> InboxRow:
    text = " ".join(message.body.split())
    return InboxRow(
        id=message.id,
        channel=message.channel,
        recipient=message.recipient,
        customer_id=message.customer_id,
        subject=message.subject or "",
        preview=text[:PREVIEW_LENGTH],
        received_at=message.received_at,
        is_read=message.read_at is not None,
    )
