"""What differs between two graphs of a journey, in sentences a marketer reads before publishing (J8)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import methodcaller

from engine.journeys.graph import Graph
from engine.journeys.nodes.base import Node

Words = Callable[[Node], str]
"""How a step reads."""

SENTENCE: Words = methodcaller("sentence")


@dataclass(frozen=True, slots=True)
class StepWords:
    """A step that only one of the graphs has."""

    node_id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class StepChange:
    """A step both graphs have, told by each; `fields` are the names of the settings that differ."""

    node_id: str
    before: str
    after: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WayChange:
    """A step both graphs have that leads elsewhere now; `port` is the way's label, empty where there is only one.

    `after` is the step it leads to, empty when customers leave the journey there.
    """

    node_id: str
    sentence: str
    port: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Steps in the order of their graph; where a step stands on the canvas is no difference."""

    added: tuple[StepWords, ...] = ()
    removed: tuple[StepWords, ...] = ()
    changed: tuple[StepChange, ...] = ()
    ways: tuple[WayChange, ...] = ()
    settings_changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return any((self.added, self.removed, self.changed, self.ways, self.settings_changed))


def compare(old: Graph, new: Graph, *, words: Words = SENTENCE) -> Difference:
    """What was added, removed and changed from `old` to `new`. Pure."""
    before, after = _by_id(old), _by_id(new)
    both = [(before[node_id], node) for node_id, node in after.items() if node_id in before]
    return Difference(
        added=tuple(StepWords(each.id, words(each)) for each in new.nodes if each.id not in before),
        removed=tuple(StepWords(each.id, words(each)) for each in old.nodes if each.id not in after),
        changed=tuple(
            StepChange(now.id, words(was), words(now), _fields(was, now))
            for was, now in both
            if was.model_dump(exclude={"position"}) != now.model_dump(exclude={"position"})
        ),
        ways=_ways_changed(old, new, words),
        settings_changed=tuple(
            field.title or name
            for name, field in type(new.settings).model_fields.items()
            if getattr(old.settings, name) != getattr(new.settings, name)
        ),
    )


def _by_id(graph: Graph) -> dict[str, Node]:
    return {node.id: node for node in graph.nodes}


def _fields(was: Node, now: Node) -> tuple[str, ...]:
    """The titles of the config's fields that differ; none when it became another kind of step."""
    if type(was) is not type(now):
        return ()
    old, new = was.model_dump()["config"], now.model_dump()["config"]
    fields = type(now).model_fields["config"].annotation
    titles: Mapping[str, str | None] = {
        name: field.title for name, field in getattr(fields, "model_fields", {}).items()
    }
    return tuple(title or name for name, title in titles.items() if old[name] != new[name])


def _ways_changed(old: Graph, new: Graph, words: Words) -> tuple[WayChange, ...]:
    before = {(edge.source, edge.source_port): edge.target for edge in old.edges}
    after = {(edge.source, edge.source_port): edge.target for edge in new.edges}
    known, nodes = _by_id(old), _by_id(new)
    return tuple(
        WayChange(
            node.id, words(node), port.label, words(nodes[target]) if (target := after.get(way)) else ""
        )
        for node in new.nodes
        if node.id in known
        for port in node.ports()
        if before.get(way := (node.id, port.id)) != after.get(way)
    )
