"""What providers report of our messages: stored as it comes, worked off later, and an event like any other (D6)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.channels.interface import Channel, Outcome
from engine.channels.reports import Report, Reported, ReportKind
from engine.channels.whatsapp import WhatsAppProvider, answer_of_code
from engine.core.bulk import as_json, insert_many, transpose, unnest
from engine.core.db import tenant_session
from engine.core.errors import Code
from engine.core.ids import key_of, new_id
from engine.customers.models import CustomerIdentity, IdentityKind
from engine.delivery.answers import Lesson, failure_code, learn
from engine.delivery.consequences import follow_up, once
from engine.delivery.happenings import message_event
from engine.delivery.models import Message
from engine.delivery.replies import Said, hear
from engine.delivery.spend import give_back
from engine.events.record import NewEvent, record

BATCH = 500
PATIENCE = timedelta(minutes=10)
"""How long a report may wait for the commit of the message it is about (providers 9.3)."""

LOOK_AGAIN = timedelta(seconds=20)
CHANNEL_OF = {WhatsAppProvider.name: Channel.WHATSAPP}

_RECEIPT = {
    "id": "uuid",
    "tenant_id": "uuid",
    "provider": "text",
    "unique_key": "text",
    "payload": "jsonb",
    "received_at": "timestamptz",
    "due_at": "timestamptz",
}

CLAIM = text("""
    SELECT id, provider, payload, received_at FROM receipts
    WHERE tenant_id = :tenant AND done_at IS NULL AND due_at <= :now
    ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
""")

_DONE = {"id": "uuid", "outcome": "text", "due_at": "timestamptz"}
DONE = text(f"""
    UPDATE receipts SET outcome = rows.outcome, due_at = coalesce(rows.due_at, receipts.due_at),
        done_at = CASE WHEN rows.due_at IS NULL THEN CAST(:now AS timestamptz) END
    FROM {unnest(_DONE)} WHERE receipts.id = rows.id
""")

_REACHED = {
    "id": "uuid",
    "rank": "integer",
    "status": "text",
    "sent_at": "timestamptz",
    "delivered_at": "timestamptz",
    "read_at": "timestamptz",
    "failed_at": "timestamptz",
    "provider_message_id": "text",
    "code": "text",
    "reason": "text",
}

RANKS: Mapping[Reported, int] = {
    Reported.SENT: 1,
    Reported.FAILED: 2,
    Reported.DELIVERED: 3,
    Reported.READ: 4,
}
"""A status only ever moves forward (providers, trap 2). A failure never undoes a delivery."""

PLACE = """(CASE messages.status WHEN 'sent' THEN 1 WHEN 'failed' THEN 2 WHEN 'delivered' THEN 3
    WHEN 'read' THEN 4 WHEN 'skipped' THEN 9 ELSE 0 END)"""

REACH = text(f"""
    UPDATE messages SET
        status = CASE WHEN rows.rank > {PLACE} THEN rows.status ELSE messages.status END,
        sent_at = coalesce(messages.sent_at, rows.sent_at, rows.delivered_at, rows.read_at),
        delivered_at = coalesce(messages.delivered_at, rows.delivered_at, rows.read_at),
        read_at = coalesce(messages.read_at, rows.read_at),
        admitted_at = CASE WHEN rows.rank > {PLACE} AND rows.status = 'failed' THEN NULL
            ELSE coalesce(messages.admitted_at, rows.sent_at, rows.delivered_at, rows.read_at) END,
        failed_at = CASE WHEN rows.rank > {PLACE} THEN rows.failed_at ELSE messages.failed_at END,
        provider_message_id = coalesce(messages.provider_message_id, rows.provider_message_id),
        code = CASE WHEN rows.rank > {PLACE} THEN rows.code ELSE messages.code END,
        reason = CASE WHEN rows.rank > {PLACE} THEN rows.reason ELSE messages.reason END,
        claimed_by = NULL, claimed_at = NULL
    FROM {unnest(_REACHED)} WHERE messages.id = rows.id
