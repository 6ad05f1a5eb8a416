"""What customers say to us, handed over to the staff: the list, one customer's thread, and the answer (C9)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session

from engine.channels.interface import Channel
from engine.core.errors import Conflict, InvalidInput, NotFound
from engine.core.ids import key_of, new_id
from engine.core.models import User
from engine.core.staff import demand_staff
from engine.customers.models import Customer, Purpose
from engine.delivery.models import Conversation, ConversationStatus, MessageType
from engine.delivery.outbox import MessageIntent, queue_messages
from engine.templates.rendering import LARGEST_BODY
from engine.templates.system import answer_template

SERVICE_WINDOW = timedelta(hours=24)
"""How long after a customer's last message WhatsApp lets us write freely (providers 1.11)."""

LARGEST_LIST = 200
FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation as lists show it; `assigned_name` is empty while it is nobody's in particular."""

    customer_id: UUID
    customer_name: str
    customer_phone: str | None
    customer_email: str | None
    channel: str
    last_text: str
    last_at: datetime
    replies: int
    status: str
    assigned_to: UUID | None
    assigned_name: str

    @property
    def free_until(self) -> datetime | None:
        """Until when we may answer in our own words; None: there is no such limit on this channel."""
        return self.last_at + SERVICE_WINDOW if self.channel == Channel.WHATSAPP else None


def list_conversations(
    session: Session,
    *,
    status: str | None = ConversationStatus.OPEN,
    search: str = "",
    assigned_to: UUID | None = None,
    before: datetime | None = None,
    limit: int = 50,
) -> list[ConversationRow]:
    """Conversations, the one heard of last first; the last one's `last_at` as `before` continues the list.

    Args:
        status: `open` (somebody has to answer), `done`, or None for all.
        search: letters of the customer's name, phone or e-mail address, or of what they said last.
        assigned_to: only those of this member of staff.
        limit: at most 200.
    """
    wanted = _search(search)
    if status:
        wanted.append(Conversation.status == status)
    if assigned_to is not None:
        wanted.append(Conversation.assigned_to == assigned_to)
    if before is not None:
        wanted.append(Conversation.last_at < before)
    page = (
        _rows()
        .where(*wanted)
        .order_by(Conversation.last_at.desc(), Conversation.customer_id)
        .limit(min(max(limit, 1), LARGEST_LIST))
    )
    return [ConversationRow(*row) for row in session.execute(page)]


def count_open(session: Session) -> int:
    """How many conversations wait for an answer."""
    query = select(func.count()).select_from(Conversation)
    return session.scalar(query.where(Conversation.status == ConversationStatus.OPEN)) or 0


def read_conversation(session: Session, customer_id: UUID) -> ConversationRow:
    """One customer's conversation.

    Raises:
        NotFound: the customer has not written to us.
    """
    row = session.execute(_rows().where(Conversation.customer_id == customer_id)).first()
    if row is None:
        raise _silent()
    return ConversationRow(*row)


def _rows() -> Any:
    return (
        select(
            Conversation.customer_id,
            Customer.name,
            Customer.phone,
            Customer.email,
            Conversation.channel,
            Conversation.last_text,
            Conversation.last_at,
            Conversation.replies,
            Conversation.status,
            Conversation.assigned_to,
            func.coalesce(User.name, ""),
        )
        .join(Customer, Customer.id == Conversation.customer_id)
        .outerjoin(User, User.id == Conversation.assigned_to)
    )


def _search(search: str) -> list[ColumnElement[bool]]:
    """Each word must be found somewhere."""
    places = (Customer.name, Customer.email, Customer.phone, Conversation.last_text)
    words = re.sub(r"[+\0]|(?<=\d)\s+(?=\d)", "", search).split()
    return [or_(*(place.icontains(word, autoescape=True) for place in places)) for word in words]


# -- the thread


@dataclass(frozen=True, slots=True)
class ThreadEntry:
    """Something said: by the customer, or by us.

    `status` is our message's (empty for the customer's); `told` is why it did not leave; `author` the member of
    staff who wrote it, empty when a journey did.
    """

    at: datetime
    is_ours: bool
    channel: str
    text: str
    status: str
    told: str
    author: str


THREAD = text("""
    SELECT said.at, is_ours, channel, body, status, told, coalesce(users.name, '') AS author FROM (
        (SELECT occurred_at AS at, false AS is_ours, coalesce(properties ->> 'channel', '') AS channel,
            coalesce(properties ->> 'text', '') AS body, '' AS status, '' AS told, NULL AS author_id, id
        FROM events
        WHERE tenant_id = :tenant AND customer_id = :customer AND name = 'message.replied'
            AND occurred_at < :before
        ORDER BY occurred_at DESC FETCH FIRST (:limit) ROWS WITH TIES)
        UNION ALL
        (SELECT coalesce(sent_at, created_at), true, channel,
            coalesce(content ->> 'body', variables ->> 'text', ''), status, coalesce(reason, ''),
            variables ->> 'answered_by', id
        FROM messages
        WHERE tenant_id = :tenant AND customer_id = :customer AND coalesce(sent_at, created_at) < :before
            AND (content IS NOT NULL OR variables ? 'answered_by')
        ORDER BY coalesce(sent_at, created_at) DESC FETCH FIRST (:limit) ROWS WITH TIES)
    ) AS said LEFT JOIN users ON CAST(users.id AS text) = said.author_id
    ORDER BY said.at DESC, said.id DESC FETCH FIRST (:limit) ROWS WITH TIES
""")
"""Journeys' messages stand here once they are written out; the staff's answers at once."""


