"""A published graph made ready to run: immutable, with every question the interpreter asks answered in advance."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import networkx as nx

from engine.delivery.replies import REPLIED
from engine.journeys.graph import Graph, JourneySettings
from engine.journeys.nodes.base import Listening, Node, Trigger
from engine.segments.rules import RuleGroup, parse_rules

MESSAGE_EVENTS = frozenset(
    f"message.{what}"
    for what in ("sent", "failed", "skipped", "uncertain", "opened", "clicked", "read", "replied")
)
"""What may happen to a message that a node asks about."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What `decide` walks.

    `ahead` names, for each node, the asking nodes an enrolment standing there can come to before time has to pass:
    exactly those whose facts are looked up for it beforehand. `asks_customer` are nodes that ask about the customer,
    `asks_messages` nodes that ask what became of messages. `gives`: messages may speak of a coupon or gift card that a
    step gave. `wakes` are the events that concern who is under way, `announced` the message nodes whose sending or
    failing somebody waits for.
    """

    version_id: UUID
    journey_id: UUID
    nodes: Mapping[str, Node]
    ways: Mapping[tuple[str, str], str]
    triggers: tuple[Trigger, ...]
    rules: Mapping[str, RuleGroup]
    ahead: Mapping[str, frozenset[str]]
    asks_customer: frozenset[str]
    asks_messages: frozenset[str]
    gives: bool
    listening: Mapping[str, Listening]
    settings: JourneySettings
    entry_rules: RuleGroup | None
    exit_rules: RuleGroup | None
    stops_on_reply: bool
    wakes: frozenset[str]
    announced: frozenset[str]
    needs_zone: bool

    @property
    def exit_events(self) -> frozenset[str]:
        """The events by which somebody under way reaches the goal or has to leave."""
        return _exit_events(self.settings, self.stops_on_reply)

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
    steps = [node for node in graph.nodes if not isinstance(node, Trigger)]
    asks_customer = frozenset(
        node.id for node in steps if node.id in rules or node.asks_value() or node.asks_contact()
    )
    asks_messages = frozenset(node.id for node in steps if node.asks_messages())
    asks_coupon = frozenset(node.id for node in steps if node.asks_coupon())
    asking = asks_customer | asks_messages | asks_coupon
    listening = {node.id: heard for node in steps if (heard := node.listens())}
    stops_on_reply = graph.settings.stop_on_reply and not any(node.hears_replies() for node in steps)
    return Plan(
        version_id=version_id,
        journey_id=journey_id,
        nodes=nodes,
        ways={(edge.source, edge.source_port): edge.target for edge in graph.edges},
        triggers=tuple(node for node in graph.nodes if isinstance(node, Trigger)),
        rules=rules,
        ahead={node_id: asking & _within_reach(ways, nodes, node_id) for node_id in nodes},
        asks_customer=asks_customer,
        asks_messages=asks_messages,
        gives=any(node.gives() for node in steps),
        listening=listening,
        settings=graph.settings,
        entry_rules=parse_rules(graph.settings.entry_rules) if graph.settings.entry_rules else None,
        exit_rules=parse_rules(graph.settings.exit_rules) if graph.settings.exit_rules else None,
        stops_on_reply=stops_on_reply,
        wakes=_exit_events(graph.settings, stops_on_reply)
        | {heard.event for heard in listening.values()}
        | (MESSAGE_EVENTS if asks_messages else frozenset()),
        announced=frozenset(message for node in steps for message in node.asks_messages()),
        needs_zone=any(node.needs_zone() for node in graph.nodes),
    )


def _exit_events(settings: JourneySettings, stops_on_reply: bool) -> frozenset[str]:
    goal = {settings.goal_event} if settings.goal_event else set()
    return frozenset(goal | set(settings.exit_events) | ({REPLIED} if stops_on_reply else set()))


def _within_reach(ways: "nx.DiGraph[str]", nodes: Mapping[str, Node], start: str) -> frozenset[str]:
    """Nodes one can come to from `start` without waiting anew; a wait at `start` itself may be over."""
    seen = {start}
    edge = [start]
    while edge:
        here = edge.pop()
        if here != start and nodes[here].ends_pass():
            continue
        for following in ways.successors(here):
            if following not in seen:
                seen.add(following)
                edge.append(following)
    return frozenset(seen)
