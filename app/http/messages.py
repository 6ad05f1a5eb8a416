"""REST of messages and the local inbox: `/api/v1/messages`, `/api/v1/inbox`."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.channels.inbox import list_inbox
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.delivery.log import message_log
from engine.delivery.models import MessageStatus

router = APIRouter(prefix="/api/v1", tags=["messages"])
Caller = Annotated[KeyRef, Depends(api_caller)]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/messages")
def messages(
    caller: Caller,
    customer_id: UUID | None = None,
    journey_id: UUID | None = None,
    status: MessageStatus | None = None,
    before: datetime | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """The message log, the newest first; `before` continues it."""
    with tenant_session(caller.tenant_id) as session:
        rows = message_log(
            session,
            customer_id=customer_id,
            journey_id=journey_id,
            status=status,
            before=before,
            limit=limit,
        )
    return succeeded([asdict(row) for row in rows])


@router.get("/inbox")
def inbox(
    caller: Caller,
    search: str = "",
    channel: str | None = None,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Limit = 50,
) -> dict[str, Any]:
    """What the local inbox received, the newest first."""
    with tenant_session(caller.tenant_id) as session:
        page = list_inbox(session, search=search, channel=channel, offset=offset, limit=limit)
    return succeeded({"total": page.total, "messages": [asdict(row) for row in page.rows]})
