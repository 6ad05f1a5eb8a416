"""What the guard said of a batch, written down in a few statements: held, given up, or admitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.channels import inbox
from engine.channels.accounts import INBOX
from engine.channels.interface import Account, Channel
from engine.core.bulk import as_json, insert_many, transpose, unnest
from engine.core.tally import Counted, count
from engine.customers.contacts import Contact
from engine.delivery.budgets import Ledger, tell_of_budgets
from engine.delivery.compose import Written
from engine.delivery.consequences import follow_up
from engine.delivery.guard import DueMessage, Hold
from engine.delivery.log import log_holds
from engine.delivery.models import MessageStatus
from engine.delivery.spend import Charge, book

_HELD = {"id": "uuid", "due_at": "timestamptz", "code": "text"}
HOLD = text(f"""
    UPDATE messages SET due_at = rows.due_at, held_code = rows.code
    FROM {unnest(_HELD)} WHERE messages.id = rows.id
""")

_SKIPPED = {"id": "uuid", "status": "text", "code": "text", "reason": "text"}
SKIP = text(f"""
    UPDATE messages SET status = rows.status, code = rows.code, reason = rows.reason, held_code = NULL,
        failed_at = CASE WHEN rows.status = 'failed' THEN CAST(:now AS timestamptz) END
    FROM {unnest(_SKIPPED)} WHERE messages.id = rows.id
""")

_ADMITTED = {
    "id": "uuid",
    "status": "text",
    "provider": "text",
    "address": "text",
    "language": "text",
    "template_version": "integer",
    "content": "jsonb",
    "cost_micro": "bigint",
    "branch_id": "uuid",
}
ADMIT = text(f"""
    UPDATE messages SET status = rows.status, provider = rows.provider, address = rows.address,
        language = rows.language, template_version = rows.template_version, content = rows.content,
        cost_micro = rows.cost_micro, currency = :currency, branch_id = rows.branch_id,
        admitted_at = :now, held_code = NULL, attempts = attempts + 1,
        claimed_by = CASE WHEN rows.status = 'sending' THEN CAST(:claimant AS text) END,
        claimed_at = CASE WHEN rows.status = 'sending' THEN CAST(:now AS timestamptz) END,
        provider_message_id = CASE WHEN rows.status = 'sent' THEN CAST(rows.id AS text) END,
        sent_at = CASE WHEN rows.status = 'sent' THEN CAST(:now AS timestamptz) END
    FROM {unnest(_ADMITTED)} WHERE messages.id = rows.id
""")

_LINK = {"tenant_id": "uuid", "code": "text", "message_id": "uuid", "url": "text"}


@dataclass(frozen=True, slots=True)
class Admitted:
    """A message that may leave: written out, and what the second look needs."""

    written: Written
    message: DueMessage
    contact: Contact
    template_version: int
    attempts: int
    at: datetime

    @property
    def id(self) -> UUID:
        """The message's id."""
        return self.written.outgoing.message_id


@dataclass(slots=True)
class Sorted:
    """A batch after the guard. `followed`: messages of the batch of which something follows when they are decided."""

    ledger: Ledger
    followed: set[UUID] = field(default_factory=set)
    held: list[tuple[UUID, Hold]] = field(default_factory=list)
    skipped: list[tuple[UUID, str, str, str]] = field(default_factory=list)
    admitted: list[Admitted] = field(default_factory=list)


def store_verdicts(
    session: Session,
    tenant_id: UUID,
    batch: Sorted,
    accounts: Mapping[Channel, Account],
    claimant: str,
    *,
    now: datetime,
) -> None:
    """Write the next states, book what they cost, and count them.

    Args:
        claimant: names the journal that will tell of those to be handed over.
    """
    write_verdicts(session, tenant_id, batch, accounts, claimant, now=now)
    if batch.ledger.accounts:
        tell_of_budgets(session, tenant_id, batch.ledger, now=now)
    book(session, tenant_id, [_charge(each, batch.ledger.month) for each in batch.admitted])
    _count(batch, accounts)


def write_verdicts(
    session: Session,
    tenant_id: UUID,
    batch: Sorted,
    accounts: Mapping[Channel, Account],
    claimant: str,
    *,
    now: datetime,
) -> None:
    """Write the next states and what follows from them, and nothing that other messages share.

    What no account carries is in the local inbox when this commits.
    """
    if batch.held:
        rows = [(message_id, hold.until, hold.code) for message_id, hold in batch.held]
        session.execute(HOLD, transpose(_HELD, rows))
        log_holds(session, tenant_id, batch.held, now=now)
    if batch.skipped:
        session.execute(SKIP, {"now": now, **transpose(_SKIPPED, batch.skipped)})
    if batch.admitted:
        _admit(session, tenant_id, batch.admitted, accounts, claimant, batch.ledger.currency, now=now)
    if batch.followed:
        decided = {message_id for message_id, *_ in batch.skipped}
        decided |= {each.id for each in batch.admitted if each.message.channel not in accounts}
        follow_up(session, tenant_id, decided & batch.followed, now=now)


def _count(batch: Sorted, accounts: Mapping[Channel, Account]) -> None:
    failed = sum(status == MessageStatus.FAILED for _, status, *_ in batch.skipped)
    count(Counted.MESSAGES_HELD, len(batch.held))
    count(Counted.MESSAGES_FAILED, failed)
    count(Counted.MESSAGES_SKIPPED, len(batch.skipped) - failed)
    count(Counted.MESSAGES_SENT, sum(each.message.channel not in accounts for each in batch.admitted))


def _admit(
    session: Session,
    tenant_id: UUID,
    admitted: Sequence[Admitted],
    accounts: Mapping[Channel, Account],
    claimant: str,
    currency: str,
    *,
    now: datetime,
) -> None:
    rows = [_admitted_row(each, accounts) for each in admitted]
    parameters = {"now": now, "claimant": claimant, "currency": currency}
    session.execute(ADMIT, {**parameters, **transpose(_ADMITTED, rows)})
    links = [
        (tenant_id, link.code, link.message_id, link.url) for each in admitted for link in each.written.links
    ]
    insert_many(session, "tracked_links", _LINK, links)
    local = [each.written.outgoing for each in admitted if each.written.outgoing.channel not in accounts]
    inbox.receive(session, tenant_id, local, now=now)


def _admitted_row(each: Admitted, accounts: Mapping[Channel, Account]) -> tuple[Any, ...]:
    outgoing = each.written.outgoing
    account = accounts.get(outgoing.channel)
    return (
        outgoing.message_id,
        MessageStatus.SENDING if account else MessageStatus.SENT,
        account.provider if account else INBOX,
        outgoing.address,
        outgoing.language,
        each.template_version,
        as_json({"subject": outgoing.subject, "body": outgoing.body}),
        each.message.cost_micro,
        each.contact.branch_id,
    )


def _charge(each: Admitted, month: date) -> Charge:
    message = each.message
    return Charge(month, each.contact.branch_id, message.channel, message.purpose, message.cost_micro)
