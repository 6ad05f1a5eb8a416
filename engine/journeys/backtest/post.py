"""The outbox of a backtest: messages that were never queued, judged by the guard as those of the log are.

They are measured against the consents, suppressions and real marketing messages of their moment, today's rules and
prices, and budgets from which the real messages of that month are paid too.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.errors import Code
from engine.customers.contacts import load_contacts
from engine.customers.models import Purpose
from engine.delivery.admission import USAGE_DAYS, Facts, judge, rank
from engine.delivery.budgets import Ledger, ledger_of, load_limits
from engine.delivery.compose import Letterhead
from engine.delivery.consequences import can_be_replaced, replacement
from engine.delivery.guard import Policy, Sent
from engine.delivery.models import MessageStatus
from engine.delivery.outbox import MessageIntent
from engine.delivery.policy import load_policy
from engine.delivery.prices import Prices, load_prices
from engine.delivery.spend import NO_BRANCH, month_of
from engine.delivery.verdicts import Sorted
from engine.delivery.window import next_month
from engine.journeys.backtest.grid import Grid
from engine.journeys.backtest.history import RealSpend
from engine.journeys.backtest.letter import Letter, write_letter
from engine.journeys.plan import Plan
from engine.templates.rendering import Compiled, load_templates

BATCH = 500
"""Messages judged in one go, as the outbox does it."""

REAL_USAGE = text("""
    SELECT customer_id, admitted_at, journey_id, priority FROM messages
    WHERE tenant_id = :tenant AND customer_id = ANY(CAST(:customers AS uuid[]))
        AND admitted_at > :since AND admitted_at <= :now AND purpose = 'marketing'
        AND journey_id IS DISTINCT FROM :journey
""")

ANY_REAL = text("""
    SELECT EXISTS (SELECT FROM messages WHERE tenant_id = :tenant AND created_at > :earliest AND created_at <= :until
        AND admitted_at IS NOT NULL AND purpose = 'marketing' AND journey_id IS DISTINCT FROM :journey)
