"""REST of events that could not be shown to the journeys: `/api/v1/events/set-aside`."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.journeys.quarantine import list_set_aside, retry_set_aside

router = APIRouter(prefix="/api/v1/events/set-aside", tags=["events"])
Caller = Annotated[KeyRef, Depends(api_caller)]


class Retry(BaseModel):
    """Which events to show again, by `seq`; without `ids` all."""

    ids: list[int] | None = Field(None, max_length=10_000)


@router.get("")
def index(caller: Caller, limit: Annotated[int, Query(ge=1, le=1_000)] = 100) -> dict[str, Any]:
    """Events that were set aside, the newest first, each with the reason."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded([asdict(each) for each in list_set_aside(session, limit)])


@router.post("/retry")
def retry(caller: Caller, body: Retry | None = None) -> dict[str, Any]:
    """Show them to the journeys again."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded({"retried": retry_set_aside(session, body.ids if body else None)})
