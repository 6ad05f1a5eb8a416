"""From the outbox to the door: claim due messages, ask the guard, write out what may leave (design decisions 2–5).

Due messages and their customers are locked, so that no two workers count the same customer's messages at once.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.channels.interface import Channel
from engine.core.bulk import array_literal
from engine.core.errors import Code
from engine.customers.contacts import Contact, load_contacts
from engine.customers.models import Customer, Purpose
from engine.delivery.budgets import Ledger, open_ledger
from engine.delivery.compose import Draft, Letterhead, compose
from engine.delivery.consequences import FOLLOWED
from engine.delivery.guard import Admit, DueMessage, Hold, Policy, Rival, Sent, Skip, Verdict, guard
from engine.delivery.models import MessageStatus
from engine.delivery.prices import Prices, load_prices
from engine.delivery.spend import month_of
from engine.delivery.verdicts import Admitted, Sorted
from engine.templates.rendering import Compiled, TemplateProblem, load_templates

USAGE_DAYS = timedelta(days=8)

JUDGED = f"""id, customer_id, channel, purpose, template_id, variables, due_at, expires_at, attempts,
        journey_id, journey_limit, priority, {FOLLOWED} AS is_followed"""
"""What is asked of messages that are to be judged."""

_DUE = f"""
    SELECT {JUDGED} FROM messages WHERE tenant_id = :tenant AND status = 'queued' AND due_at <= :now
"""

CLAIM = text(f"""
    WITH urgent AS (
        {_DUE} AND purpose = 'transactional' ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ), usual AS (
        {_DUE} AND purpose <> 'transactional' ORDER BY due_at
        LIMIT CAST(:limit AS bigint) - (SELECT count(*) FROM urgent) FOR UPDATE SKIP LOCKED
    )
    SELECT * FROM urgent UNION ALL SELECT * FROM usual
""")
"""What is owed has a lane of its own: it never waits behind marketing, however much is due (C6)."""

LOCK_CUSTOMERS = text("""
    SELECT id FROM customers WHERE tenant_id = :tenant AND id = ANY(CAST(:customers AS uuid[]))
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
""")

USAGE = text("""
    SELECT customer_id, admitted_at, journey_id, priority FROM messages
    WHERE tenant_id = :tenant AND customer_id = ANY(CAST(:customers AS uuid[]))
        AND admitted_at > :since AND purpose = 'marketing'
""")


RIVALS = text("""
    SELECT id, customer_id, channel, priority, due_at FROM messages
    WHERE tenant_id = :tenant AND customer_id = ANY(CAST(:customers AS uuid[])) AND status = 'queued'
        AND priority > 0 AND purpose = 'marketing' AND due_at < :before
