"""What messages cost by month, branch and kind: reserved at admission, given back for those that do not leave (D6).

Months are those of the tenant's calendar. Money is in millionths of the currency's major unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.channels.rates import category_of
from engine.core.bulk import transpose, unnest
from engine.core.models import Branch
from engine.core.tenants import get_settings, get_tenant
from engine.delivery.models import Spend
from engine.delivery.prices import micro_of

NO_BRANCH = UUID(int=0)

_SPENT = {
    "month": "date",
    "branch_id": "uuid",
    "channel": "text",
    "category": "text",
    "cost_micro": "bigint",
    "messages": "bigint",
}

ADD = text(f"""
    INSERT INTO spend ({", ".join(_SPENT)}, tenant_id) SELECT {", ".join(_SPENT)}, :tenant FROM {unnest(_SPENT)}
    ON CONFLICT (tenant_id, month, branch_id, channel, category) DO UPDATE
        SET cost_micro = spend.cost_micro + excluded.cost_micro, messages = spend.messages + excluded.messages
""")

_RESERVED = {"of_message": "uuid", "reserved_at": "timestamptz"}

TAKE_BACK = text(f"""
    WITH unsent AS (
        SELECT id, cost_micro, branch_id, channel, purpose, reserved_at
        FROM messages JOIN {unnest(_RESERVED)} ON id = of_message
        WHERE status IN ('queued', 'failed', 'skipped') AND cost_micro IS NOT NULL ORDER BY id FOR UPDATE OF messages
    )
    UPDATE messages SET cost_micro = NULL, currency = NULL FROM unsent WHERE messages.id = unsent.id
    RETURNING unsent.cost_micro, unsent.branch_id, unsent.channel, unsent.purpose, unsent.reserved_at
""")


@dataclass(frozen=True, slots=True)
class Charge:
    """What one message costs, and where it is booked."""

    month: date
    branch_id: UUID | None
    channel: str
    purpose: str
    cost_micro: int
    messages: int = 1


@dataclass(frozen=True, slots=True)
class SpendLine:
    """What one kind of message cost one branch; `branch_id` None: customers of no branch."""

    branch_id: UUID | None
    branch: str
    channel: str
    category: str
    messages: int
    cost_micro: int


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """How a budget stands; `branch_id` None: the whole tenant's."""

    branch_id: UUID | None
    name: str
    limit_minor: int
    limit_micro: int
    spent_micro: int
    percent: int


@dataclass(frozen=True, slots=True)
class SpendSummary:
    """A month's spend, and the budgets it is measured against (None: no limit)."""

    month: date
    currency: str
    total_micro: int
    messages: int
    lines: Sequence[SpendLine]
    budget: BudgetLine | None
    branch_budgets: Sequence[BudgetLine]


def month_of(moment: datetime, timezone: str) -> date:
    """The first day of the month, on the tenant's calendar."""
    return moment.astimezone(ZoneInfo(timezone)).date().replace(day=1)


def book(session: Session, tenant_id: UUID, charges: Sequence[Charge]) -> None:
    """Add charges to the months' sums, in one statement; meant for the end of a transaction, it locks the sums."""
    sums: dict[tuple[date, UUID, str, str], tuple[int, int]] = {}
    for each in charges:
        place = (
            each.month,
            each.branch_id or NO_BRANCH,
            each.channel,
            category_of(each.channel, each.purpose).value,
        )
        cost, messages = sums.get(place, (0, 0))
        sums[place] = cost + each.cost_micro, messages + each.messages
    if sums:
        rows = [(*place, *sums[place]) for place in sorted(sums)]
        session.execute(ADD, {"tenant": tenant_id, **transpose(_SPENT, rows)})


def give_back(session: Session, tenant_id: UUID, reserved: Mapping[UUID, datetime | None]) -> None:
    """Take back what was reserved for those of these messages that did not leave; what may have left keeps its cost.

    Args:
        reserved: when the money was reserved, by message.
    """
    rows = [(message_id, at) for message_id, at in sorted(reserved.items()) if at]
    unsent = session.execute(TAKE_BACK, transpose(_RESERVED, rows)).all() if rows else []
    if not unsent:
        return
    timezone = get_tenant(session).timezone
    charges = [
        Charge(
            month_of(row.reserved_at, timezone),
            row.branch_id,
            row.channel,
            row.purpose,
            -row.cost_micro,
            messages=-1,
        )
        for row in unsent
    ]
    book(session, tenant_id, charges)


def spend_summary(session: Session, month: date) -> SpendSummary:
    """What the session's tenant spent in the month that begins on this day."""
    currency = get_tenant(session).currency
    branches = {row.id: row for row in session.scalars(select(Branch).order_by(Branch.name))}
    rows = session.scalars(
        select(Spend).where(Spend.month == month).order_by(Spend.branch_id, Spend.channel, Spend.category)
    )
    lines = [_line(row, branches) for row in rows]
    total = sum(line.cost_micro for line in lines)
    limit = get_settings(session).monthly_budget_minor
    spent = {
        branch_id: sum(x.cost_micro for x in lines if x.branch_id == branch_id) for branch_id in branches
    }
    return SpendSummary(
        month=month,
        currency=currency,
        total_micro=total,
        messages=sum(line.messages for line in lines),
        lines=lines,
        budget=None if limit is None else _budget(None, "", limit, total, currency),
        branch_budgets=[
            _budget(branch.id, branch.name, branch.monthly_budget_minor, spent[branch.id], currency)
            for branch in branches.values()
            if branch.monthly_budget_minor is not None
        ],
    )


def _line(row: Spend, branches: Mapping[UUID, Branch]) -> SpendLine:
    is_none = row.branch_id == NO_BRANCH
    branch = branches.get(row.branch_id)
    name = branch.name if branch else "" if is_none else "A deleted branch"
    return SpendLine(
        None if is_none else row.branch_id, name, row.channel, row.category, row.messages, row.cost_micro
    )


def _budget(branch_id: UUID | None, name: str, limit: int, spent_micro: int, currency: str) -> BudgetLine:
    limit_micro = micro_of(limit, currency)
    percent = spent_micro * 100 // limit_micro if limit_micro else 100
    return BudgetLine(branch_id, name, limit, limit_micro, spent_micro, percent)
