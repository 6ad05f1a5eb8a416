"""A journey out of a JSON file: what it is, what it points at that is not here, and the draft it becomes (J1).

Nothing of the file is lost: steps of a kind not known here and unfinished ones come with it, and the builder says what
to do about each. What a step points at in another account has no meaning here; it is mapped to something of this
account or left open.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.errors import InvalidGraph
from engine.journeys.graph import MAX_BYTES, read_json
from engine.journeys.models import Journey
from engine.journeys.nodes import NODE_TYPES
from engine.journeys.nodes.base import Problem, References
from engine.journeys.references import load_references
from engine.journeys.validation import find_problems

KINDS = {
    "template_id": "template",
    "segment_id": "segment",
    "form_id": "form",
    "staff_id": "colleague",
    "user_id": "colleague",
    "journey_id": "journey",
    "branch_ids": "branch",
}
"""Fields of configs and settings that point at something of the tenant, and what that is."""

NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something the file points at that is not here: its kind, its id, which steps want it, by which channel."""

    kind: str
    id: str
    steps: tuple[str, ...]
    channel: str = ""


@dataclass(frozen=True, slots=True)
class JourneyFile:
    """What a file holds; `problems` are those of the graph as it is."""

    name: str
    graph: dict[str, Any]
    unknown: tuple[Unknown, ...]
    problems: tuple[Problem, ...]


def read_file(session: Session, content: bytes, *, file_name: str) -> JourneyFile:
    """What a file of a journey holds.

    Raises:
        InvalidGraph: it is no JSON (says where), no graph, or too large; the error names the field.
    """
    if len(content) > MAX_BYTES:
        raise InvalidGraph(f"The file is larger than {MAX_BYTES // 1_000_000} MB. Split the journey.")
    graph = read_json(content)
    return JourneyFile(
        name=_name(file_name),
        graph=graph,
        unknown=tuple(_unknown(session, graph)),
        problems=tuple(find_problems(graph, load_references(session))),
    )


def replace_unknown(graph: dict[str, Any], instead: Mapping[str, str | None]) -> dict[str, Any]:
    """The graph with other ids, by the old ones; None leaves the field open."""
    replaced = deepcopy(graph)
    for holder in _holders(replaced):
        for field in KINDS.keys() & holder.keys():
            held = holder[field]
            if isinstance(held, list):
                holder[field] = [instead.get(each, each) for each in held if instead.get(each, each)]
            elif held in instead:
                new = instead[held]
                holder.pop(field) if new is None else holder.update({field: new})
    return replaced


def _unknown(session: Session, graph: dict[str, Any]) -> Iterator[Unknown]:
    here = _here(session, load_references(session))
    found: dict[tuple[str, str, str], list[str]] = {}
    for step, label in _labelled(graph):
        for holder in _within(step):
            for field, kind in KINDS.items():
                held = holder.get(field)
                for each in held if isinstance(held, list) else [held]:
                    if isinstance(each, str) and each not in here[kind]:
                        key = (kind, each, str(holder.get("channel", "")) if kind == "template" else "")
                        found.setdefault(key, []).append(label)
    for (kind, id, channel), labels in found.items():
        yield Unknown(kind, id, tuple(dict.fromkeys(labels)), channel)


def _here(session: Session, references: References) -> Mapping[str, frozenset[str]]:
    """What this tenant has, by kind, as texts."""
    kinds: Mapping[str, Any] = {
        "template": references.template_channels,
        "segment": references.segments,
        "form": references.forms,
        "colleague": references.staff,
        "branch": references.branches,
        "journey": session.scalars(select(Journey.id)),
    }
    return {kind: frozenset(str(each) for each in ids) for kind, ids in kinds.items()}


def _labelled(graph: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for node in graph["nodes"]:
        kind = NODE_TYPES.get(str(node.get("type")))
        config = node.get("config")
        if isinstance(config, dict):
            yield config, kind.label if kind else str(node.get("type"))
    yield graph.get("settings", {}), "Settings of the journey"


def _holders(graph: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part, _ in _labelled(graph):
        yield from _within(part)


def _within(part: Any) -> Iterator[dict[str, Any]]:
    """The object and every object in it."""
    ahead = [part]
    while ahead:
        each = ahead.pop()
        if isinstance(each, dict):
            yield each
            ahead.extend(each.values())
        elif isinstance(each, list):
            ahead.extend(each)


def _name(file_name: str) -> str:
    """What the journey is called at first: as the file, with blanks for dashes."""
    words = PurePath(file_name).stem.replace("-", " ").replace("_", " ").split()
    name = " ".join(words)[:NAME_LENGTH]
    return f"{name[:1].upper()}{name[1:]}" or "Journey from a file"
