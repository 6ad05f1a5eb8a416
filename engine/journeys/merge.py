"""Two people changed the same draft: what each of them touched, and both in one where they did not meet. Pure.

A graph is taken apart into places that are changed as a whole: a step (whatever stands in it), a way out of a step, a
setting. Where a step stands on the canvas is a place of its own and never a reason to ask: the later one moved it.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

Json = dict[str, Any]
Way = tuple[str, str]
"""A way out of a step: the step's id and the port's."""

STANDARD_PORT = "next"
NOTES = "notes"
"""Both changed the same note: told like a setting."""


@dataclass(frozen=True, slots=True)
class Touched:
    """The ids of steps, the ways out and the settings in which a graph differs from the one it was made from.

    A step is `added`, `changed` or `removed`; a way counts when it leads elsewhere, or nowhere any more.
    """

    added: frozenset[str]
    changed: frozenset[str]
    removed: frozenset[str]
    ways: frozenset[Way]
    settings: frozenset[str]

    @property
    def steps(self) -> frozenset[str]:
        """Every step concerned, also those whose ways out changed."""
        return self.added | self.changed | self.removed | {source for source, _ in self.ways}


@dataclass(frozen=True, slots=True)
class Merged:
    """Both changes in one graph; or none, and the steps and settings that both of them touched."""

    graph: Json | None
    steps: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Parts:
    steps: Mapping[str, Json]
    places: Mapping[str, Json]
    ways: Mapping[Way, Json]
    settings: Mapping[str, Any]
    notes: Mapping[str, Json]
    is_plain: bool


def touched(base: Json, graph: Json) -> Touched:
    """What was changed from `base` to `graph`."""
    was, now = _parts(base), _parts(graph)
    return Touched(
        added=frozenset(now.steps.keys() - was.steps.keys()),
        changed=frozenset(
            each for each in was.steps.keys() & now.steps.keys() if was.steps[each] != now.steps[each]
        ),
        removed=frozenset(was.steps.keys() - now.steps.keys()),
        ways=frozenset(_differing(_targets(was), _targets(now))),
        settings=frozenset(_differing(was.settings, now.settings)),
    )


def merge(base: Json, mine: Json, theirs: Json) -> Merged:
    """Both changes to `base` in one graph, if no step, way or setting was changed by both in different ways.

    What only one side changed is as that side wants it; what neither changed is as before. Of a step moved by both,
    mine stands where I put it.
    """
    was, one, other = _parts(base), _parts(mine), _parts(theirs)
    if not (was.is_plain and one.is_plain and other.is_plain):
        return Merged(None, touched(base, mine).steps | touched(base, theirs).steps)
    steps = _clashes(was.steps, one.steps, other.steps)
    ways = _clashes(_targets(was), _targets(one), _targets(other))
    settings = _clashes(was.settings, one.settings, other.settings)
    if _clashes(was.notes, one.notes, other.notes):
        settings.add(NOTES)
    both = _both(was.steps, one.steps, other.steps)
    joined = _both(was.ways, one.ways, other.ways)
    agreed = [edge for way, edge in joined.items() if way not in ways]
    loose = {end for edge in agreed for end in (edge["source"], edge["target"])} - both.keys()
    loose -= _loose(one) | _loose(other)
    clashing = steps | {source for source, _ in ways} | loose
    if clashing or settings:
        return Merged(None, frozenset(clashing), frozenset(settings))
    notes = _both(was.notes, one.notes, other.notes)
    places = _both(was.places, one.places, other.places)
    return Merged(
        {
            "schema": mine.get("schema", 1),
            "nodes": [{**step, "position": places[each]} for each, step in both.items()],
            "edges": list(joined.values()),
            "settings": _both(was.settings, one.settings, other.settings),
            **({NOTES: list(notes.values())} if notes else {}),
        }
    )


def _parts(graph: Json) -> _Parts:
    nodes, edges = graph.get("nodes", []), graph.get("edges", [])
    steps = {str(node.get("id")): _without_place(node) for node in nodes}
    ways = {_way(edge): edge for edge in edges}
    named = all(isinstance(node.get("id"), str) for node in nodes)
    ended = all(isinstance(edge.get(end), str) for edge in edges for end in ("source", "target"))
    return _Parts(
        steps=steps,
        places={str(node.get("id")): node.get("position") or {"x": 0, "y": 0} for node in nodes},
        ways=ways,
        settings=graph.get("settings") or {},
        notes={str(note.get("id")): note for note in graph.get("notes") or []},
        is_plain=named and ended and len(steps) == len(nodes) and len(ways) == len(edges),
    )


def _way(edge: Json) -> Way:
    return str(edge.get("source")), str(edge.get("source_port", STANDARD_PORT))


def _without_place(node: Json) -> Json:
    return {name: value for name, value in node.items() if name != "position"}


def _targets(parts: _Parts) -> dict[Way, Any]:
    """Where the ways lead: an arrow drawn anew to the same step is no change."""
    return {way: edge.get("target") for way, edge in parts.ways.items()}


def _loose(parts: _Parts) -> set[str]:
    """Ends of arrows that are no steps already in one person's draft."""
    ends = {str(edge.get(end)) for edge in parts.ways.values() for end in ("source", "target")}
    return ends - parts.steps.keys()


def _differing(was: Mapping[Key, Any], now: Mapping[Key, Any]) -> Iterator[Key]:
    return (each for each in was.keys() | now.keys() if not _same(was, now, each))


def _same(one: Mapping[Key, Any], other: Mapping[Key, Any], key: Key) -> bool:
    return (key in one) == (key in other) and one.get(key) == other.get(key)


def _clashes(was: Mapping[Key, Any], one: Mapping[Key, Any], other: Mapping[Key, Any]) -> set[Key]:
    both = {*_differing(was, one)} & {*_differing(was, other)}
    return {each for each in both if not _same(one, other, each)}


def _both(was: Mapping[Key, Value], one: Mapping[Key, Value], other: Mapping[Key, Value]) -> dict[Key, Value]:
    """What `one` changed as it has it, all else as `other` has it; in the order of `other`, the new ones last."""
    changed = {*_differing(was, one)}
    order = dict.fromkeys((*other, *one))
    return {each: source[each] for each in order if each in (source := one if each in changed else other)}
