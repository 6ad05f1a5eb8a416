"""What customers say to us: words that stop marketing or allow it again, and replies somebody should read (C9)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.channels.reports import Report, ReportKind
from engine.core.bulk import insert_many, transpose, unnest
from engine.core.ids import key_of
from engine.core.notifications import NewNotification, notify
from engine.customers.consent import ConsentWish, change_consents, opt_out_many
from engine.customers.models import ConsentState, Customer, Purpose
from engine.delivery.happenings import message_event
from engine.delivery.models import ConversationStatus
from engine.events.record import NewEvent, record

REPLIED = "message.replied"
REPLY_WINDOW = timedelta(hours=72)
SHORT_TEXT = 120
LONGEST_TEXT = 1_000
"""What a list of conversations keeps of the last words; the event has them all."""


@dataclass(frozen=True, slots=True)
class Said:
    """A report of a customer's words or wish, and whose they are."""

    customer_id: UUID
    channel: str
    provider: str
    report: Report


_SAID = {
    "number": "integer",
    "customer_id": "uuid",
    "channel": "text",
    "quoted": "text",
    "since": "timestamptz",
    "at": "timestamptz",
}

ANSWERED = text(f"""
    SELECT rows.number, rows.customer_id, rows.channel, message.*
    FROM {unnest(_SAID)} LEFT JOIN LATERAL (
        SELECT id, journey_id, enrolment_id, node_id FROM messages
        WHERE tenant_id = :tenant AND customer_id = rows.customer_id AND channel = rows.channel
            AND (provider_message_id = rows.quoted OR sent_at BETWEEN rows.since AND rows.at)
        ORDER BY (provider_message_id = rows.quoted) IS TRUE DESC, sent_at DESC LIMIT 1
    ) AS message ON true ORDER BY rows.number
""")
"""The message each reply answers: the one it quotes, else the last of the past 72 hours (providers 1.7)."""

_REPLIED = {"id": "uuid", "at": "timestamptz"}
MARK = text(f"""
    UPDATE messages SET replied_at = first.at
    FROM (SELECT id, min(at) AS at FROM {unnest(_REPLIED)} GROUP BY id) AS first
    WHERE messages.id = first.id AND messages.replied_at IS NULL
""")

_CONVERSATION = {
    "tenant_id": "uuid",
    "customer_id": "uuid",
    "channel": "text",
    "last_text": "text",
    "last_at": "timestamptz",
    "replies": "integer",
    "status": "text",
}
GO_ON = """
    ON CONFLICT (tenant_id, customer_id) DO UPDATE SET
        channel = CASE WHEN excluded.last_at >= conversations.last_at THEN excluded.channel
            ELSE conversations.channel END,
        last_text = CASE WHEN excluded.last_at >= conversations.last_at THEN excluded.last_text
            ELSE conversations.last_text END,
        last_at = greatest(conversations.last_at, excluded.last_at),
        replies = conversations.replies + excluded.replies, status = excluded.status
"""


def hear(session: Session, tenant_id: UUID, words: Sequence[Said], *, now: datetime) -> None:
    """Do what these customers want, note which messages they answered, and open their conversations.

    Of several wishes of one customer for one channel the last counts.
    """
    told = sorted(words, key=lambda each: each.report.at)
    if told:
        _change_consents(session, tenant_id, told, now=now)
        _note_answers(session, tenant_id, told, now=now)
        _converse(session, tenant_id, told, now=now)


def _change_consents(session: Session, tenant_id: UUID, told: Sequence[Said], *, now: datetime) -> None:
    wishes = {
        (each.customer_id, each.channel): each.report
        for each in told
        if each.report.kind in (ReportKind.STOP, ReportKind.RESUME)
    }
    stops = {place: report.text for place, report in wishes.items() if report.kind is ReportKind.STOP}
    opt_out_many(session, tenant_id, stops, source="keyword", actor="customer", now=now)
    grants = [
        ConsentWish(
            customer_id, channel, Purpose.MARKETING, ConsentState.GRANTED, "provider", reason=report.text
        )
        for (customer_id, channel), report in wishes.items()
        if report.kind is ReportKind.RESUME
    ]
    change_consents(session, tenant_id, grants, actor="customer", now=now)


def _note_answers(session: Session, tenant_id: UUID, told: Sequence[Said], *, now: datetime) -> None:
    """A reply is an event even when it answers nothing; a wish only when there is a message it answers."""
    answers = [each for each in told if each.report.kind is not ReportKind.RESUME]
    asked = [
        (
            number,
            each.customer_id,
            each.channel,
            each.report.provider_message_id,
            each.report.at - REPLY_WINDOW,
            each.report.at,
        )
        for number, each in enumerate(answers)
    ]
    rows = session.execute(ANSWERED, {"tenant": tenant_id, **transpose(_SAID, asked)}).all()
    heard = [(row, answers[row.number]) for row in rows]
    marks = [(row.id, each.report.at) for row, each in heard if row.id]
    if marks:
        session.execute(MARK, transpose(_REPLIED, marks))
    events = [_event(row, each) for row, each in heard if row.id or each.report.kind is ReportKind.REPLY]
    record(session, tenant_id, events, now=now)


def _event(row: Any, said: Said) -> NewEvent:
    report = said.report
    return message_event(
        row,
        REPLIED,
        at=report.at,
        key=key_of(REPLIED, row.id or said.customer_id, report.unique_key),
        source=said.provider,
        text=report.text or "",
    )


def _converse(session: Session, tenant_id: UUID, told: Sequence[Said], *, now: datetime) -> None:
    replies = [each for each in told if each.report.kind is ReportKind.REPLY]
    if not replies:
        return
    last = {each.customer_id: each for each in replies}
    counts = Counter(each.customer_id for each in replies)
    rows = [
        (
            tenant_id,
            customer_id,
            each.channel,
            (each.report.text or "")[:LONGEST_TEXT],
            each.report.at,
            counts[customer_id],
            ConversationStatus.OPEN,
        )
        for customer_id, each in sorted(last.items())
    ]
    insert_many(session, "conversations", _CONVERSATION, rows, then=GO_ON)
    _tell_staff(session, tenant_id, last, now=now)


def _tell_staff(session: Session, tenant_id: UUID, last: Mapping[UUID, Said], *, now: datetime) -> None:
    """The bell rings once for each customer of the batch, however much they wrote."""
    known = session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(last)))
    names = {row.id: row.name for row in known}
    wishes = [
        NewNotification(
            dedupe_key=key_of("reply", customer_id, said.report.unique_key),
            user_id=None,
            kind="reply",
            text=f"{names.get(customer_id) or 'A customer'}: {(said.report.text or '')[:SHORT_TEXT]}",
            link=f"/desk?customer={customer_id}",
        )
        for customer_id, said in sorted(last.items())
    ]
    notify(session, tenant_id, wishes, now=now)