""")


def take_receipts(
    session: Session, tenant_id: UUID, provider: str, reports: Sequence[Report], *, now: datetime
) -> int:
    """Store reports as they came; those known already are left out. Returns how many were new."""
    rows = [
        (new_id(), tenant_id, provider, each.unique_key, as_json(asdict(each)), now, now)
        for each in {report.unique_key: report for report in reports}.values()
    ]
    result = insert_many(
        session,
        "receipts",
        _RECEIPT,
        rows,
        then="ON CONFLICT (tenant_id, provider, unique_key) DO NOTHING RETURNING id",
    )
    return len(result.all()) if result else 0


def apply_receipts(tenant_id: UUID, *, now: datetime) -> int:
    """Work off one batch of a tenant's receipts; returns how many were looked at."""
    with tenant_session(tenant_id) as session:
        rows = session.execute(CLAIM, {"tenant": tenant_id, "now": now, "limit": BATCH}).all()
        if not rows:
            return 0
        reports = [(row, _report(row.payload)) for row in rows]
        statuses = {row.id: report for row, report in reports if report.kind is ReportKind.STATUS}
        outcomes = apply_statuses(session, tenant_id, statuses, now=now)
        outcomes |= _apply_words(session, tenant_id, reports, now=now)
        done = [_settled(row, outcomes[row.id], now) for row in rows]
        session.execute(DONE, {"now": now, **transpose(_DONE, done)})
        return len(rows)


Reports = Sequence[tuple[Any, Report]]

ONCE = frozenset({"message.sent", "message.failed"})
"""Events that announcements tell too: both are the same one."""

APPLIED, UNMATCHED, NOBODY = "applied", "unmatched", "nobody"


def _settled(row: Any, outcome: str, now: datetime) -> tuple[UUID, str, datetime | None]:
    waits = outcome == UNMATCHED and row.received_at > now - PATIENCE
    return row.id, outcome, now + LOOK_AGAIN if waits else None


def apply_statuses(
    session: Session, tenant_id: UUID, statuses: Mapping[UUID, Report], *, now: datetime
) -> dict[UUID, str]:
    """How far messages have come, by the report's own id; returns what became of each report, by the same id."""
    found = _find_messages(session, tenant_id, list(statuses.values()))
    outcomes: dict[UUID, str] = {}
    by_message: dict[UUID, list[Report]] = defaultdict(list)
    for report_id, report in statuses.items():
        message = found.get(report.unique_key)
        outcomes[report_id] = APPLIED if message else UNMATCHED
        if message:
            by_message[message.id].append(report)
    if not by_message:
        return outcomes
    reached = [_reached(message_id, some) for message_id, some in sorted(by_message.items())]
    messages = {message.id: message for message in found.values()}
    reserved = {message.id: message.admitted_at for message in messages.values()}
    session.execute(REACH, transpose(_REACHED, reached))
    replaced = follow_up(session, tenant_id, by_message, now=now)
    events = [
        _event(messages[message_id], f"message.{report.status}", report.at, report.unique_key)
        for message_id, some in by_message.items()
        for report in some
        if not (report.status is Reported.FAILED and message_id in replaced and messages[message_id].announce)
    ]
    record(session, tenant_id, events, now=now)
    learn(session, tenant_id, _lessons(by_message, messages), now=now)
    failed = {m for m, some in by_message.items() if any(r.status is Reported.FAILED for r in some)}
    give_back(session, tenant_id, {message_id: reserved[message_id] for message_id in failed})
    return outcomes