""")


@dataclass(slots=True)
class Post:
    """What waits to leave, and everything that the guard asks of a moment."""

    session: Session
    tenant_id: UUID
    plan: Plan
    policy: Policy
    letterhead: Letterhead
    limits: Sequence[Any]
    spend: RealSpend
    has_real: bool
    waiting: dict[UUID, Letter] = field(default_factory=dict)
    by_customer: dict[UUID, dict[UUID, Letter]] = field(default_factory=lambda: defaultdict(dict))
    queue_of_dues: list[tuple[datetime, UUID]] = field(default_factory=list)
    sent: dict[UUID, list[Sent]] = field(default_factory=lambda: defaultdict(list))
    templates: dict[UUID, Compiled] = field(default_factory=dict)
    prices: dict[date, Prices] = field(default_factory=dict)
    ledger: Ledger | None = None

    def queue(self, intents: Iterable[MessageIntent], now: datetime) -> list[Letter]:
        """Put messages into the outbox."""
        letters = [write_letter(each, now) for each in intents]
        for each in letters:
            self._wait(each)
        return letters

    def due(self, now: datetime) -> list[Letter]:
        """The next batch that is due: what is owed first, then what has waited longest."""
        due = []
        while self.queue_of_dues and self.queue_of_dues[0][0] <= now:
            due_at, letter_id = heappop(self.queue_of_dues)
            letter = self.waiting.get(letter_id)
            if letter is not None and letter.due_at == due_at:
                due.append(letter)
        due.sort(key=lambda each: (each.purpose != Purpose.TRANSACTIONAL, each.due_at))
        for each in due[BATCH:]:
            heappush(self.queue_of_dues, (each.due_at, each.id))
        return due[:BATCH]

    def _wait(self, letter: Letter) -> None:
        self.waiting[letter.id] = letter
        self.by_customer[letter.customer_id][letter.id] = letter
        heappush(self.queue_of_dues, (letter.due_at, letter.id))

    def _take(self, letter_id: UUID) -> Letter:
        letter = self.waiting.pop(letter_id)
        own = self.by_customer[letter.customer_id]
        del own[letter_id]
        if not own:
            del self.by_customer[letter.customer_id]
        return letter

    def drop(self, customer_id: UUID, reason: str, *, staying: UUID | None) -> list[Letter]:
        """Give up a customer's marketing that waits, as `outbox.skip_enrolments` does; returns it.

        Args:
            staying: an enrolment whose messages stay.
        """
        leaving = [
            each
            for each in self.by_customer.get(customer_id, {}).values()
            if each.enrolment_id != staying and each.purpose == Purpose.MARKETING
        ]
        for each in leaving:
            self._take(each.id)
            each.status, each.code, each.reason = MessageStatus.SKIPPED, Code.LEFT_JOURNEY, reason
        return leaving

    def judge(self, letters: Sequence[Letter], now: datetime) -> list[Letter]:
        """Ask the guard of a batch; returns the replacements that are queued in its turn, by another channel."""
        facts = self._facts(letters, now)
        batch = Sorted(facts.ledger)
        for letter in sorted(letters, key=rank):
            if letter.customer_id in facts.contacts:
                judge(batch, letter, facts)
            else:
                gone = (letter.id, MessageStatus.SKIPPED, Code.NOT_FOUND, "The customer was deleted")
                batch.skipped.append(gone)
        for message_id, hold in batch.held:
            held = self.waiting[message_id]
            held.holds.append((now, hold.until, hold.code, hold.reason))
            held.due_at = hold.until
            self._wait(held)
        for message_id, status, code, reason in batch.skipped:
            skipped = self._take(message_id)
            skipped.status, skipped.code, skipped.reason = MessageStatus(status), code, reason
        for admitted in batch.admitted:
            left = self._take(admitted.id)
            left.status, left.sent_at, left.cost_micro = MessageStatus.SENT, now, admitted.message.cost_micro
            if left.purpose == Purpose.MARKETING:
                self.sent[left.customer_id].append(Sent(now, left.journey_id, left.priority))
        return self.queue((replacement(each, now) for each in letters if can_be_replaced(each)), now)

    def _facts(self, letters: Sequence[Letter], now: datetime) -> Facts:
        customers = sorted({each.customer_id for each in letters})
        missing = [each.template_id for each in letters if each.template_id not in self.templates]
        if missing:
            self.templates |= load_templates(self.session, missing)
        today = now.astimezone(ZoneInfo(self.policy.timezone)).date()
        if today not in self.prices:
            self.prices = {today: load_prices(self.session, currency=self.letterhead.currency, on=today)}
        return Facts(
            policy=self.policy,
            letterhead=self.letterhead,
            contacts=load_contacts(self.session, self.tenant_id, customers, as_of=now),
            usage=self._usage(customers, now),
            rivals={},
            templates=self.templates,
            prices=self.prices[today],
            ledger=self._ledger(now),
            now=now,
        )

    def _usage(self, customers: Sequence[UUID], now: datetime) -> dict[UUID, list[Sent]]:
        """What left for these customers in the last week: really, and in this backtest."""
        since = now - USAGE_DAYS
        usage: dict[UUID, list[Sent]] = defaultdict(list)
        for customer_id in customers:
            if customer_id in self.sent:
                recent = [each for each in self.sent[customer_id] if each.at > since]
                self.sent[customer_id] = recent
                usage[customer_id] = list(recent)
        if self.has_real:
            wanted = {"customers": array_literal(customers), "since": since, "now": now}
            place = {"tenant": self.tenant_id, "journey": self.plan.journey_id}
            for row in self.session.execute(REAL_USAGE, wanted | place):
                usage[row.customer_id].append(Sent(row.admitted_at, row.journey_id, row.priority))
        return usage

    def _ledger(self, now: datetime) -> Ledger:
        """The budgets of this month, with what real messages have taken from them so far."""
        month = month_of(now, self.policy.timezone)
        if self.ledger is None or self.ledger.month != month:
            self.ledger = ledger_of(self.limits, {}, self.letterhead.currency, month)
        if self.limits:
            zone = ZoneInfo(self.policy.timezone)
            begins = datetime(month.year, month.month, 1, tzinfo=zone)
            for branch_id, cost in self.spend.since(month, begins, next_month(zone, now), now).items():
                self.ledger.charge(branch_id if branch_id != NO_BRANCH else None, cost)
        return self.ledger


def open_post(session: Session, tenant_id: UUID, plan: Plan, grid: Grid) -> Post:
    """An empty outbox under the tenant's rules of today."""
    policy, letterhead = load_policy(session)
    period = {"earliest": grid.start - USAGE_DAYS - timedelta(days=9), "until": grid.until}
    return Post(
        session,
        tenant_id,
        plan,
        policy,
        letterhead,
        load_limits(session, tenant_id),
        RealSpend(session, tenant_id, plan, grid),
        bool(session.scalar(ANY_REAL, {"tenant": tenant_id, "journey": plan.journey_id, **period})),
    )
