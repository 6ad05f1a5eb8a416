"""Segments as staff keep them: made, changed, listed, deleted (S4 `segments`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.core.errors import Conflict, InvalidInput, InvalidRules, NotFound
from engine.core.ids import new_id
from engine.core.models import Branch
from engine.customers.models import Customer
from engine.segments.membership import refresh
from engine.segments.models import Segment, SegmentMember
from engine.segments.references import named_segments, reachable_segments
from engine.segments.rules import RuleGroup, parse_rules

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
LARGEST_PAGE = 200


class SegmentDraft(BaseModel):
    """A segment to be made: `rules` for a dynamic one, none for a static list (S4 `createSegmentSchema`)."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    description: str = Field("", max_length=1000)
    is_dynamic: bool = True
    rules: dict[str, Any] = Field(default_factory=dict)
    branch_ids: list[UUID] | None = None


class SegmentChange(BaseModel):
    """What may be changed; a field left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    description: str | None = Field(None, max_length=1000)
    rules: dict[str, Any] | None = None
    branch_ids: list[UUID] | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """One page of segments, and how many there are in all."""

    segments: Sequence[Segment]
    total: int


@dataclass(frozen=True, slots=True)
class Member:
    """A customer of a segment as of its last refresh."""

    id: UUID
    name: str
    phone: str | None
    email: str | None
    city: str | None
    since: datetime


def get_segment(session: Session, segment_id: UUID) -> Segment:
    """One segment.

    Raises:
        NotFound: there is no such segment.
    """
    found = session.get(Segment, segment_id)
    if found is None:
        raise NotFound("This segment does not exist. Open the list of segments to choose one.")
    return found


def list_segments(session: Session, *, search: str = "", page: int = 1, size: int = 50) -> SegmentPage:
    """Segments by name, system ones first."""
    named = Segment.name.icontains(search, autoescape=True)
    total = session.scalar(select(func.count()).select_from(Segment).where(named)) or 0
    size = min(size, LARGEST_PAGE)
    rows = session.scalars(
        select(Segment)
        .where(named)
        .order_by(Segment.segment_type.desc(), Segment.name)
        .limit(size)
        .offset((page - 1) * size)
    )
    return SegmentPage(rows.all(), total)


def create_segment(
    session: Session, tenant_id: UUID, draft: SegmentDraft, *, now: datetime, created_by: UUID | None = None
) -> Segment:
    """Make a segment and fill it.

    Raises:
        InvalidRules: its rules cannot be read, or are missing.
        Conflict: the name is taken.
    """
    _check_name(session, draft.name)
    _check_branches(session, draft.branch_ids)
    segment = Segment(
        id=new_id(),
        tenant_id=tenant_id,
        name=draft.name,
        description=draft.description,
        is_dynamic=draft.is_dynamic,
        rules=_checked(session, draft.rules) if draft.is_dynamic else {},
        branch_ids=draft.branch_ids or None,
        created_by=created_by,
        created_at=now,
        updated_at=now,
    )
    session.add(segment)
    session.flush()
    refresh(session, tenant_id, segment.id, now=now)
    return segment


def update_segment(
    session: Session, tenant_id: UUID, segment_id: UUID, change: SegmentChange, *, now: datetime
) -> Segment:
    """Change a segment; new rules or branches refresh it at once, and who enters or leaves is announced.

    Raises:
        NotFound: there is no such segment.
        InvalidRules: the rules cannot be read, or the segment names itself.
        Conflict: the name is taken, or a system segment's rules were to be changed.
    """
    segment = get_segment(session, segment_id)
    wanted = change.model_dump(exclude_unset=True)
    if wanted.get("name", segment.name) != segment.name:
        _check_name(session, wanted["name"])
    if "rules" in wanted:
        _check_may_have_rules(segment)
        wanted["rules"] = _checked(session, wanted["rules"], own_id=segment_id)
    _check_branches(session, wanted.get("branch_ids"))
    for name, value in wanted.items():
        setattr(segment, name, value)
    segment.updated_at = now
    session.flush()
    if wanted.keys() & {"rules", "branch_ids"}:
        refresh(session, tenant_id, segment_id, now=now)
    return segment


def delete_segment(session: Session, segment_id: UUID, *, used_by: Sequence[str] = ()) -> None:
    """Delete a segment that nothing uses.

    Args:
        used_by: names of what the rooms above found to use it, e.g. journeys.

    Raises:
        NotFound: there is no such segment.
        Conflict: it is a system segment, or something uses it.
    """
    segment = get_segment(session, segment_id)
    if segment.segment_type == "system":
        raise Conflict(f"“{segment.name}” is prebuilt and cannot be deleted. Switch it off instead.")
    users = [*used_by, *(f"segment “{name}”" for name in segments_naming(session, segment_id))]
    if users:
        raise Conflict(
            f"“{segment.name}” is used by {', '.join(users)}. Take it out there first.",
            details={"used_by": users},
        )
    session.delete(segment)
    session.flush()


def segments_naming(session: Session, segment_id: UUID) -> list[str]:
    """Names of the segments whose rules name this one."""
    others = session.scalars(select(Segment).where(Segment.id != segment_id, Segment.is_dynamic))
    return [one.name for one in others if segment_id in named_segments(parse_rules(one.rules))]


def segment_customers(
    session: Session, segment_id: UUID, *, page: int = 1, size: int = 50
) -> tuple[list[Member], int]:
    """One page of the members as of the last refresh, newest first, and how many there are in all."""
    segment = get_segment(session, segment_id)
    size = min(size, LARGEST_PAGE)
    rows = session.execute(
        select(Customer.id, Customer.name, Customer.phone, Customer.email, Customer.city, SegmentMember.since)
        .join(SegmentMember, SegmentMember.customer_id == Customer.id)
        .where(SegmentMember.segment_id == segment.id)
        .order_by(SegmentMember.since.desc(), SegmentMember.customer_id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return [Member(*row) for row in rows], segment.customer_count


def field_values(session: Session, field: str, *, search: str = "", limit: int = 20) -> list[str]:
    """Values customers really have in a text or tag field, the most frequent first; for suggestions."""
    column = getattr(Customer, field, None) if field in SUGGESTED else None
    if column is None:
        return []
    value = func.unnest(column) if field in SEVERAL else column
    each = select(value.label("value")).where(column.is_not(None)).subquery()
    rows = session.scalars(
        select(each.c.value)
        .where(each.c.value.icontains(search, autoescape=True), each.c.value != "")
        .group_by(each.c.value)
        .order_by(func.count().desc(), each.c.value)
        .limit(limit)
    )
    return list(rows)


SEVERAL = frozenset({"tags", "interests"})
SUGGESTED = SEVERAL | {"city", "category", "language", "source", "lead_status", "membership_status"}


def _checked(session: Session, raw: dict[str, Any], *, own_id: UUID | None = None) -> dict[str, Any]:
    rules = parse_rules(raw)
    if not rules.rules:
        raise InvalidRules("rules: add at least one condition.")
    _check_circle(session, rules, own_id)
    return raw


def _check_circle(session: Session, rules: RuleGroup, own_id: UUID | None) -> None:
    if own_id in reachable_segments(session, rules):
        raise InvalidRules("A segment cannot name itself, nor one that names it. Remove that condition.")


def _check_may_have_rules(segment: Segment) -> None:
    if segment.segment_type == "system":
        raise Conflict(
            f"“{segment.name}” is prebuilt; its rules stay as they are. Make a segment of your own."
        )
    if not segment.is_dynamic:
        raise Conflict(f"“{segment.name}” is a static list and has no rules. Make a dynamic segment.")


def _check_name(session: Session, name: str) -> None:
    if session.scalar(select(Segment.id).where(func.lower(Segment.name) == name.lower())):
        raise Conflict(
            f"name: there is a segment “{name}” already. Choose another name.", details={"field": "name"}
        )


def _check_branches(session: Session, branch_ids: Sequence[UUID] | None) -> None:
    if not branch_ids:
        return
    known = set(session.scalars(select(Branch.id).where(Branch.id.in_(branch_ids))))
    if missing := set(branch_ids) - known:
        raise InvalidInput(f"branch_ids: there is no branch {min(missing)}.", details={"field": "branch_ids"})
