"""S4's prebuilt segments, word for word (requirement S5)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.ids import new_id
from engine.segments.membership import refresh
from engine.segments.models import Segment


def _one(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"operator": "AND", "conditions": [{"field": field, "op": op, "value": value}]}


SYSTEM_SEGMENTS: Mapping[str, dict[str, Any]] = {
    "New Customers": _one("visit_count", "eq", 1),
    "Repeat Customers": _one("visit_count", "gt", 1),
    "Inactive Customers (30+ days)": _one("last_visit_days", "gt", 30),
    "High-Value Customers": _one("total_spend", "gt", 10000),
    "Package Holders": _one("has_active_package", "eq", True),
    "Members": _one("has_active_membership", "eq", True),
    "Birthday This Month": _one("birthday_month", "eq", "current"),
}


def install_system_segments(session: Session, tenant_id: UUID, *, now: datetime) -> int:
    """Make those of the prebuilt segments that the tenant does not have yet, and fill them; returns how many."""
    known = set(session.scalars(select(Segment.name)))
    missing = [
        Segment(
            id=new_id(),
            tenant_id=tenant_id,
            name=name,
            segment_type="system",
            rules=rules,
            created_at=now,
            updated_at=now,
        )
        for name, rules in SYSTEM_SEGMENTS.items()
        if name not in known
    ]
    session.add_all(missing)
    session.flush()
    for segment in missing:
        refresh(session, tenant_id, segment.id, now=now)
    return len(missing)
