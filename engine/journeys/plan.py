"""A published graph made ready to run: immutable, with every question the interpreter asks answered in advance."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import networkx as nx

from engine.journeys.graph import Graph, JourneySettings
from engine.journeys.nodes.base import Node, Trigger
from engine.segments.rules import RuleGroup, parse_rules


@dataclass(frozen=True, slots=True)
class Plan:
    """What `decide` walks. `rules_ahead` names, for each node, the rule nodes an enrolment standing there can
    come to before time has to pass: exactly those whose truth is looked up for it beforehand."""

    version_id: UUID
    journey_id: UUID
    nodes: Mapping[str, Node]
    ways: Mapping[tuple[str, str], str]
    triggers: tuple[Trigger, ...]
    rules: Mapping[str, RuleGroup]
    rules_ahead: Mapping[str, frozenset[str]]
    settings: JourneySettings
    entry_rules: RuleGroup | None
    needs_zone: bool

    def after(self, node_id: str, port: str) -> str | None:
        """The node a port leads to; None when the journey ends there."""
        return self.ways.get((node_id, port))


def compile_plan(graph: Graph, *, version_id: UUID, journey_id: UUID) -> Plan:
    """Compile a validated graph."""
    nodes = {node.id: node for node in graph.nodes}
    rules = {node.id: parse_rules(raw) for node in graph.nodes if (raw := node.rules()) is not None}
    ways: nx.DiGraph[str] = nx.DiGraph()
    ways.add_nodes_from(nodes)
    ways.add_edges_from((edge.source, edge.target) for edge in graph.edges)
    asked = frozenset(rules) - {node.id for node in graph.nodes if isinstance(node, Trigger)}
    return Plan(
        version_id=version_id,
        journey_id=journey_id,
        nodes=nodes,
        ways={(edge.source, edge.source_port): edge.target for edge in graph.edges},
        triggers=tuple(node for node in graph.nodes if isinstance(node, Trigger)),
        rules=rules,
        rules_ahead={node_id: asked & _within_reach(ways, nodes, node_id) for node_id in nodes},
        settings=graph.settings,
        entry_rules=parse_rules(graph.settings.entry_rules) if graph.settings.entry_rules else None,
        needs_zone=any(node.needs_zone() for node in graph.nodes),
    )


def _within_reach(ways: "nx.DiGraph[str]", nodes: Mapping[str, Node], start: str) -> frozenset[str]:
    """Nodes one can come to from `start` without waiting anew; a wait at `start` itself may be over."""
    seen = {start}
    edge = [start]
    while edge:
        here = edge.pop()
        if here != start and nodes[here].waits():
            continue
        for following in ways.successors(here):
            if following not in seen:
                seen.add(following)
                edge.append(following)
    return frozenset(seen)
