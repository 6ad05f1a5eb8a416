"""Monthly budgets: what is left of them while a batch is judged, and who is told when they run low (D6).

Only a tenant that has set a budget pays for it: its admissions take turns, so that no two workers spend the same rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.audit import record_audit
from engine.core.bulk import insert_many
from engine.core.errors import Code
from engine.core.ids import key_of
from engine.core.notifications import NewNotification, notify
from engine.delivery.case import Budget
from engine.delivery.prices import micro_of, micro_words
from engine.delivery.spend import NO_BRANCH

THRESHOLD, END = "threshold", "end"

LIMITS = text("""
    SELECT CAST(NULL AS uuid) AS branch_id, '' AS name, monthly_budget_minor, budget_alert_threshold_percent
    FROM tenant_settings WHERE tenant_id = :tenant AND monthly_budget_minor IS NOT NULL
    UNION ALL
    SELECT branch.id, branch.name, branch.monthly_budget_minor, settings.budget_alert_threshold_percent
    FROM branches branch JOIN tenant_settings settings USING (tenant_id)
    WHERE tenant_id = :tenant AND branch.monthly_budget_minor IS NOT NULL
""")

TAKE_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:turn, 0))")

SPENT = text("""
    SELECT branch_id, sum(cost_micro) AS cost_micro FROM spend
    WHERE tenant_id = :tenant AND month = :month GROUP BY branch_id
""")

_ALERT = {"tenant_id": "uuid", "month": "date", "branch_id": "uuid", "level": "text", "at": "timestamptz"}
TELL_ONCE = "ON CONFLICT DO NOTHING RETURNING branch_id, level"

RELEASE = text("""
    UPDATE messages SET due_at = :now, held_code = NULL
    WHERE tenant_id = :tenant AND status = 'queued' AND held_code = :code
""")


@dataclass(slots=True)
class Account:
    """One budget while a batch is judged. `branch_id` is nil for the tenant's."""

    branch_id: UUID
    name: str
    limit_micro: int
    threshold_percent: int
    spent_micro: int
    refused: bool = False

    def levels(self) -> Iterator[str]:
        """What the staff should be told by now."""
        if self.limit_micro and self.spent_micro * 100 >= self.limit_micro * self.threshold_percent:
            yield THRESHOLD
        if self.refused or self.spent_micro >= self.limit_micro:
            yield END


@dataclass(slots=True)
class Ledger:
    """A tenant's budgets of one month; empty when none is set."""

    month: date
    currency: str
    accounts: dict[UUID, Account] = field(default_factory=dict)

    def budgets(self, branch_id: UUID | None) -> tuple[Budget, ...]:
        """What messages to customers of this branch are paid from."""
        return tuple(
            Budget(each.name, each.limit_micro, each.spent_micro, self.currency)
            for each in self._of(branch_id)
        )

    def charge(self, branch_id: UUID | None, cost_micro: int) -> None:
        """A message was admitted."""
        for each in self._of(branch_id):
            each.spent_micro += cost_micro

    def refuse(self, branch_id: UUID | None, cost_micro: int) -> None:
        """A message was held because of these."""
        for each in self._of(branch_id):
            each.refused |= each.spent_micro + cost_micro > each.limit_micro

    def _of(self, branch_id: UUID | None) -> list[Account]:
        if not self.accounts:
            return []
        places = (NO_BRANCH, branch_id) if branch_id else (NO_BRANCH,)
        return [self.accounts[place] for place in places if place in self.accounts]


def open_ledger(session: Session, tenant_id: UUID, *, currency: str, month: date) -> Ledger:
    """As `read_ledger`, to spend from: with any budget set, this waits for its turn until others commit."""
    if load_limits(session, tenant_id):
        session.execute(TAKE_TURN, {"turn": f"budget {tenant_id}"})
    return read_ledger(session, tenant_id, currency=currency, month=month)


def read_ledger(session: Session, tenant_id: UUID, *, currency: str, month: date) -> Ledger:
    """The tenant's budgets and what is spent of them, as far as it is committed."""
    limits = load_limits(session, tenant_id)
    if not limits:
        return Ledger(month, currency)
    rows = session.execute(SPENT, {"tenant": tenant_id, "month": month})
    return ledger_of(limits, {row.branch_id: int(row.cost_micro) for row in rows}, currency, month)


def load_limits(session: Session, tenant_id: UUID) -> Sequence[Any]:
    """The budgets that are set: the tenant's, and those of its branches."""
    return session.execute(LIMITS, {"tenant": tenant_id}).all()


def ledger_of(limits: Sequence[Any], spent: Mapping[UUID, int], currency: str, month: date) -> Ledger:
    """The ledger of a month in which so much was spent by branch, in micro-units. `limits` from `load_limits`."""
    ledger = Ledger(month, currency)
    for row in limits:
        place = row.branch_id or NO_BRANCH
        ledger.accounts[place] = Account(
            branch_id=place,
            name=row.name,
            limit_micro=micro_of(row.monthly_budget_minor, currency),
            threshold_percent=row.budget_alert_threshold_percent,
            spent_micro=spent.get(place, 0) if row.branch_id else sum(spent.values()),
        )
    return ledger


def tell_of_budgets(session: Session, tenant_id: UUID, ledger: Ledger, *, now: datetime) -> None:
    """Tell the staff once a month of each budget that came to its threshold, and of each that came to its end."""
    rows = [
        (tenant_id, ledger.month, place, level, now)
        for place, account in ledger.accounts.items()
        for level in account.levels()
    ]
    told = insert_many(session, "budget_alerts", _ALERT, rows, then=TELL_ONCE)
    new = told.all() if told else []
    wishes = [
        NewNotification(
            dedupe_key=key_of("budget", ledger.month, row.branch_id, row.level),
            user_id=None,
            kind="budget",
            text=_words(ledger.accounts[row.branch_id], row.level, ledger),
            link="/settings",
        )
        for row in new
    ]
    if wishes:
        notify(session, tenant_id, wishes, now=now)
    for row in new:
        account = ledger.accounts[row.branch_id]
        details = {
            "month": f"{ledger.month:%Y-%m}",
            "level": row.level,
            "limit_micro": account.limit_micro,
            "spent_micro": account.spent_micro,
        }
        subject = str(tenant_id if row.branch_id == NO_BRANCH else row.branch_id)
        record_audit(session, tenant_id, "system", "budget.alert", subject, details, now=now)


def release_budget(session: Session, tenant_id: UUID, now: datetime) -> None:
    """Make messages that wait for money due again, after a budget was raised or removed; the guard judges each anew."""
    parameters = {"tenant": tenant_id, "now": now, "code": Code.BUDGET_EXCEEDED}
    session.execute(RELEASE, parameters)


def _words(account: Account, level: str, ledger: Ledger) -> str:
    whose = f"{account.name}: the" if account.name else "The"
    limit = micro_words(account.limit_micro, ledger.currency)
    spent = micro_words(account.spent_micro, ledger.currency)
    budget = f"{whose} message budget of {limit} for {ledger.month:%B}"
    if level == END:
        return f"{budget} is used up ({spent} spent). Marketing waits for next month or a higher budget."
    percent = account.spent_micro * 100 // account.limit_micro
    return f"{budget} is {percent} % spent ({spent})."
