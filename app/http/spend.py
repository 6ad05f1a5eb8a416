"""REST of what messages cost: `/api/v1/spend`, `/api/v1/rates`, `/api/v1/budgets` (D6).

What messages cost is in millionths of the major unit, budgets are in minor units.
"""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.channels.interface import Channel
from engine.channels.rates import Category, Rate
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.core.errors import InvalidInput
from engine.core.tenants import get_settings, get_tenant, today_of
from engine.delivery.budget_settings import change_budgets, list_branch_budgets
from engine.delivery.prices import MOST_RATES, Prices, list_rates, load_prices, set_rates
from engine.delivery.spend import month_of, spend_summary

router = APIRouter(prefix="/api/v1", tags=["spend"])
Caller = Annotated[KeyRef, Depends(api_caller)]


class OwnRate(BaseModel):
    """A price of the tenant's own; `country` is an ISO 3166 code of the recipient's number, or `*`."""

    channel: Channel
    category: Category
    country: str = "*"
    price_micro: int


class OwnRates(BaseModel):
    """All prices of the tenant's own: what is not among them costs the usual."""

    rates: list[OwnRate] = Field(max_length=MOST_RATES)


class BranchLimit(BaseModel):
    """What a branch may spend in a month, in minor units; null: no limit of its own."""

    branch_id: UUID
    monthly_budget_minor: int | None


class Budgets(BaseModel):
    """The monthly budgets in minor units (null: no limit); a branch that is not named keeps its own."""

    monthly_budget_minor: int | None
    budget_alert_threshold_percent: int = Field(ge=1, le=100)
    branches: list[BranchLimit] = []


@router.get("/spend")
def spend(caller: Caller, month: str = "") -> dict[str, Any]:
    """A month's spend by branch, channel and kind, and the budgets; `month` is `2026-11`, else the present one."""
    with tenant_session(caller.tenant_id) as session:
        first = _read_month(month) if month else month_of(utc_now(), get_tenant(session).timezone)
        summary = asdict(spend_summary(session, first))
    return succeeded(summary | {"month": f"{first:%Y-%m}"})


@router.get("/rates")
def rates(caller: Caller) -> dict[str, Any]:
    """The prices in force, the own ones marked."""
    with tenant_session(caller.tenant_id) as session:
        return _rates(_prices(session))


@router.put("/rates")
def replace_rates(caller: Caller, body: OwnRates) -> dict[str, Any]:
    """Replace the tenant's own prices; answers with the prices now in force."""
    wanted = [Rate(each.channel, each.category, each.country, each.price_micro) for each in body.rates]
    with tenant_session(caller.tenant_id) as session:
        set_rates(session, caller.tenant_id, wanted, actor=f"key:{caller.id}", now=utc_now())
        return _rates(_prices(session))


@router.get("/budgets")
def budgets(caller: Caller) -> dict[str, Any]:
    """The budgets of every month: the tenant's, where the staff are warned, and the branches'."""
    with tenant_session(caller.tenant_id) as session:
        return _budgets(session)


@router.put("/budgets")
def replace_budgets(caller: Caller, body: Budgets) -> dict[str, Any]:
    """Set the budgets; what waited for money is judged anew."""
    with tenant_session(caller.tenant_id) as session:
        change_budgets(
            session,
            caller.tenant_id,
            monthly_minor=body.monthly_budget_minor,
            threshold_percent=body.budget_alert_threshold_percent,
            branches={each.branch_id: each.monthly_budget_minor for each in body.branches},
            actor=f"key:{caller.id}",
            now=utc_now(),
        )
        return _budgets(session)


def _budgets(session: Session) -> dict[str, Any]:
    settings = get_settings(session)
    branches = [
        {"branch_id": each.branch_id, "name": each.name, "monthly_budget_minor": each.monthly_minor}
        for each in list_branch_budgets(session)
    ]
    data = {
        "currency": get_tenant(session).currency,
        "monthly_budget_minor": settings.monthly_budget_minor,
        "budget_alert_threshold_percent": settings.budget_alert_threshold_percent,
        "branches": branches,
    }
    return succeeded(data)


def _prices(session: Session) -> Prices:
    today = today_of(session, utc_now())
    return load_prices(session, currency=get_tenant(session).currency, on=today)


def _rates(prices: Prices) -> dict[str, Any]:
    rows = [asdict(row) for row in list_rates(prices)]
    return succeeded({"currency": prices.currency, "rates": rows})


def _read_month(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise InvalidInput("month: write it like 2026-11.", details={"field": "month"}) from error