""")
RIVAL_DAYS = timedelta(days=2)
"""More than what is left of any local day."""

HIGHEST_PRIORITY = 2


@dataclass(frozen=True, slots=True)
class Facts:
    """What a batch is judged by. `usage` and `rivals` are by customer, and move with every verdict."""

    policy: Policy
    letterhead: Letterhead
    contacts: Mapping[UUID, Contact]
    usage: Mapping[UUID, list[Sent]]
    rivals: Mapping[UUID, dict[UUID, Rival]]
    templates: Mapping[UUID, Compiled]
    prices: Prices
    ledger: Ledger
    now: datetime


def sort_due(
    session: Session,
    tenant_id: UUID,
    policy: Policy,
    letterhead: Letterhead,
    room: Mapping[Channel, int],
    *,
    now: datetime,
    limit: int,
) -> Sorted:
    """Claim up to `limit` due messages and judge them; nothing is written yet.

    What is owed comes first, then the more important, then what has waited longer.

    Args:
        room: how many may be admitted on a channel, where that is limited; what finds no room stays due.
    """
    rows = session.execute(CLAIM, {"tenant": tenant_id, "now": now, "limit": limit}).all()
    month = month_of(now, policy.timezone)
    if not rows:
        return Sorted(Ledger(month, letterhead.currency))
    customers = sorted({row.customer_id for row in rows})
    locked = list(
        session.scalars(LOCK_CUSTOMERS, {"tenant": tenant_id, "customers": array_literal(customers)})
    )
    ledger = open_ledger(session, tenant_id, currency=letterhead.currency, month=month)
    facts = look_up(session, tenant_id, rows, locked, policy, letterhead, ledger, now=now)
    batch = Sorted(facts.ledger, followed={row.id for row in rows if row.is_followed})
    left = dict(room)
    for row in sorted(rows, key=rank):
        channel = Channel(row.channel)
        if row.customer_id in facts.contacts and left.get(channel, limit) > 0:
            is_admitted = judge(batch, row, facts)
            left[channel] = left.get(channel, limit) - is_admitted
    _skip_strangers(session, batch, rows, set(locked))
    return batch


def look_up(
    session: Session,
    tenant_id: UUID,
    rows: Sequence[Any],
    customers: Sequence[UUID],
    policy: Policy,
    letterhead: Letterhead,
    ledger: Ledger,
    *,
    now: datetime,
) -> Facts:
    """What these messages (rows of `JUDGED`) to these customers are judged by; reads only."""
    today = now.astimezone(ZoneInfo(policy.timezone)).date()
    return Facts(
        policy=policy,
        letterhead=letterhead,
        contacts=load_contacts(session, tenant_id, customers),
        usage=_load_usage(session, tenant_id, customers, now),
        rivals=_load_rivals(session, tenant_id, rows, now),
        templates=load_templates(session, [row.template_id for row in rows if row.template_id]),
        prices=load_prices(session, currency=letterhead.currency, on=today),
        ledger=ledger,
        now=now,
    )


def rank(row: Any) -> tuple[bool, int, datetime, UUID]:
    """The order in which a batch is judged: what is owed, then the more important, then what has waited longer."""
    return row.purpose != Purpose.TRANSACTIONAL, -row.priority, row.due_at, row.id


def judge(batch: Sorted, row: Any, facts: Facts) -> bool:
    """Ask the guard of one message and note in the batch what it said; whether it was admitted. Pure but for the batch
    and the facts' usage and ledger, so that what was never queued can be judged the same way."""
    contact, usage = facts.contacts[row.customer_id], facts.usage[row.customer_id]
    cost = facts.prices.price(row.channel, row.purpose, contact.address(row.channel))
    message = DueMessage(
        channel=Channel(row.channel),
        purpose=Purpose(row.purpose),
        expires_at=row.expires_at,
        journey_id=row.journey_id,
        journey_limit=row.journey_limit,
        priority=row.priority,
        cost_micro=cost,
    )
    rivals = facts.rivals.get(row.customer_id, {})
    budgets = facts.ledger.budgets(contact.branch_id)
    verdict = guard(message, contact, usage, facts.policy, facts.now, tuple(rivals.values()), budgets)
    rivals.pop(row.id, None)
    if not isinstance(verdict, Admit):
        if isinstance(verdict, Hold):
            rivals[row.id] = Rival(message.channel, message.priority, verdict.until)
            if verdict.code is Code.BUDGET_EXCEEDED:
                facts.ledger.refuse(contact.branch_id, cost)
        _note(batch, row.id, verdict)
        return False
    if not _write(batch, row, message, contact, facts):
        return False
    facts.ledger.charge(contact.branch_id, cost)
    if message.purpose is Purpose.MARKETING:
        usage.append(Sent(facts.now, row.journey_id, row.priority))
    return True


def _write(batch: Sorted, row: Any, message: DueMessage, contact: Contact, facts: Facts) -> bool:
    """Write an admitted message out; False when its template cannot be, which fails the message."""
    template = facts.templates.get(row.template_id)
    if template is None:
        batch.skipped.append(
            (row.id, MessageStatus.FAILED, Code.INVALID_TEMPLATE, "The template was deleted")
        )
        return False
    draft = Draft(row.id, message.channel, message.purpose, row.variables)
    try:
        written = compose(draft, contact, template, facts.letterhead)
    except TemplateProblem as problem:
        batch.skipped.append((row.id, MessageStatus.FAILED, problem.code, problem.message))
        return False
    batch.admitted.append(Admitted(written, message, contact, template.version, row.attempts + 1, facts.now))
    return True


def _note(batch: Sorted, message_id: UUID, verdict: Verdict) -> None:
    if isinstance(verdict, Hold):
        batch.held.append((message_id, verdict))
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
) -> dict[UUID, list[Sent]]:
    usage: dict[UUID, list[Sent]] = defaultdict(list)
    found = session.execute(
        USAGE, {"tenant": tenant_id, "customers": array_literal(customers), "since": now - USAGE_DAYS}
    )
    for row in found:
        usage[row.customer_id].append(Sent(row.admitted_at, row.journey_id, row.priority))
    return usage


def _load_rivals(
    session: Session, tenant_id: UUID, rows: Sequence[Any], now: datetime
) -> dict[UUID, dict[UUID, Rival]]:
    """By customer, for those whose messages could be outranked."""
    rivals: dict[UUID, dict[UUID, Rival]] = defaultdict(dict)
    lesser = {
        row.customer_id
        for row in rows
        if row.priority < HIGHEST_PRIORITY and row.purpose == Purpose.MARKETING
    }
    if lesser:
        parameters = {"customers": array_literal(sorted(lesser)), "before": now + RIVAL_DAYS}
        for row in session.execute(RIVALS, {"tenant": tenant_id, **parameters}):
            rivals[row.customer_id][row.id] = Rival(Channel(row.channel), row.priority, row.due_at)
    return rivals
