"""From the outbox into the customer's hand: claim, guard, write out, hand over (design decisions 2–5).

Two transactions a batch. The first locks due messages and their customers, so that no two workers count the same
customer's messages at once, asks the guard, and writes out what may leave. The local inbox takes its messages in
that same transaction. For a real provider the second one locks the consents and asks once more, then calls the
provider while it holds them: an opt-out commits before the call, which then does not happen, or after it.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.channels import inbox
from engine.channels.accounts import INBOX, PROVIDERS, load_accounts
from engine.channels.interface import Account, Answer, Channel, Line, Outgoing
from engine.core.bulk import array_literal, as_json, insert_many, transpose, unnest
from engine.core.db import tenant_session
from engine.core.errors import Code
from engine.customers.contacts import Contact, load_contacts, lock_consents
from engine.customers.models import ConsentState, Customer, Purpose
from engine.delivery.answers import Settled, settle
from engine.delivery.compose import Draft, Letterhead, Written, compose
from engine.delivery.guard import Admit, DueMessage, Hold, Policy, Skip, Verdict, guard
from engine.delivery.journal import Journal
from engine.delivery.models import MessageStatus
from engine.delivery.policy import load_policy
from engine.delivery.window import is_open, next_opening, zone_of
from engine.templates.rendering import Compiled, TemplateProblem, load_templates

BATCH = 500
LONGEST_CALL = timedelta(seconds=2)
"""How long one transaction keeps consents locked; what is left goes into the next."""

USAGE_DAYS = timedelta(days=8)

Clock = Callable[[], datetime]
log = structlog.get_logger()

CLAIM = text("""
    SELECT id, customer_id, channel, purpose, template_id, variables, due_at, expires_at, attempts
    FROM messages WHERE tenant_id = :tenant AND status = 'queued' AND due_at <= :now
    ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
""")

LOCK_CUSTOMERS = text("""
    SELECT id FROM customers WHERE tenant_id = :tenant AND id = ANY(CAST(:customers AS uuid[]))
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
""")

USAGE = text("""
    SELECT customer_id, admitted_at FROM messages
    WHERE tenant_id = :tenant AND customer_id = ANY(CAST(:customers AS uuid[]))
        AND admitted_at > :since AND purpose = 'marketing'
""")

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
}
ADMIT = text(f"""
    UPDATE messages SET status = rows.status, provider = rows.provider, address = rows.address,
        language = rows.language, template_version = rows.template_version, content = rows.content,
        admitted_at = :now, held_code = NULL, attempts = attempts + 1,
        claimed_by = CASE WHEN rows.status = 'sending' THEN CAST(:claimant AS text) END,
        claimed_at = CASE WHEN rows.status = 'sending' THEN CAST(:now AS timestamptz) END,
        provider_message_id = CASE WHEN rows.status = 'sent' THEN CAST(rows.id AS text) END,
        sent_at = CASE WHEN rows.status = 'sent' THEN CAST(:now AS timestamptz) END
    FROM {unnest(_ADMITTED)} WHERE messages.id = rows.id
""")

_LINK = {"tenant_id": "uuid", "code": "text", "message_id": "uuid", "url": "text"}

OWN = text("""
    SELECT id FROM messages
    WHERE id = ANY(CAST(:ids AS uuid[])) AND status = 'sending' AND claimed_by = :claimant FOR UPDATE
""")


@dataclass(frozen=True, slots=True)
class Admitted:
    """A message that may leave: written out, and what the second look needs."""

    written: Written
    message: DueMessage
    contact: Contact
    template_version: int
    attempts: int

    @property
    def id(self) -> UUID:
        """The message's id."""
        return self.written.outgoing.message_id


@dataclass(slots=True)
class Sorted:
    """A batch after the guard."""

    held: list[tuple[UUID, datetime, str]] = field(default_factory=list)
    skipped: list[tuple[UUID, str, str, str]] = field(default_factory=list)
    admitted: list[Admitted] = field(default_factory=list)


def deliver_due(tenant_id: UUID, *, worker: str, clock: Clock, limit: int = BATCH) -> int:
    """Deliver one batch of a tenant's due messages; returns how many were dealt with.

    Args:
        worker: names the process in logs.
        clock: asked again right before each message leaves.
    """
    journal = _journal(clock)
    with tenant_session(tenant_id) as session:
        policy, letterhead = load_policy(session)
        accounts = load_accounts(session)
        now = clock()
        batch = _sort(session, tenant_id, policy, letterhead, now=now, limit=limit)
        _store(session, tenant_id, batch, accounts, journal.name, now=now)
    try:
        for channel, leaving in _by_channel(batch.admitted).items():
            if channel in accounts:
                _hand_over(accounts[channel], leaving, policy, clock, journal)
    except BaseException:
        _abandon_journal()
        raise
    dealt_with = len(batch.held) + len(batch.skipped) + len(batch.admitted)
    if dealt_with:
        log.debug("delivered", worker=worker, tenant=str(tenant_id), messages=dealt_with)
    return dealt_with


