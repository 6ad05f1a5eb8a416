"""A look at a ready-made journey before it is installed: its steps in words, its messages, what it needs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from engine.channels.interface import Channel
from engine.core.ids import key_of
from engine.journeys.gallery import GalleryJourney, fill_in, named_in, ready_made
from engine.journeys.graph import Graph, read_graph
from engine.journeys.nodes.base import Family, Node, Trigger
from engine.journeys.wording import in_order, words_of
from engine.templates.system import ready_made_templates, system_templates
from engine.templates.templates import SAMPLE, preview

NAMED = ("$template", "$segment", "$coupon")
"""The signs that stand for an id."""

BROUGHT = re.compile(r"\bevent\.([a-z_]+)")
"""What a text takes from the event by which a customer entered."""


@dataclass(frozen=True, slots=True)
class PreviewStep:
    """A step in the order in which customers come to it; `way` is the branch that leads there, if one does."""

    id: str
    family: str
    words: str
    way: str


@dataclass(frozen=True, slots=True)
class PreviewMessage:
    """A message as a sample customer reads it."""

    template: str
    channel: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class GalleryPreview:
    """All there is to see; `needs` are sentences on what must be there before it works."""

    journey: GalleryJourney
    steps: Sequence[PreviewStep]
    messages: Sequence[PreviewMessage]
    needs: Sequence[str]


def look_at(key: str, *, studio: str, today: date) -> GalleryPreview:
    """A ready-made journey as it would be installed today for the studio of this name; nothing is stored.

    Raises:
        NotFound: there is no such journey.
    """
    journey = ready_made(key)
    graph, names = _as_installed(journey, today)
    return GalleryPreview(
        journey=journey,
        steps=tell_steps(graph, names),
        messages=list(_messages(journey, studio)),
        needs=list(_needs(journey, graph)),
    )


def tell_steps(graph: Graph, names: Mapping[UUID, str]) -> list[PreviewStep]:
    """Every step of a graph as a sentence, in the order in which customers come to them."""
    nodes = {node.id: node for node in graph.nodes}
    ways = {edge.target: (edge.source, edge.source_port) for edge in reversed(graph.edges)}
    return [
        PreviewStep(
            id=node_id,
            family=nodes[node_id].family.value,
            words=words_of(nodes[node_id], names),
            way=_way(nodes, *ways[node_id]) if node_id in ways else "",
        )
        for node_id in in_order(graph)
    ]


def _as_installed(journey: GalleryJourney, today: date) -> tuple[Graph, dict[UUID, str]]:
    """The graph with ids made from the names it asks for, and those names."""
    named = {key_of(name): name for sign in NAMED for name in named_in(journey.graph, sign)}
    ids = {name: str(found) for found, name in named.items()}
    filled = fill_in(
        journey.graph,
        {
            **dict.fromkeys(NAMED, ids.__getitem__),
            "$in_days": lambda days: str(today + timedelta(days=days)),
        },
    )
    graph, problems = read_graph(filled)
    assert graph is not None, problems
    return graph, named


def _way(nodes: Mapping[str, Node], source: str, port: str) -> str:
    if source not in nodes or nodes[source].family is not Family.BRANCH:
        return ""
    return next((each.label for each in nodes[source].ports() if each.id == port), "")


def _messages(journey: GalleryJourney, studio: str) -> Iterator[PreviewMessage]:
    known = {entry["name"]: entry for entry in (*system_templates(), *ready_made_templates())}
    variables = {**SAMPLE, "tenant": {"name": studio, "currency": "INR"}, "event": {}}
    for name in dict.fromkeys(named_in(journey.graph, "$template")):
        entry = known[name]
        message = preview(entry["channel"], entry["contents"], variables=variables).message
        yield PreviewMessage(name, entry["channel"], message.subject or "", message.body)


def _needs(journey: GalleryJourney, graph: Graph) -> Iterator[str]:
    triggers = [node for node in graph.nodes if isinstance(node, Trigger)]
    events = sorted(
        each for each in set().union(*(trigger.events() for trigger in triggers)) if "." not in each
    )
    if events:
        yield f"Events from your shop, website or booking system: {_listed(events)}."
    known = {entry["name"]: entry for entry in (*system_templates(), *ready_made_templates())}
    templates = [known[name] for name in dict.fromkeys(named_in(journey.graph, "$template"))]
    channels = dict.fromkeys(Channel(entry["channel"]).label for entry in templates)
    yield f"A connected account for {_listed(list(channels))}; until then messages land in the local inbox."
    brought = sorted({found for entry in templates for found in BROUGHT.findall(str(entry["contents"]))})
    if brought:
        yield f"With the event, so that texts are whole: {_listed([each.replace('_', ' ') for each in brought])}."
    for name in journey.segments:
        yield f"The segment “{name}”, which is made for you if you have none of this name."
    for name in journey.coupons:
        yield f"The coupon “{name}”, which is made for you if you have none of this name; change its terms to yours."
    if any(named_in(journey.graph, "$in_days")):
        yield "The day it begins, which you choose in the step."


def _listed(names: Sequence[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last
