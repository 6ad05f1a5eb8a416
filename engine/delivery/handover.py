"""From the door into the customer's hand: what was admitted is handed to its provider (design decisions 2–5).

Two transactions a batch. The first asks the guard and writes out what may leave (`admission`, `verdicts`); the local
inbox takes its messages in that same transaction. For a real provider the second one locks the consents and asks
once more, then calls the provider while it holds them: an opt-out commits before the call, which then does not
happen, or after it.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text

from engine.channels.accounts import PROVIDERS, load_accounts
from engine.channels.interface import Account, Answer, Channel, Line, Outgoing
from engine.core.bulk import array_literal
from engine.core.db import tenant_session
from engine.core.errors import Code
from engine.core.tally import count_calls
from engine.customers.contacts import Contact, lock_consents
from engine.customers.models import ConsentState, Purpose
from engine.delivery.admission import sort_due
from engine.delivery.answers import Settled, settle
from engine.delivery.caps import hold_until_open
from engine.delivery.consequences import follow_up
from engine.delivery.guard import Admit, Policy, Skip, Verdict
from engine.delivery.journal import Journal
from engine.delivery.models import MessageStatus
from engine.delivery.pace import Pace
from engine.delivery.policy import load_policy
from engine.delivery.spend import give_back
from engine.delivery.verdicts import Admitted, store_verdicts
from engine.delivery.window import zone_of

BATCH = 500
LONGEST_CALL = timedelta(seconds=1)
"""How long a batch may call its provider, and keep consents locked; what is left then goes back into the queue, so
that a slow provider keeps nobody else waiting."""

NOT_GONE = frozenset({MessageStatus.QUEUED, MessageStatus.FAILED, MessageStatus.SKIPPED})

PACE = Pace()

Clock = Callable[[], datetime]
log = structlog.get_logger()

OWN = text("""
    SELECT id FROM messages
    WHERE id = ANY(CAST(:ids AS uuid[])) AND status = 'sending' AND claimed_by = :claimant FOR UPDATE
""")

PUT_BACK = text("""
    UPDATE messages SET status = 'queued', attempts = attempts - 1, admitted_at = NULL, claimed_by = NULL,
        claimed_at = NULL
    WHERE id = ANY(CAST(:ids AS uuid[])) AND status = 'sending' AND claimed_by = :claimant
    RETURNING id
""")


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
        room = {channel: PACE.size(account) for channel, account in accounts.items()}
        batch = sort_due(session, tenant_id, policy, letterhead, room, now=now, limit=limit)
        store_verdicts(session, tenant_id, batch, accounts, journal.name, now=now)
    try:
        for channel, leaving in _by_channel(batch.admitted).items():
            if channel in accounts:
                began = clock()
                done = _hand_over(accounts[channel], leaving, batch.followed, policy, clock, journal)
                took = clock() - began
                PACE.learn(accounts[channel], done, took, left=len(leaving) - done)
                count_calls(accounts[channel].provider, done, took)
    except BaseException:
        _abandon_journal()
        raise
    dealt_with = len(batch.held) + len(batch.skipped) + len(batch.admitted)
    if dealt_with:
        log.debug("delivered", worker=worker, tenant=str(tenant_id), messages=dealt_with)
    return dealt_with


def _by_channel(admitted: Sequence[Admitted]) -> dict[Channel, list[Admitted]]:
    groups: dict[Channel, list[Admitted]] = defaultdict(list)
    for each in admitted:
        groups[each.message.channel].append(each)
    return groups


def _hand_over(
    account: Account,
    leaving: Sequence[Admitted],
    followed: Set[UUID],
    policy: Policy,
    clock: Clock,
    journal: Journal,
) -> int:
    """Call the provider for as many as the time allows; returns how many were settled, the others are put back."""
    with PROVIDERS[account.provider].open(account) as line:
        done = _hand_over_some(account, line, leaving, followed, policy, clock, journal)
        journal.settled()
    _put_back(account.tenant_id, [each for each in leaving if each.id not in done], journal)
    return len(done)


def _put_back(tenant_id: UUID, waiting: Sequence[Admitted], journal: Journal) -> None:
    """Queue those again for whom no time was left, as if nobody had taken them."""
    if not waiting:
        return
    with tenant_session(tenant_id) as session:
        ids = {"ids": array_literal([each.id for each in waiting]), "claimant": journal.name}
        back = set(session.scalars(PUT_BACK, ids))
        give_back(session, tenant_id, {each.id: each.at for each in waiting if each.id in back})


def _hand_over_some(
    account: Account,
    line: Line,
    waiting: Sequence[Admitted],
    followed: Set[UUID],
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
        now = clock()
        settle(session, account, settled, now=now)
        decided = {each.message_id for each in settled if each.status is not None}
        follow_up(session, account.tenant_id, decided & followed, now=now)
        stays = {each.message_id for each in settled if each.status in NOT_GONE}
        give_back(session, account.tenant_id, {message_id: mine[message_id].at for message_id in stays})
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
    return hold_until_open(policy.window, zone_of(contact.timezone, policy.timezone), now) or Admit()


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
