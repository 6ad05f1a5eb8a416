"""What graphs of a tenant may point at: what exists, asked before a graph is checked."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from engine.core.models import Branch, User
from engine.core.tenants import today_of
from engine.journeys.models import Journey, JourneyStatus, JourneyVersion
from engine.journeys.nodes.base import References
from engine.landing.models import LandingPage
from engine.offers.models import Coupon
from engine.offers.words import day_words
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


SAYING = {name: rf"\{{[{{%][^}}]*\m{name}\." for name in ("coupon", "gift_card")}
"""How Liquid that speaks of what was given is told from words about it."""


def load_references(session: Session, *, now: datetime | None = None) -> References:
    """What graphs of this tenant may point at, in one query a kind.

    Args:
        now: also find coupons that are over; without it, only those that are switched off.
    """
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
        coupons=_coupons(session, now),
        templates_saying=_templates_saying(session),
    )


def _coupons(session: Session, now: datetime | None) -> dict[UUID, str]:
    """By id, why a coupon cannot be given; nothing where it can."""
    today = today_of(session, now) if now else date.min
    rows = session.execute(select(Coupon.id, Coupon.is_active, Coupon.valid_until))
    return {
        row.id: "This coupon is switched off. Choose another one."
        if not row.is_active
        else f"This coupon was good until {day_words(row.valid_until)}. Choose another one, or give it more time."
        if row.valid_until < today
        else ""
        for row in rows
    }


def _templates_saying(session: Session) -> dict[str, frozenset[UUID]]:
    words = func.concat(cast(Template.contents, Text), cast(Template.whatsapp, Text))
    says = [words.regexp_match(pattern).label(name) for name, pattern in SAYING.items()]
    rows = session.execute(select(Template.id, *says).where(Template.is_active)).mappings().all()
    return {name: frozenset(row["id"] for row in rows if row[name]) for name in SAYING}
