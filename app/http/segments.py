"""REST of segments: `/api/v1/segments`."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.core.tenants import get_tenant
from engine.journeys.usage import journeys_naming
from engine.offers.coupons import coupons_for
from engine.segments import compiler, membership, segments
from engine.segments.describe import describe
from engine.segments.fields import segment_fields
from engine.segments.models import Segment
from engine.segments.rules import parse_rules

router = APIRouter(prefix="/api/v1/segments", tags=["segments"])
Caller = Annotated[KeyRef, Depends(api_caller)]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
PageSize = Annotated[int, Query(ge=1, le=segments.LARGEST_PAGE)]


class Asked(BaseModel):
    """Rules to count; `as_of` asks how many they described at a past moment."""

    rules: dict[str, Any]
    as_of: AwareDatetime | None = None


class MemberIds(BaseModel):
    """Customers to put on a static list or take off it."""

    customer_ids: list[UUID] = Field(min_length=1, max_length=10_000)


@router.get("/fields")
def fields(caller: Caller) -> dict[str, Any]:
    """Every field a rule may name, with its operators."""
    return succeeded([asdict(each) for each in segment_fields()])


@router.get("/fields/{field}/values")
def values(caller: Caller, field: str, search: str = "") -> dict[str, Any]:
    """Values customers really have in a text or tag field, the most frequent first."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(segments.field_values(session, field, search=search))


@router.post("/count")
def count(caller: Caller, body: Asked) -> dict[str, Any]:
    """How many customers the rules describe, and the rules in words."""
    rules = parse_rules(body.rules)
    with tenant_session(caller.tenant_id) as session:
        tenant = get_tenant(session)
        found = compiler.count(
            session,
            rules,
            now=body.as_of or utc_now(),
            timezone=tenant.timezone,
            as_of=body.as_of is not None,
            currency=tenant.currency,
        )
        return succeeded({"count": found, "description": describe(rules, currency=tenant.currency)})


@router.get("")
def index(caller: Caller, search: str = "", page: PageNumber = 1, size: PageSize = 50) -> dict[str, Any]:
    """Segments by name, the prebuilt ones first."""
    with tenant_session(caller.tenant_id) as session:
        found = segments.list_segments(session, search=search, page=page, size=size)
        return succeeded({"segments": [_shown(each) for each in found.segments], "total": found.total})


@router.post("", status_code=201)
def create(caller: Caller, body: segments.SegmentDraft) -> dict[str, Any]:
    """Make a segment and fill it."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(_shown(segments.create_segment(session, caller.tenant_id, body, now=utc_now())))


@router.get("/{segment_id}")
def show(caller: Caller, segment_id: UUID) -> dict[str, Any]:
    """One segment."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(_shown(segments.get_segment(session, segment_id)))


@router.patch("/{segment_id}")
def change(caller: Caller, segment_id: UUID, body: segments.SegmentChange) -> dict[str, Any]:
    """Change a segment; new rules refresh it at once."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(
            _shown(segments.update_segment(session, caller.tenant_id, segment_id, body, now=utc_now()))
        )


@router.delete("/{segment_id}")
def delete(caller: Caller, segment_id: UUID) -> dict[str, Any]:
    """Delete a segment that nothing uses."""
    with tenant_session(caller.tenant_id) as session:
        used_by = [*journeys_naming(session, segment_id), *coupons_for(session, segment_id)]
        segments.delete_segment(session, segment_id, used_by=used_by)
    return succeeded({"id": segment_id})


@router.post("/{segment_id}/refresh")
def refresh(caller: Caller, segment_id: UUID) -> dict[str, Any]:
    """Bring the members up to date."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(asdict(membership.refresh(session, caller.tenant_id, segment_id, now=utc_now())))


@router.get("/{segment_id}/members")
def members(caller: Caller, segment_id: UUID, page: PageNumber = 1, size: PageSize = 50) -> dict[str, Any]:
    """Who was in the segment at its last refresh, newest first."""
    with tenant_session(caller.tenant_id) as session:
        found, total = segments.segment_customers(session, segment_id, page=page, size=size)
        return succeeded({"members": [asdict(each) for each in found], "total": total})


@router.post("/{segment_id}/members")
def add(caller: Caller, segment_id: UUID, body: MemberIds) -> dict[str, Any]:
    """Put customers on a static list."""
    with tenant_session(caller.tenant_id) as session:
        changed = membership.add_members(
            session, caller.tenant_id, segment_id, body.customer_ids, now=utc_now()
        )
        return succeeded(asdict(changed))


@router.delete("/{segment_id}/members")
def remove(caller: Caller, segment_id: UUID, body: MemberIds) -> dict[str, Any]:
    """Take customers off a static list."""
    with tenant_session(caller.tenant_id) as session:
        changed = membership.remove_members(
            session, caller.tenant_id, segment_id, body.customer_ids, now=utc_now()
        )
        return succeeded(asdict(changed))


def _shown(segment: Segment) -> dict[str, Any]:
    return {
        name: getattr(segment, name)
        for name in (
            "id",
            "name",
            "description",
            "segment_type",
            "is_dynamic",
            "rules",
            "branch_ids",
            "customer_count",
            "last_refreshed_at",
            "is_active",
            "created_at",
            "updated_at",
        )
    }
