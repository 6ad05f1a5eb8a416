"""Letting everybody of a segment into a journey by hand."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.errors import NotFound
from engine.journeys.by_hand import MOST, EnrolledByHand, enrol_by_hand
from engine.segments.membership import refresh
from engine.segments.models import Segment, SegmentMember


def enrol_segment_by_hand(
    session: Session,
    tenant_id: UUID,
    journey_id: UUID,
    segment_id: UUID,
    *,
    key: str | None,
    now: datetime,
) -> EnrolledByHand:
    """Let the present members of a segment into a live journey by its manual trigger, 10,000 at a time.

    Args:
        key: as for `enrol_by_hand`: the same key lets a customer in once.

    Raises:
        NotFound: there is no such journey or segment.
        Conflict: the journey is not live, or cannot be entered by hand.
    """
    segment = session.get(Segment, segment_id)
    if segment is None or not segment.is_active:
        raise NotFound("This segment does not exist any more. Choose another one.")
    if segment.is_dynamic:
        refresh(session, tenant_id, segment_id, now=now)
    members = session.scalars(
        select(SegmentMember.customer_id)
        .where(SegmentMember.segment_id == segment_id)
        .order_by(SegmentMember.customer_id)
    ).all()
    entered: list[UUID] = []
    refused: dict[str, list[UUID]] = {}
    for start in range(0, len(members), MOST):
        part = enrol_by_hand(
            session, tenant_id, journey_id, members[start : start + MOST], data={}, key=key, now=now
        )
        entered += part.entered
        for reason, customers in part.refused.items():
            refused.setdefault(reason, []).extend(customers)
    return EnrolledByHand(entered, refused)
