"""Who was in a segment at a moment: dynamic ones by their rules, asked of history; lists by what is on record."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.ids import key_of
from engine.core.tenants import get_tenant
from engine.journeys.entries import Entry
from engine.journeys.nodes.trigger_segment import SegmentChange, TriggerSegment
from engine.journeys.plan import Plan
from engine.segments.compiler import members
from engine.segments.models import Segment, SegmentMember
from engine.segments.references import segment_rules


@dataclass(slots=True)
class Memberships:
    """The segments by whose changes customers enter a plan, as time goes on."""

    session: Session
    plan: Plan
    segments: dict[UUID, Segment]
    members: dict[UUID, set[UUID]] = field(default_factory=dict)

    @property
    def dynamic(self) -> frozenset[str]:
        """The triggers that are answered by looking who is in the segment, and not by events of the log."""
        return frozenset(
            each.id for each in self._triggers() if self.segments[each.config.segment_id].is_dynamic
        )

    def at_start(self, at: datetime) -> list[Entry]:
        """Whom the triggers let in that take those who are in the segment already."""
        wanted = {each.config.segment_id for each in self._triggers()}
        self.members = {
            segment_id: members_then(self.session, self.segments[segment_id], at) for segment_id in wanted
        }
        return [
            Entry(who, each, key_of("member", self.plan.journey_id, each.id, who), dict(each.expects()))
            for each in self._triggers()
            if each.existing_members_of() is not None
            for who in sorted(self.members[each.config.segment_id])
        ]

    def changes(self, at: datetime) -> list[Entry]:
        """Who has entered or left a dynamic segment since it was looked at last."""
        found: dict[tuple[UUID, SegmentChange], set[UUID]] = {}
        dynamic = [each for each in self._triggers() if each.id in self.dynamic]
        for segment_id in {each.config.segment_id for each in dynamic}:
            now = members_then(self.session, self.segments[segment_id], at)
            found[segment_id, SegmentChange.ENTERED] = now - self.members[segment_id]
            found[segment_id, SegmentChange.LEFT] = self.members[segment_id] - now
            self.members[segment_id] = now
        return [
            Entry(who, each, key_of("segment", each.id, who, at.isoformat()), self._told(each))
            for each in dynamic
            for who in sorted(found[each.config.segment_id, each.config.change])
        ]

    def _told(self, trigger: TriggerSegment) -> dict[str, str]:
        segment = self.segments[trigger.config.segment_id]
        return {"segment_id": str(segment.id), "segment_name": segment.name}

    def _triggers(self) -> list[TriggerSegment]:
        return [each for each in self.plan.triggers if isinstance(each, TriggerSegment)]


def load_memberships(session: Session, plan: Plan) -> Memberships:
    """The segments of a plan's triggers; nobody is looked up yet."""
    wanted = {each.config.segment_id for each in plan.triggers if isinstance(each, TriggerSegment)}
    found = session.scalars(select(Segment).where(Segment.id.in_(wanted))) if wanted else ()
    return Memberships(session, plan, {each.id: each for each in found})


def members_then(session: Session, segment: Segment, at: datetime) -> set[UUID]:
    """Who was in a segment at a moment; of a list, those of today's members who were on it by then."""
    if segment.is_dynamic:
        zone = get_tenant(session).timezone
        return set(members(session, segment_rules(segment), now=at, timezone=zone, as_of=True))
    listed = select(SegmentMember.customer_id).where(
        SegmentMember.segment_id == segment.id, SegmentMember.since <= at
    )
    return set(session.scalars(listed))
