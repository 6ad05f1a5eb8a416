"""REST of publishing: `/api/v1/journeys/{id}/publish`, and asking somebody who may (B2, J8)."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.journeys import approval
from engine.journeys.approval import Publisher
from engine.journeys.estimate import Estimate
from engine.journeys.preview import look_ahead, look_out
from engine.journeys.requests import APPROVE

router = APIRouter(prefix="/api/v1/journeys", tags=["journeys"])
Caller = Annotated[KeyRef, Depends(api_caller)]


class Publishing(BaseModel):
    """What becomes of those under way: without a mapping they stay on their version."""

    mapping: dict[str, str | None] | None = None


class Approving(Publishing):
    """What is approved; without a mapping that of the request."""

    revision: int | None = None


class Rejecting(BaseModel):
    """Why not."""

    reason: str


@router.get("/{journey_id}/publish")
def preview_publish(caller: Caller, journey_id: UUID) -> dict[str, Any]:
    """Who is under way in older versions, by step, where the draft could take them on, how it differs, what a month
    of it would bring, and whether it has to be approved first."""
    with tenant_session(caller.tenant_id) as session:
        ahead = look_ahead(session, journey_id)
        out = look_out(session, caller.tenant_id, journey_id, _publisher(caller), now=utc_now())
        asked = out.asked if out.asked and out.asked.is_pending else None
        told = {"estimate": _estimate(out.estimate), "must_ask": out.must_ask, "asked": asked}
        return succeeded(asdict(ahead) | told)


@router.post("/{journey_id}/publish")
def publish(caller: Caller, journey_id: UUID, body: Publishing | None = None) -> dict[str, Any]:
    """Publish the draft; with a `mapping`, those under way move to it. What a key without the scope
    `campaign.approve` may not publish alone is refused with `MARKETING_020`: ask by `submit`."""
    with tenant_session(caller.tenant_id) as session:
        published = approval.publish_or_refuse(
            session,
            caller.tenant_id,
            journey_id,
            _publisher(caller),
            now=utc_now(),
            mapping=body.mapping if body else None,
        )
        return succeeded(published)


@router.post("/{journey_id}/submit")
def submit(caller: Caller, journey_id: UUID, body: Publishing | None = None) -> dict[str, Any]:
    """Ask for the draft to be published as it is now; those who may approve are told."""
    with tenant_session(caller.tenant_id) as session:
        asked = approval.submit(
            session,
            caller.tenant_id,
            journey_id,
            _publisher(caller),
            now=utc_now(),
            mapping=body.mapping if body else None,
        )
        return succeeded(asked)


@router.post("/{journey_id}/approve")
def approve(caller: Caller, journey_id: UUID, body: Approving | None = None) -> dict[str, Any]:
    """Publish what was asked for; with a `revision`, only if that is the one that waits."""
    wish = body or Approving()
    with tenant_session(caller.tenant_id) as session:
        published = approval.approve(
            session,
            caller.tenant_id,
            journey_id,
            _publisher(caller),
            now=utc_now(),
            mapping=wish.mapping,
            revision=wish.revision,
        )
        return succeeded(published)


@router.post("/{journey_id}/reject")
def reject(caller: Caller, journey_id: UUID, body: Rejecting) -> dict[str, Any]:
    """Say no to what was asked for, and why."""
    with tenant_session(caller.tenant_id) as session:
        asked = approval.reject(session, journey_id, _publisher(caller), reason=body.reason, now=utc_now())
        return succeeded(asked)


def _publisher(caller: KeyRef) -> Publisher:
    return Publisher(None, APPROVE in caller.scopes)


def _estimate(found: Estimate | None) -> dict[str, Any] | None:
    return asdict(found) | {"messages": found.messages, "cost_micro": found.cost_micro} if found else None