def _sort(
    session: Session, tenant_id: UUID, policy: Policy, letterhead: Letterhead, *, now: datetime, limit: int
) -> Sorted:
    rows = session.execute(CLAIM, {"tenant": tenant_id, "now": now, "limit": limit}).all()
    if not rows:
        return Sorted()
    customers = sorted({row.customer_id for row in rows})
    locked = list(
        session.scalars(LOCK_CUSTOMERS, {"tenant": tenant_id, "customers": array_literal(customers)})
    )
    contacts = load_contacts(session, tenant_id, locked)
    usage = _load_usage(session, tenant_id, locked, now)
    templates = load_templates(session, [row.template_id for row in rows if row.template_id])
    batch = Sorted()
    for row in rows:
        if row.customer_id in contacts:
            _judge(
                batch,
                row,
                contacts[row.customer_id],
                usage[row.customer_id],
                templates,
                policy,
                letterhead,
                now,
            )
    _skip_strangers(session, batch, rows, set(locked))
    return batch


def _judge(
    batch: Sorted,
    row: Any,
    contact: Contact,
    usage: list[datetime],
    templates: Mapping[UUID, Compiled],
    policy: Policy,
    letterhead: Letterhead,
    now: datetime,
) -> None:
    message = DueMessage(Channel(row.channel), Purpose(row.purpose), row.expires_at)
    verdict = guard(message, contact, usage, policy, now)
    if not isinstance(verdict, Admit):
        _note(batch, row.id, verdict)
        return
    template = templates.get(row.template_id)
    if template is None:
        batch.skipped.append(
            (row.id, MessageStatus.FAILED, Code.INVALID_TEMPLATE, "The template was deleted")
        )
        return
    draft = Draft(row.id, message.channel, message.purpose, row.variables)
    try:
        written = compose(draft, contact, template, letterhead)
    except TemplateProblem as problem:
        batch.skipped.append((row.id, MessageStatus.FAILED, problem.code, problem.message))
        return
    if message.purpose is Purpose.MARKETING:
        usage.append(now)
    batch.admitted.append(Admitted(written, message, contact, template.version, row.attempts + 1))


def _note(batch: Sorted, message_id: UUID, verdict: Verdict) -> None:
    if isinstance(verdict, Hold):
        batch.held.append((message_id, verdict.until, verdict.code))
    elif isinstance(verdict, Skip):
        batch.skipped.append((message_id, MessageStatus.SKIPPED, verdict.code, verdict.reason))


def _skip_strangers(session: Session, batch: Sorted, rows: Sequence[Any], locked: set[UUID]) -> None:
    """Messages to customers that are gone; those whom another worker has at hand stay due."""
    missing = {row.customer_id for row in rows} - locked
    if not missing:
        return
    busy = set(session.scalars(select(Customer.id).where(Customer.id.in_(missing))))
    batch.skipped += [
        (row.id, MessageStatus.SKIPPED, Code.NOT_FOUND, "The customer was deleted")
        for row in rows
        if row.customer_id in missing - busy
    ]


def _load_usage(
    session: Session, tenant_id: UUID, customers: Sequence[UUID], now: datetime
) -> dict[UUID, list[datetime]]:
    usage: dict[UUID, list[datetime]] = defaultdict(list)
    found = session.execute(
        USAGE, {"tenant": tenant_id, "customers": array_literal(customers), "since": now - USAGE_DAYS}
    )
    for row in found:
        usage[row.customer_id].append(row.admitted_at)
    return usage


def _store(
    session: Session,
    tenant_id: UUID,
    batch: Sorted,
    accounts: Mapping[Channel, Account],
    claimant: str,
    *,
    now: datetime,
) -> None:
    if batch.held:
        session.execute(HOLD, transpose(_HELD, batch.held))
    if batch.skipped:
        session.execute(SKIP, {"now": now, **transpose(_SKIPPED, batch.skipped)})
    if not batch.admitted:
        return
    rows = [_admitted_row(each, accounts) for each in batch.admitted]
    session.execute(ADMIT, {"now": now, "claimant": claimant, **transpose(_ADMITTED, rows)})
    links = [
        (tenant_id, link.code, link.message_id, link.url)
        for each in batch.admitted
        for link in each.written.links
    ]
    insert_many(session, "tracked_links", _LINK, links)
    local = [
        each.written.outgoing for each in batch.admitted if each.written.outgoing.channel not in accounts
    ]
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
    )


