"""A draft that cannot be published yet, made readable all the same: for comparing it with another."""

from typing import Any

from pydantic import Field, ValidationError

from engine.core.errors import InvalidGraph
from engine.journeys.graph import Edge, Graph, JourneySettings, read_graph
from engine.journeys.nodes import NODE_TYPES
from engine.journeys.nodes.base import Facts, Family, Node, Port, Run
from engine.journeys.nodes.outcomes import Outcome

Json = dict[str, Any]


class Unfinished(Node):
    """A step that is not filled in yet, or of an unknown kind. It reads as its kind, and nobody ever passes it."""

    family = Family.ACTION
    label = "Step"
    icon = "circle-help"
    description = "A step that is not finished"

    type: str = ""
    config: dict[str, Any] = {}
    ways: tuple[str, ...] = Field((), exclude=True)

    def ports(self) -> tuple[Port, ...]:
        return tuple(Port(each) for each in self.ways)

    def sentence(self) -> str:
        kind = NODE_TYPES.get(self.type)
        return f"{kind.label if kind else self.type or self.label} (not finished)"

    def decide(self, run: Run, facts: Facts, now: Any) -> Outcome:
        raise InvalidGraph(f"{self.sentence()}: fill the step in before it is run.")


def read_draft(raw: Json) -> Graph:
    """The graph of a draft; steps that cannot be read stand for themselves, what else cannot is left out."""
    graph, _ = read_graph(raw)
    if graph is not None:
        return graph
    edges = tuple(edge for each in raw["edges"] if (edge := _edge(each)))
    nodes = tuple(_node(each, edges) for each in raw["nodes"] if isinstance(each.get("id"), str))
    return Graph.model_construct(schema_version=1, nodes=nodes, edges=edges, settings=_settings(raw))


def _node(raw: Json, edges: tuple[Edge, ...]) -> Node:
    alone, _ = read_graph({"schema": 1, "nodes": [raw], "edges": [], "settings": {}})
    if alone is not None:
        return alone.nodes[0]
    config = raw.get("config")
    return Unfinished.model_construct(
        id=raw["id"],
        type=str(raw.get("type", "")),
        config=config if isinstance(config, dict) else {},
        ways=tuple(sorted({edge.source_port for edge in edges if edge.source == raw["id"]})),
    )


def _edge(raw: Json) -> Edge | None:
    try:
        return Edge.model_validate(raw)
    except ValidationError:
        return None


def _settings(raw: Json) -> JourneySettings:
    try:
        return JourneySettings.model_validate(raw.get("settings", {}))
    except ValidationError:
        return JourneySettings()
