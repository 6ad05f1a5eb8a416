"""Setting the monthly budgets: the tenant's, where the staff are warned, and the branches' (D6, F5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.core.audit import record_audit
from engine.core.bulk import transpose, unnest
from engine.core.errors import InvalidInput, NotFound
from engine.core.models import Branch
from engine.core.tenants import update_settings
from engine.delivery.budgets import release_budget

LARGEST_MINOR = 10**13
"""More than any tenant spends on messages, and little enough to be counted in millionths."""

_BUDGET = {"branch_id": "uuid", "minor": "bigint"}

SET_BRANCHES = text(f"""
    UPDATE branches SET monthly_budget_minor = rows.minor, updated_at = :now
    FROM {unnest(_BUDGET)} WHERE branches.tenant_id = :tenant AND branches.id = rows.branch_id
    RETURNING branches.id
""")


@dataclass(frozen=True, slots=True)
class BranchBudget:
    """A branch and what it may spend in a month, in minor units (None: no limit of its own)."""

    branch_id: UUID
    name: str
    monthly_minor: int | None


def list_branch_budgets(session: Session) -> list[BranchBudget]:
    """Every branch, by name."""
    rows = session.execute(
        select(Branch.id, Branch.name, Branch.monthly_budget_minor).order_by(func.lower(Branch.name))
    )
    return [BranchBudget(*row) for row in rows]


def change_budgets(
    session: Session,
    tenant_id: UUID,
    *,
    monthly_minor: int | None,
    threshold_percent: int,
    branches: Mapping[UUID, int | None],
    actor: str,
    now: datetime,
) -> None:
    """Set the budgets of every month, in minor units (None: no limit); what waited for money is judged anew.

    Args:
        threshold_percent: how much of a budget is spent when the staff are told, 1 to 100.
        branches: budgets by branch; a branch not among them keeps its own.

    Raises:
        InvalidInput: names the field: `monthly_budget_minor`, `budget_alert_threshold_percent` or `branch.<id>`.
        NotFound: a branch does not exist.
    """
    _demand_possible("monthly_budget_minor", monthly_minor)
    for branch_id, minor in branches.items():
        _demand_possible(f"branch.{branch_id}", minor)
    wish = {"monthly_budget_minor": monthly_minor, "budget_alert_threshold_percent": threshold_percent}
    update_settings(session, tenant_id, wish, actor=actor, now=now)
    if branches:
        place = {"tenant": tenant_id, "now": now, **transpose(_BUDGET, list(branches.items()))}
        known = set(session.scalars(SET_BRANCHES, place))
        if known != branches.keys():
            raise NotFound("A branch does not exist any more. Load the page again.")
        details = {str(branch_id): minor for branch_id, minor in branches.items()}
        record_audit(session, tenant_id, actor, "budget.branches", str(tenant_id), details, now=now)
    release_budget(session, tenant_id, now)


def _demand_possible(field: str, minor: int | None) -> None:
    if minor is not None and not 0 <= minor <= LARGEST_MINOR:
        raise InvalidInput(
            f"{field}: an amount from 0 up to {LARGEST_MINOR // 100:,}.", details={"field": field}
        )
