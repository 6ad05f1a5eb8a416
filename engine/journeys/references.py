"""What graphs of a tenant may point at: what exists, asked before a graph is checked."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.models import Branch, User
from engine.journeys.models import Journey, JourneyStatus, JourneyVersion
from engine.journeys.nodes.base import References
from engine.landing.models import LandingPage
from engine.segments.models import Segment
from engine.templates.models import Template

MANUAL_JOURNEYS = (
    select(Journey.id)
    .join(JourneyVersion, JourneyVersion.id == Journey.live_version_id)
    .where(
        Journey.status == JourneyStatus.LIVE,
        JourneyVersion.graph.contains({"nodes": [{"type": "trigger.manual"}]}),
    )
)
"""Journeys that admit customers by hand, by the API or from another journey."""


def load_references(session: Session) -> References:
    """What graphs of this tenant may point at, in one query a kind."""
    templates = session.execute(select(Template.id, Template.channel).where(Template.is_active))
    segments = session.execute(select(Segment.id, Segment.is_dynamic).where(Segment.is_active)).all()
    return References(
        template_channels={row.id: row.channel for row in templates},
        segments=frozenset(row.id for row in segments),
        lists=frozenset(row.id for row in segments if not row.is_dynamic),
        forms=frozenset(session.scalars(select(LandingPage.form_id))),
        staff=frozenset(session.scalars(select(User.id).where(User.is_active))),
        branches=frozenset(session.scalars(select(Branch.id))),
        manual_journeys=frozenset(session.scalars(MANUAL_JOURNEYS)),
    )
