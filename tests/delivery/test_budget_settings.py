"""Setting budgets: the tenant's and the branches' in one go, with a trace and at once in force (D6, F5)."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from engine.core.db import tenant_session
from engine.core.errors import InvalidInput, NotFound
from engine.core.ids import new_id
from engine.core.models import AuditEntry, Branch
from engine.core.tenants import get_settings
from engine.delivery.budget_settings import LARGEST_MINOR, change_budgets


def set_budgets(sender: Any, monthly: int | None, *, threshold: int = 80, **branches: Any) -> None:
    with tenant_session(sender.tenant) as session:
        change_budgets(
            session,
            sender.tenant,
            monthly_minor=monthly,
            threshold_percent=threshold,
            branches={UUID(key.removeprefix("b_")): value for key, value in branches.items()},
            actor="user:test",
            now=sender.clock(),
        )


def add_branch(sender: Any, name: str) -> UUID:
    branch = new_id()
    with tenant_session(sender.tenant) as session:
        session.add(Branch(id=branch, tenant_id=sender.tenant, name=name))
    return branch


def branch_budgets(sender: Any) -> dict[str, int | None]:
    with tenant_session(sender.tenant) as session:
        return {each.name: each.monthly_budget_minor for each in session.scalars(select(Branch))}


def test_budgets_are_kept_and_written_into_the_audit_log(sender: Any) -> None:
    pune, goa = add_branch(sender, "Pune"), add_branch(sender, "Goa")
    set_budgets(sender, 50_000, threshold=70, **{f"b_{pune.hex}": 20_000, f"b_{goa.hex}": None})
    with tenant_session(sender.tenant) as session:
        kept = get_settings(session)
        assert (kept.monthly_budget_minor, kept.budget_alert_threshold_percent) == (50_000, 70)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "budget.branches")).one()
        assert entry.details == {str(pune): 20_000, str(goa): None}
    assert branch_budgets(sender) == {"Pune": 20_000, "Goa": None}
    set_budgets(sender, None)
    assert branch_budgets(sender) == {"Pune": 20_000, "Goa": None}


def test_a_higher_budget_lets_those_leave_at_once_that_waited_for_money(sender: Any) -> None:
    set_budgets(sender, 100)
    sender.queue(sender.add_customers(3))
    sender.deliver()
    assert sorted(message.status for message in sender.messages()) == ["queued", "queued", "sent"]
    set_budgets(sender, None)
    sender.deliver()
    assert [message.status for message in sender.messages()] == ["sent"] * 3


@pytest.mark.parametrize("minor", [-1, LARGEST_MINOR + 1])
def test_an_impossible_amount_is_named_by_its_field(sender: Any, minor: int) -> None:
    branch = add_branch(sender, "Pune")
    with pytest.raises(InvalidInput) as refused:
        set_budgets(sender, minor)
    assert refused.value.details == {"field": "monthly_budget_minor"}
    with pytest.raises(InvalidInput) as refused:
        set_budgets(sender, 100, **{f"b_{branch.hex}": minor})
    assert refused.value.details == {"field": f"branch.{branch}"}
    assert branch_budgets(sender) == {"Pune": None}


def test_a_branch_that_is_gone_changes_nothing(sender: Any) -> None:
    with pytest.raises(NotFound):
        set_budgets(sender, 700, **{f"b_{new_id().hex}": 5})
    with tenant_session(sender.tenant) as session:
        assert get_settings(session).monthly_budget_minor is None