def thread(
    session: Session, customer_id: UUID, *, before: datetime | None = None, limit: int = 100
) -> list[ThreadEntry]:
    """What a customer and we said to each other, the oldest first; the first one's `at` as `before` goes back.

    Raises:
        NotFound: there is no such customer.
    """
    tenant_id = session.scalar(select(Customer.tenant_id).where(Customer.id == customer_id))
    if tenant_id is None:
        raise NotFound("There is no such customer. They may have been erased.")
    rows = session.execute(
        THREAD,
        {
            "tenant": tenant_id,
            "customer": customer_id,
            "before": before or FAR_FUTURE,
            "limit": min(max(limit, 1), LARGEST_LIST),
        },
    )
    return [ThreadEntry(*row) for row in rows][::-1]


# -- what the staff do


def answer(
    session: Session,
    tenant_id: UUID,
    customer_id: UUID,
    words: str,
    *,
    user_id: UUID | None,
    key: UUID | None = None,
    read_until: datetime | None = None,
    now: datetime,
) -> int:
    """Queue the staff's own words to a customer who wrote to us, on the channel on which they did (C6, C9).

    The conversation is then done, and its answerer's when it was nobody's; the next reply opens it again.

    Args:
        user_id: who answers; None when another system does through the API.
        key: the same key is sent once.
        read_until: the customer's last words the answerer had seen; newer ones leave the conversation open.

    Returns:
        1, or 0 when this key was queued before.

    Raises:
        NotFound: the customer has not written to us.
        InvalidInput: there are no words, or too many for the channel.
        Conflict: WhatsApp's 24 hours are over.
    """
    conversation = _locked(session, customer_id)
    said = _checked(words, conversation.channel)
    _demand_window(conversation, now)
    intent = MessageIntent(
        dedupe_key=key_of("answer", customer_id, key or new_id()),
        customer_id=customer_id,
        channel=conversation.channel,
        purpose=Purpose.TRANSACTIONAL,
        message_type=MessageType.TRANSACTIONAL,
        template_id=answer_template(session, tenant_id, conversation.channel, now=now),
        due_at=now,
        variables={
            "text": said,
            "answered_by": str(user_id or ""),
            "staff_name": session.scalar(select(User.name).where(User.id == user_id)) or "",
        },
    )
    queued = queue_messages(session, tenant_id, [intent], now=now)
    _settle(conversation, read_until)
    conversation.assigned_to = conversation.assigned_to or user_id
    return queued


def close(session: Session, customer_id: UUID, *, read_until: datetime | None = None) -> Conversation:
    """Nobody has to answer any more; the customer's next reply opens it again.

    Raises:
        NotFound: the customer has not written to us.
    """
    conversation = _locked(session, customer_id)
    _settle(conversation, read_until)
    return conversation


def reopen(session: Session, customer_id: UUID) -> Conversation:
    """Somebody has to answer after all.

    Raises:
        NotFound: the customer has not written to us.
    """
    conversation = _locked(session, customer_id)
    conversation.status = ConversationStatus.OPEN
    return conversation


def assign(session: Session, customer_id: UUID, user_id: UUID | None) -> Conversation:
    """Give a conversation to a member of staff; None: whoever is there.

    Raises:
        NotFound: the customer has not written to us.
        InvalidInput: nobody of the staff has this id.
    """
    conversation = _locked(session, customer_id)
    demand_staff(session, user_id, field="user_id")
    conversation.assigned_to = user_id
    return conversation


def _locked(session: Session, customer_id: UUID) -> Conversation:
    query = select(Conversation).where(Conversation.customer_id == customer_id)
    conversation = session.scalars(query.with_for_update().execution_options(populate_existing=True)).first()
    if conversation is None:
        raise _silent()
    return conversation


def _silent() -> NotFound:
    return NotFound("This customer has not written to you yet. A journey can send them a template.")


def _settle(conversation: Conversation, read_until: datetime | None) -> None:
    if read_until is None or conversation.last_at <= read_until:
        conversation.status = ConversationStatus.DONE


def _checked(words: str, channel: str) -> str:
    said = words.replace("\0", "").strip()
    largest = LARGEST_BODY[channel]
    if not 1 <= len(said) <= largest:
        raise InvalidInput(
            f"text: must have 1 to {largest:,} characters; it has {len(said):,}.", details={"field": "text"}
        )
    return said


def _demand_window(conversation: Conversation, now: datetime) -> None:
    if conversation.channel == Channel.WHATSAPP and now >= conversation.last_at + SERVICE_WINDOW:
        raise Conflict(
            "WhatsApp takes free text only within 24 hours after the customer's last message. "
            "Send an approved template through a journey, or call them.",
            details={"field": "text", "free_until": (conversation.last_at + SERVICE_WINDOW).isoformat()},
        )
