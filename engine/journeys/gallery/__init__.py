"""Ready-made journeys a studio can begin with: one JSON file each, its templates and segments named, not numbered.

`{"$template": name}` and `{"$segment": name}` in a graph stand for ids, `{"$in_days": n}` for the day n days ahead;
installing puts the tenant's own in. Adding a journey is adding a file (J12).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.errors import NotFound
from engine.core.tenants import get_tenant
from engine.journeys.journeys import create_journey
from engine.journeys.models import Journey, Stage
from engine.segments.models import Segment
from engine.segments.segments import SegmentDraft, create_segment
from engine.templates.models import Template
from engine.templates.system import install_system_templates

STAGES = tuple(Stage)
"""The stages as a customer passes them (J13)."""

WORD = re.compile(r"\w+")

Signs = Mapping[str, Callable[[Any], str]]


@dataclass(frozen=True, slots=True)
class GalleryJourney:
    """One ready-made journey. `segments`: rules of those it needs, by name.

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


@lru_cache
def list_gallery() -> tuple[GalleryJourney, ...]:
    """All ready-made journeys, by the stage of the customer's path, then by name."""
    found = [_read(path) for path in Path(__file__).parent.glob("*.json")]
    return tuple(sorted(found, key=lambda each: (STAGES.index(each.stage), each.name)))


def find_ready_made(wish: str) -> list[GalleryJourney]:
    """Those in whose name, description, stage or goal every word of the wish begins a word; all for no words."""
    words = WORD.findall(wish.lower())
    return [each for each in list_gallery() if all(f" {word}" in _said(each) for word in words)]


def _said(journey: GalleryJourney) -> str:
    """All that can be searched, in small letters, with a space before each word."""
    text = f"{journey.name} {journey.description} {journey.stage} {journey.goal}".lower()
    return " " + " ".join(WORD.findall(text))


def _read(path: Path) -> GalleryJourney:
    written = json.loads(path.read_text(encoding="utf-8"))
    return GalleryJourney(key=path.stem, **written | {"stage": Stage(written["stage"])})


def install(session: Session, tenant_id: UUID, key: str, *, user_id: UUID | None, now: datetime) -> Journey:
    """A draft made from a ready-made journey, with the templates and segments it needs.

    Raises:
        NotFound: there is no such journey.
    """
    chosen = next((each for each in list_gallery() if each.key == key), None)
    if chosen is None:
        known = ", ".join(each.key for each in list_gallery())
        raise NotFound(f"There is no ready-made journey “{key}”; use one of {known}.")
    wanted = set(_asked(chosen.graph, "$template"))
    install_system_templates(session, tenant_id, now, named=wanted)
    templates = _ids(session, Template)
    segments = _segments(session, tenant_id, chosen, now=now)
    today = now.astimezone(ZoneInfo(get_tenant(session).timezone)).date()
    signs: Signs = {
        "$template": lambda name: str(templates[name]),
        "$segment": lambda name: str(segments[name]),
        "$in_days": lambda days: str(today + timedelta(days=days)),
    }
    graph = _filled(chosen.graph, signs)
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


def _ids(session: Session, model: type[Segment] | type[Template]) -> dict[str, UUID]:
    return {row.name: row.id for row in session.execute(select(model.name, model.id))}


def _filled(part: Any, signs: Signs) -> Any:
    """The graph with every sign replaced by what it stands for."""
    if isinstance(part, list):
        return [_filled(each, signs) for each in part]
    if not isinstance(part, dict):
        return part
    for sign, stands_for in signs.items():
        if set(part) == {sign}:
            return stands_for(part[sign])
    return {key: _filled(value, signs) for key, value in part.items()}


def _asked(part: Any, sign: str) -> Iterator[str]:
    """What the graph names by this sign."""
    if isinstance(part, list):
        for each in part:
            yield from _asked(each, sign)
    elif isinstance(part, dict):
        if set(part) == {sign}:
            yield part[sign]
        for value in part.values():
            yield from _asked(value, sign)