def _find_messages(session: Session, tenant_id: UUID, reports: Sequence[Report]) -> dict[str, Message]:
    """Messages by the unique key of the report: by our own id where the provider returns it, else by theirs."""
    by_reference = {report.unique_key: _uuid(report.reference) for report in reports}
    provider_ids = {report.provider_message_id for report in reports if report.provider_message_id}
    wanted = {reference for reference in by_reference.values() if reference}
    ours = {m.id: m for m in session.scalars(select(Message).where(Message.id.in_(wanted)))}
    theirs = {
        message.provider_message_id: message
        for message in session.scalars(
            select(Message).where(
                Message.tenant_id == tenant_id,
                Message.provider.in_(CHANNEL_OF),
                Message.provider_message_id.in_(provider_ids),
            )
        )
    }
    found: dict[str, Message] = {}
    for report in reports:
        reference = by_reference[report.unique_key]
        message = (reference and ours.get(reference)) or theirs.get(report.provider_message_id)
        if message:
            found[report.unique_key] = message
    return found


def _reached(message_id: UUID, reports: Sequence[Report]) -> tuple[Any, ...]:
    moments = {report.status: report.at for report in sorted(reports, key=lambda each: each.at, reverse=True)}
    furthest = max(reports, key=lambda report: RANKS[_status(report)])
    told = ": ".join(filter(None, (furthest.code, furthest.reason))) or None
    return (
        message_id,
        RANKS[_status(furthest)],
        _status(furthest).value,
        moments.get(Reported.SENT),
        moments.get(Reported.DELIVERED),
        moments.get(Reported.READ),
        moments.get(Reported.FAILED),
        furthest.provider_message_id,
        _failure_code(furthest) if furthest.status is Reported.FAILED else None,
        told,
    )


def _failure_code(report: Report) -> str:
    return failure_code(_outcome(report)) if report.code else Code.PROVIDER_ERROR


def _outcome(report: Report) -> Outcome:
    return answer_of_code(report.code or "", report.reason or "").outcome


def _lessons(by_message: Mapping[UUID, Sequence[Report]], messages: Mapping[UUID, Message]) -> list[Lesson]:
    return [
        Lesson(
            outcome=_outcome(report),
            customer_id=messages[message_id].customer_id,
            channel=messages[message_id].channel,
            address=messages[message_id].address or "",
            provider=messages[message_id].provider or "",
            reason=report.reason,
        )
        for message_id, some in by_message.items()
        for report in some
        if report.status is Reported.FAILED and report.code
    ]


def _apply_words(session: Session, tenant_id: UUID, reports: Reports, *, now: datetime) -> dict[UUID, str]:
    """Replies and preferences: what a customer says counts for whoever has that number.

    Words from a provider that this Safar does not know are nobody's, and stop nobody else's.
    """
    words = [(row, report) for row, report in reports if report.kind is not ReportKind.STATUS]
    heard = {report.address for row, report in words if report.address and row.provider in CHANNEL_OF}
    owners = _owners(session, heard)
    said = [
        Said(owners[report.address], CHANNEL_OF[row.provider].value, row.provider, report)
        for row, report in words
        if report.address in owners and row.provider in CHANNEL_OF
    ]
    hear(session, tenant_id, said, now=now)
    return {row.id: APPLIED if report.address in owners else NOBODY for row, report in words}


def _owners(session: Session, phones: set[str]) -> dict[str, UUID]:
    owners = select(CustomerIdentity.value, CustomerIdentity.customer_id).where(
        CustomerIdentity.kind == IdentityKind.PHONE, CustomerIdentity.value.in_(phones)
    )
    return {row.value: row.customer_id for row in session.execute(owners)}


def _event(message: Message, name: str, at: datetime, key: str) -> NewEvent:
    unique = once(name, message.id) if name in ONCE else key_of(name, message.id, key)
    return message_event(message, name, at=at, key=unique, source=message.provider or "provider")


def _report(payload: Mapping[str, Any]) -> Report:
    known = dict(payload)
    known["kind"] = ReportKind(known["kind"])
    known["at"] = datetime.fromisoformat(known["at"])
    known["status"] = Reported(known["status"]) if known.get("status") else None
    return Report(**known)


def _status(report: Report) -> Reported:
    assert report.status is not None
    return report.status


def _uuid(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None
