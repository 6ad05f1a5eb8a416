"""Ready-made journeys a studio can begin with: one JSON file each; templates, segments, coupons named, not numbered.

`{"$template": name}`, `{"$segment": name}` and `{"$coupon": name}` in a graph stand for ids, `{"$in_days": n}` for the
day n days ahead; installing puts the tenant's own in. Adding a journey is adding a file (J12).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.errors import NotFound
from engine.core.tenants import today_of
from engine.journeys.drafts import create_journey
from engine.journeys.models import Journey, Stage
from engine.offers.coupons import create_coupon
from engine.offers.drafts import CouponDraft
from engine.offers.models import Coupon
from engine.segments.models import Segment
from engine.segments.segments import SegmentDraft, create_segment
from engine.templates.models import Template
from engine.templates.system import install_system_templates

STAGES = tuple(Stage)
"""The stages as a customer passes them (J13)."""

Signs = Mapping[str, Callable[[Any], str]]


@dataclass(frozen=True, slots=True)
class GalleryJourney:
    """One ready-made journey. `segments`: rules of those it needs, by name; `coupons`: the terms of those it gives.

    `goal` is what a studio looks for in short words; `trigger_type` is S4's name of it, if S4 has one.
    """

    key: str
    name: str
    description: str
    stage: Stage
    goal: str
    trigger_type: str | None
    segments: dict[str, Any]
    graph: dict[str, Any]
    coupons: dict[str, Any] = field(default_factory=dict)


@lru_cache
def list_gallery() -> tuple[GalleryJourney, ...]:
    """All ready-made journeys, by the stage of the customer's path, then by name."""
    found = [_read(path) for path in Path(__file__).parent.glob("*.json")]
    return tuple(sorted(found, key=lambda each: (STAGES.index(each.stage), each.name)))


def ready_made(key: str) -> GalleryJourney:
    """The ready-made journey of this name.

    Raises:
        NotFound: there is none; the error names those there are.
    """
    for each in list_gallery():
        if each.key == key:
            return each
    known = ", ".join(each.key for each in list_gallery())
    raise NotFound(f"There is no ready-made journey “{key}”; use one of {known}.")


def _read(path: Path) -> GalleryJourney:
    written = json.loads(path.read_text(encoding="utf-8"))
    return GalleryJourney(key=path.stem, **written | {"stage": Stage(written["stage"])})


def install(session: Session, tenant_id: UUID, key: str, *, user_id: UUID | None, now: datetime) -> Journey:
    """A draft made from a ready-made journey, with the templates, segments and coupons it needs.

    Raises:
        NotFound: there is no such journey.
    """
    chosen = ready_made(key)
    wanted = set(named_in(chosen.graph, "$template"))
    install_system_templates(session, tenant_id, now, named=wanted)
    templates = _ids(session, Template)
    segments = _segments(session, tenant_id, chosen, now=now)
    today = today_of(session, now)
    in_days = _in_days(today)
    coupons = _coupons(session, tenant_id, fill_in(chosen.coupons, in_days), today, user_id=user_id, now=now)
    signs: Signs = {
        **in_days,
        "$template": lambda name: str(templates[name]),
        "$segment": lambda name: str(segments[name]),
        "$coupon": lambda name: str(coupons[name]),
    }
    graph = fill_in(chosen.graph, signs)
    return create_journey(
        session,
        tenant_id,
        chosen.name,
        user_id=user_id,
        now=now,
        graph=graph,
        stage=chosen.stage,
        description=chosen.description,
    )


def _segments(session: Session, tenant_id: UUID, chosen: GalleryJourney, *, now: datetime) -> dict[str, UUID]:
    known = _ids(session, Segment)
    for name, rules in chosen.segments.items():
        if name not in known:
            create_segment(session, tenant_id, SegmentDraft(name=name, rules=rules), now=now)
    return _ids(session, Segment)


def _coupons(
    session: Session,
    tenant_id: UUID,
    wanted: Mapping[str, Any],
    today: date,
    *,
    user_id: UUID | None,
    now: datetime,
) -> dict[str, UUID]:
    """The coupons by name: the studio's own as long as it is good, else one that is made now."""
    actor = f"user:{user_id}" if user_id else "system"
    good = select(Coupon.name, Coupon.id).where(
        Coupon.name.in_(wanted), Coupon.is_active, Coupon.valid_until >= today
    )
    found = {row.name: row.id for row in session.execute(good.order_by(Coupon.id))}
    for name in wanted.keys() - found.keys():
        draft = CouponDraft(name=name, **wanted[name])
        found[name] = create_coupon(session, tenant_id, draft, actor=actor, now=now, created_by=user_id).id
    return found


def _in_days(today: date) -> Signs:
    return {"$in_days": lambda days: str(today + timedelta(days=days))}


def _ids(session: Session, model: type[Segment] | type[Template]) -> dict[str, UUID]:
    return {row.name: row.id for row in session.execute(select(model.name, model.id))}


def fill_in(part: Any, signs: Signs) -> Any:
    """The graph with every sign replaced by what it stands for."""
    if isinstance(part, list):
        return [fill_in(each, signs) for each in part]
    if not isinstance(part, dict):
        return part
    for sign, stands_for in signs.items():
        if set(part) == {sign}:
            return stands_for(part[sign])
    return {key: fill_in(value, signs) for key, value in part.items()}


def named_in(part: Any, sign: str) -> Iterator[str]:
    """What the graph names by this sign."""
    if isinstance(part, list):
        for each in part:
            yield from named_in(each, sign)
    elif isinstance(part, dict):
        if set(part) == {sign}:
            yield part[sign]
        for value in part.values():
            yield from named_in(value, sign)
