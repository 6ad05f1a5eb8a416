"""Ready-made journeys a studio can begin with: one JSON file each, its templates and segments named, not numbered.

`{"$template": name}` and `{"$segment": name}` in a graph stand for ids; installing puts the tenant's own in.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.errors import NotFound
from engine.journeys.journeys import create_journey
from engine.journeys.models import Journey, Stage
from engine.segments.models import Segment
from engine.segments.segments import SegmentDraft, create_segment
from engine.templates.models import Template
from engine.templates.system import install_system_templates


@dataclass(frozen=True, slots=True)
class GalleryJourney:
    """One ready-made journey. `segments`: rules of those it needs, by name."""

    key: str
    name: str
    description: str
    stage: Stage
    segments: dict[str, Any]
    graph: dict[str, Any]


@lru_cache
def list_gallery() -> tuple[GalleryJourney, ...]:
    """All ready-made journeys, in the order a new studio needs them."""
    found = [
        GalleryJourney(key=path.stem, **json.loads(path.read_text(encoding="utf-8")))
        for path in Path(__file__).parent.glob("*.json")
    ]
    order = ("welcome", "thank_you", "win_back", "birthday")
    return tuple(sorted(found, key=lambda each: order.index(each.key) if each.key in order else len(order)))


def install(session: Session, tenant_id: UUID, key: str, *, user_id: UUID | None, now: datetime) -> Journey:
    """A draft made from a ready-made journey, with the templates and segments it needs.

    Raises:
        NotFound: there is no such journey.
    """
    chosen = next((each for each in list_gallery() if each.key == key), None)
    if chosen is None:
        known = ", ".join(each.key for each in list_gallery())
        raise NotFound(f"There is no ready-made journey “{key}”; use one of {known}.")
    install_system_templates(session, tenant_id, now)
    named = {
        "$template": _ids(session, Template),
        "$segment": _segments(session, tenant_id, chosen, now=now),
    }
    graph = _with_ids(chosen.graph, named)
    return create_journey(
        session,
        tenant_id,
        chosen.name,
        user_id=user_id,
        now=now,
        graph=graph,
        stage=Stage(chosen.stage),
        description=chosen.description,
    )


def _segments(session: Session, tenant_id: UUID, chosen: GalleryJourney, *, now: datetime) -> dict[str, UUID]:
    known = _ids(session, Segment)
    for name, rules in chosen.segments.items():
        if name not in known:
            create_segment(session, tenant_id, SegmentDraft(name=name, rules=rules), now=now)
    return _ids(session, Segment)


def _ids(session: Session, model: type[Segment] | type[Template]) -> dict[str, UUID]:
    return {row.name: row.id for row in session.execute(select(model.name, model.id))}


def _with_ids(part: Any, named: dict[str, dict[str, UUID]]) -> Any:
    if isinstance(part, list):
        return [_with_ids(each, named) for each in part]
    if not isinstance(part, dict):
        return part
    for sign, ids in named.items():
        if set(part) == {sign}:
            return str(ids[part[sign]])
    return {key: _with_ids(value, named) for key, value in part.items()}