def _by_channel(admitted: Sequence[Admitted]) -> dict[Channel, list[Admitted]]:
    groups: dict[Channel, list[Admitted]] = defaultdict(list)
    for each in admitted:
        groups[each.message.channel].append(each)
    return groups


def _hand_over(
    account: Account, leaving: Sequence[Admitted], policy: Policy, clock: Clock, journal: Journal
) -> None:
    """Call the provider for all of them, in as many transactions as it takes."""
    with PROVIDERS[account.provider].open(account) as line:
        waiting = list(leaving)
        while waiting:
            done = _hand_over_some(account, line, waiting, policy, clock, journal)
            journal.settled()
            waiting = [each for each in waiting if each.id not in done]


def _hand_over_some(
    account: Account,
    line: Line,
    waiting: Sequence[Admitted],
    policy: Policy,
    clock: Clock,
    journal: Journal,
) -> set[UUID]:
    """One transaction: the messages it settled, in whatever way."""
    with tenant_session(account.tenant_id) as session:
        own = set(
            session.scalars(
                OWN, {"ids": array_literal([each.id for each in waiting]), "claimant": journal.name}
            )
        )
        consents = lock_consents(session, account.tenant_id, [each.contact.customer_id for each in waiting])
        settled = [Settled.lost(each.id) for each in waiting if each.id not in own]
        mine = {each.id: each for each in waiting if each.id in own}
        ends = clock() + LONGEST_CALL
        leaving = _second_look(list(mine.values()), consents, policy, clock, ends, settled)
        for outgoing, answer in line.send(leaving, journal):
            journal.answered(outgoing.message_id, answer)
            settled.append(_answered(mine[outgoing.message_id], answer, clock()))
            if answer.leaves_line_down:
                known = {each.message_id for each in settled}
                settled += [_answered(mine[each], answer, clock()) for each in mine.keys() - known]
                break
        settle(session, account, settled, now=clock())
        return {each.message_id for each in settled}


def _answered(each: Admitted, answer: Answer, now: datetime) -> Settled:
    return Settled.by_answer(each.written.outgoing, answer, each.attempts, now=now)


def _second_look(
    waiting: Sequence[Admitted],
    consents: Mapping[UUID, Mapping[str, ConsentState]],
    policy: Policy,
    clock: Clock,
    ends: datetime,
    settled: list[Settled],
) -> Iterator[Outgoing]:
    """Those that may leave at the very moment; the others are settled here."""
    for each in waiting:
        now = clock()
        if now > ends:
            return
        contact = replace(each.contact, marketing=consents.get(each.contact.customer_id, {}))
        verdict = _last_word(each, contact, policy, now)
        if isinstance(verdict, Admit):
            yield each.written.outgoing
        else:
            settled.append(Settled.by_verdict(each.id, verdict))


def _last_word(each: Admitted, contact: Contact, policy: Policy, now: datetime) -> Verdict:
    """What can have changed since the guard: consent and the hour. Caps cannot, they are reserved."""
    if each.message.purpose is Purpose.TRANSACTIONAL:
        return Admit()
    if contact.marketing.get(each.message.channel) is not ConsentState.GRANTED:
        return Skip(Code.OPTED_OUT, "The customer has opted out")
    zone = zone_of(contact.timezone, policy.timezone)
    if not is_open(policy.window, zone, now):
        return Hold(next_opening(policy.window, zone, now), Code.OUTSIDE_SEND_WINDOW)
    return Admit()


_threads = threading.local()


def _journal(clock: Clock) -> Journal:
    journal: Journal | None = getattr(_threads, "journal", None)
    if journal is None:
        journal = _threads.journal = Journal(now=clock())
    return journal


def close_journal() -> None:
    """End this thread's part in handing over: nothing of it is open any more."""
    journal: Journal | None = getattr(_threads, "journal", None)
    if journal is not None:
        journal.close()
        _threads.journal = None


def _abandon_journal() -> None:
    """What could not be committed is left to recovery, which reads it from the file."""
    journal: Journal | None = getattr(_threads, "journal", None)
    if journal is not None:
        journal.abandon()
        _threads.journal = None
