"""Which journeys name a thing, so that nothing is deleted under a running journey."""

from uuid import UUID

from sqlalchemy import Text, cast, or_, select
from sqlalchemy.orm import Session

from engine.journeys.models import Journey, JourneyStatus, JourneyVersion


def journeys_naming(session: Session, thing_id: UUID) -> list[str]:
    """The journeys, not archived, whose draft or live version names this template, segment or form."""
    named = f"%{thing_id}%"
    found = session.scalars(
        select(Journey.name)
        .outerjoin(JourneyVersion, JourneyVersion.id == Journey.live_version_id)
        .where(
            Journey.status != JourneyStatus.ARCHIVED,
            or_(cast(Journey.draft, Text).like(named), cast(JourneyVersion.graph, Text).like(named)),
        )
        .order_by(Journey.name)
    )
    return [f"journey “{name}”" for name in found]
