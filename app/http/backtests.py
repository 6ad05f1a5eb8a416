"""REST of backtests: `/api/v1/journeys/{id}/backtest` and `…/backtests`."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.journeys.backtest.asking import (
    LARGEST_PAGE,
    ask_backtest,
    cancel_backtest,
    list_passages,
    load_backtest,
)
from engine.journeys.backtest.grid import LONGEST_DAYS

router = APIRouter(prefix="/api/v1/journeys/{journey_id}", tags=["backtests"])
Caller = Annotated[KeyRef, Depends(api_caller)]


class Asking(BaseModel):
    """Over how many of the last days the saved draft shall be played."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(90, ge=1, le=LONGEST_DAYS)


@router.post("/backtest", status_code=202)
def ask(caller: Caller, journey_id: UUID, body: Asking | None = None) -> dict[str, Any]:
    """Have the saved draft played over the past; look at it again until its status is `done`."""
    days = (body or Asking()).days
    with tenant_session(caller.tenant_id) as session:
        backtest_id = ask_backtest(session, caller.tenant_id, journey_id, days, user_id=None, now=utc_now())
        return succeeded(asdict(load_backtest(session, backtest_id)))


@router.get("/backtests/{backtest_id}")
def show(caller: Caller, journey_id: UUID, backtest_id: UUID) -> dict[str, Any]:
    """How far it is, and what it found; `is_stale` when the draft was changed since."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(asdict(load_backtest(session, backtest_id, journey_id)))


@router.get("/backtests/{backtest_id}/customers")
def customers(
    caller: Caller,
    journey_id: UUID,
    backtest_id: UUID,
    search: str = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 20,
) -> dict[str, Any]:
    """What would have happened to each customer, in the order in which they would have entered."""
    with tenant_session(caller.tenant_id) as session:
        load_backtest(session, backtest_id, journey_id)
        rows, total = list_passages(session, backtest_id, search=search, page=page, size=size)
        return succeeded(
            {"total": total, "customers": [{"name": each.name, **each.passage} for each in rows]}
        )


@router.delete("/backtests/{backtest_id}")
def cancel(caller: Caller, journey_id: UUID, backtest_id: UUID) -> dict[str, Any]:
    """Have it end; one that is over stays as it is."""
    with tenant_session(caller.tenant_id) as session:
        load_backtest(session, backtest_id, journey_id)
        return succeeded(asdict(cancel_backtest(session, backtest_id, now=utc_now())))
