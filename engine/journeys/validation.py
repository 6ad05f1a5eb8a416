"""Whether a graph can be published: every problem, on its node, in a sentence a marketer understands (J7).

Pure: what exists in the tenant comes in as `References`.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import networkx as nx

from engine.core.errors import InvalidRules
from engine.journeys.graph import Graph, read_graph
from engine.journeys.nodes.action_message import ActionMessage
from engine.journeys.nodes.base import Family, Problem, References
from engine.segments.rules import parse_rules


def find_problems(raw: dict[str, Any], references: References) -> list[Problem]:
    """All problems of a graph whose shape has been checked; an empty list means it can be published."""
    graph, problems = read_graph(raw)
    if graph is None:
        return problems
    return [problem for check in CHECKS for problem in check(graph, references)]


def _ids_are_unique(graph: Graph, _: References) -> Iterator[Problem]:
    for node_id, times in Counter(node.id for node in graph.nodes).items():
        if times > 1:
            yield Problem("id_twice", f"{times} steps have the id “{node_id}”. Delete all but one.", node_id)


def _has_a_trigger(graph: Graph, _: References) -> Iterator[Problem]:
    if not any(node.family is Family.TRIGGER for node in graph.nodes):
        yield Problem("no_trigger", "Nobody can enter yet. Drag a trigger onto the canvas.")


def _edges_lead_somewhere(graph: Graph, _: References) -> Iterator[Problem]:
    nodes = {node.id: node for node in graph.nodes}
    for edge in graph.edges:
        if edge.source not in nodes or edge.target not in nodes:
            missing = edge.source if edge.source not in nodes else edge.target
            yield Problem(
                "edge_to_nowhere", f"A connection leads to “{missing}”, which does not exist. Delete it."
            )
            continue
        if edge.source_port not in {port.id for port in nodes[edge.source].ports()}:
            yield Problem(
                "unknown_port",
                f"A connection leaves by “{edge.source_port}”, which this step does not have.",
                edge.source,
            )
        if nodes[edge.target].family is Family.TRIGGER:
            yield Problem(
                "into_trigger", "A trigger is where customers enter; nothing can lead into it.", edge.target
            )


def _ports_have_one_way(graph: Graph, _: References) -> Iterator[Problem]:
    used = Counter((edge.source, edge.source_port) for edge in graph.edges)
    for (node_id, port), times in used.items():
        if times > 1:
            yield Problem(
                "port_twice",
                f"{times} connections leave by “{port}”. Keep one; use a split to go several ways.",
                node_id,
            )


def _branches_are_complete(graph: Graph, _: References) -> Iterator[Problem]:
    used = {(edge.source, edge.source_port) for edge in graph.edges}
    for node in graph.nodes:
        for port in node.ports() if node.must_connect() else ():
            if (node.id, port.id) not in used:
                yield Problem(
                    "dangling_branch",
                    f"The way “{port.label or port.id}” leads nowhere. Connect it, or to an exit.",
                    node.id,
                )
        if node.family is Family.TRIGGER and not any(source == node.id for source, _ in used):
            yield Problem(
                "trigger_alone", "This trigger leads nowhere. Connect it to the first step.", node.id
            )


def _all_can_be_reached(graph: Graph, _: References) -> Iterator[Problem]:
    ways = graph.ways
    starts = [node.id for node in graph.nodes if node.family is Family.TRIGGER]
    if not starts:
        return
    reached = set(starts).union(*(nx.descendants(ways, start) for start in starts))
    for node in graph.nodes:
        if node.id not in reached:
            yield Problem("unreachable", "No customer can get here. Connect it, or delete it.", node.id)


def _loops_wait(graph: Graph, _: References) -> Iterator[Problem]:
    waiting = {node.id for node in graph.nodes if node.waits()}
    ways = nx.DiGraph([each for each in graph.ways.edges if waiting.isdisjoint(each)])
    for component in nx.strongly_connected_components(ways):
        first = min(component)
        if len(component) > 1 or ways.has_edge(first, first):
            yield Problem(
                "loop_without_wait", "These steps go round in a circle without a pause. Add a wait.", first
            )


def _reactions_follow_messages(graph: Graph, _: References) -> Iterator[Problem]:
    """Whoever asks what became of a message stands behind the step that sends it."""
    nodes = {node.id: node for node in graph.nodes}
    ways = graph.ways
    for node in graph.nodes:
        for message in node.asks_messages():
            if not isinstance(nodes.get(message), ActionMessage):
                yield Problem(
                    "unknown_message",
                    "The message this step asks about does not exist any more. Choose another one.",
                    node.id,
                    "message",
                )
            elif message != node.id and message not in nx.ancestors(ways, node.id):
                yield Problem(
                    "message_not_before",
                    "Nobody gets the message before coming here. Choose one of a step before this one.",
                    node.id,
                    "message",
                )


def _words_are_given_before(graph: Graph, references: References) -> Iterator[Problem]:
    """Whoever sends a template that speaks of a coupon or gift card stands behind the step that gives it."""
    ways = graph.ways
    givers = {node.id: node.gives() for node in graph.nodes}
    for node in graph.nodes:
        for field, template_id in node.template_ids() if isinstance(node, ActionMessage) else ():
            said = [
                given for given, templates in references.templates_saying.items() if template_id in templates
            ]
            # Asked only of the few that say such words: finding all that lie before costs a walk through the graph.
            before = (
                {givers[each] for each in nx.ancestors(ways, node.id)} if said and node.id in ways else set()
            )
            for given in said:
                if given not in before:
                    yield Problem(
                        "not_given_before",
                        f"This template names a {given.replace('_', ' ')}, but no step before this one gives one. "
                        "Add it, or choose another template.",
                        node.id,
                        field,
                    )


def _configs_make_sense(graph: Graph, references: References) -> Iterator[Problem]:
    for node in graph.nodes:
        yield from node.problems(references)
        yield from _rule_problems(
            node.rules(), node.id, "rules" if node.family is Family.BRANCH else "filter"
        )
    yield from _rule_problems(graph.settings.entry_rules, None, "entry_rules")
    yield from _rule_problems(graph.settings.exit_rules, None, "exit_rules")
    if not references.branches.issuperset(graph.settings.branch_ids):
        yield Problem(
            "unknown_branch",
            "A branch of the journey's settings does not exist any more. Choose again.",
            field="branch_ids",
        )


def _rule_problems(rules: dict[str, Any] | None, node_id: str | None, field: str) -> Iterator[Problem]:
    if rules is None:
        return
    try:
        parse_rules(rules)
    except InvalidRules as error:
        yield Problem("bad_rules", error.message, node_id, field)


CHECKS = (
    _ids_are_unique,
    _has_a_trigger,
    _edges_lead_somewhere,
    _ports_have_one_way,
    _branches_are_complete,
    _all_can_be_reached,
    _loops_wait,
    _reactions_follow_messages,
    _words_are_given_before,
    _configs_make_sense,
)
