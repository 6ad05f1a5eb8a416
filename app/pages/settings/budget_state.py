"""What the budget section shows and changes: this month's spend, the month's budgets, when the staff are warned."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import reflex as rx

from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.pages.settings.amounts import major_text, minor_of, symbol_of
from app.pages.settings.spend_view import BranchSpend, SpendView, branch_spend, spend_view
from app.pages.settings.state import SettingsState
from app.ui import done
from engine.core.accounts import Viewer, demand
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.core.tenants import get_settings, get_tenant
from engine.delivery.budget_settings import BranchBudget, change_budgets, list_branch_budgets
from engine.delivery.spend import SpendSummary, month_of, spend_summary

BUDGET = "budget.config"
MONTHLY, THRESHOLD = "monthly_budget_minor", "budget_alert_threshold_percent"


@dataclass
class BranchField:
    """A branch's field; `spend` is empty while it has no budget."""

    field: str
    name: str
    budget: str
    spend: BranchSpend = field(default_factory=BranchSpend)


class BudgetState(SettingsState):
    """The month's spend and the budgets' form."""

    spend: SpendView = SpendView()
    symbol: str = ""
    monthly: str = ""
    threshold: str = ""
    branches: list[BranchField] = []
    problems: dict[str, str] = {}
    saving: bool = False

    @rx.var
    def stored_values(self) -> str:
        """What the form starts from."""
        return " ".join([self.monthly, self.threshold, *(each.field + each.budget for each in self.branches)])

    @rx.event
    async def save(self, answers: dict[str, str]):
        """Keep the budgets; messages that waited for money may leave."""
        viewer = await signed_in(self)
        demand(viewer.role, BUDGET)
        self.saving, self.problems = True, {}
        yield
        try:
            await asyncio.to_thread(_save, viewer, answers, [each.field for each in self.branches])
        except InvalidInput as error:
            self.problems = problems_of(error)
            return
        finally:
            self.saving = False
        await self._show(viewer)
        yield done("Budgets saved. What waited for money is looked at again.")

    async def _show(self, viewer: Viewer) -> None:
        read = await asyncio.to_thread(_load, viewer, utc_now())
        self.problems, self.saving = {}, False
        self.symbol = symbol_of(viewer.currency)
        self.monthly = major_text(read.monthly_minor, currency=viewer.currency)
        self.threshold = str(read.threshold_percent)
        self.spend = spend_view(read.summary, threshold_percent=read.threshold_percent)
        spent = {each.branch_id: each for each in read.summary.branch_budgets}
        self.branches = [
            BranchField(
                field=f"branch.{branch.branch_id}",
                name=branch.name,
                budget=major_text(branch.monthly_minor, currency=viewer.currency),
                spend=branch_spend(
                    spent.get(branch.branch_id),
                    read.summary.currency,
                    threshold_percent=read.threshold_percent,
                ),
            )
            for branch in read.branches
        ]


@dataclass(frozen=True, slots=True)
class _Read:
    """What the section is made of."""

    monthly_minor: int | None
    threshold_percent: int
    branches: Sequence[BranchBudget]
    summary: SpendSummary


def _load(viewer: Viewer, now: datetime) -> _Read:
    with tenant_session(viewer.tenant_id) as session:
        settings = get_settings(session)
        month = month_of(now, get_tenant(session).timezone)
        return _Read(
            settings.monthly_budget_minor,
            settings.budget_alert_threshold_percent,
            list_branch_budgets(session),
            spend_summary(session, month),
        )


def _save(viewer: Viewer, answers: dict[str, str], branch_fields: Sequence[str]) -> None:
    def amount(name: str) -> int | None:
        return minor_of(answers.get(name, ""), currency=viewer.currency, field=name)

    threshold = answers.get(THRESHOLD, "").strip()
    if not threshold.isdecimal() or not 1 <= int(threshold) <= 100:
        raise InvalidInput(f"{THRESHOLD}: a whole number from 1 to 100.", details={"field": THRESHOLD})
    with tenant_session(viewer.tenant_id) as session:
        change_budgets(
            session,
            viewer.tenant_id,
            monthly_minor=amount(MONTHLY),
            threshold_percent=int(threshold),
            branches={UUID(name.removeprefix("branch.")): amount(name) for name in branch_fields},
            actor=viewer.actor,
            now=utc_now(),
        )
