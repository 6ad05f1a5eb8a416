"""Steps as a marketer tells them apart: the sentence, with the names of the templates, segments and forms in it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from engine.core.models import User
from engine.journeys.difference import StepWords, Words
from engine.journeys.graph import Graph
from engine.journeys.models import Journey
from engine.journeys.nodes.base import Family, Node
from engine.landing.models import LandingPage
from engine.offers.models import Coupon
from engine.segments.models import Segment
from engine.templates.models import Template

NAMES = (
    (Template.id, Template.name),
    (Segment.id, Segment.name),
    (LandingPage.form_id, LandingPage.title),
    (User.id, User.name),
    (Journey.id, Journey.name),
    (Coupon.id, Coupon.name),
)
"""What configs point at by id, and how it is called."""


def load_words(session: Session, graphs: Sequence[Graph]) -> Words:
    """How the steps of these graphs read, in one query; what was deleted since goes without a name."""
    ids = {found for graph in graphs for node in graph.nodes for found in ids_of(node)}
    named = [select(key.label("id"), name.label("name")).where(key.in_(ids)) for key, name in NAMES]
    rows = session.execute(union_all(*named)) if ids else ()
    names: Mapping[UUID, str] = {row.id: row.name for row in rows}

    def words(node: Node) -> str:
        return words_of(node, names)

    return words


def words_of(node: Node, names: Mapping[UUID, str]) -> str:
    """A step's sentence with the names of what it points at."""
    told = [names[found] for found in ids_of(node) if found in names]
    return f"{node.sentence()}: {', '.join(told)}" if told else node.sentence()


def steps_in_words(graph: Graph, words: Words) -> list[StepWords]:
    """The steps behind the triggers in the order in which customers come to them, no two with the same words.

    Equal ones are told apart by the step before them, else by number.
    """
    nodes = {node.id: node for node in graph.nodes}
    before = {edge.target: edge.source for edge in reversed(graph.edges)}
    steps = [nodes[node_id] for node_id in in_order(graph) if nodes[node_id].family is not Family.TRIGGER]
    plain = {node.id: words(node) for node in steps}
    told = list(plain.values())
    placed = {
        node_id: f"{text} (after {words(nodes[before[node_id]])})"
        if told.count(text) > 1 and node_id in before
        else text
        for node_id, text in plain.items()
    }
    return list(_numbered(placed))


def _numbered(placed: Mapping[str, str]) -> Iterator[StepWords]:
    seen: dict[str, int] = {}
    for node_id, text in placed.items():
        seen[text] = seen.get(text, 0) + 1
        yield StepWords(node_id, text if seen[text] == 1 else f"{text} ({seen[text]})")


def in_order(graph: Graph) -> list[str]:
    """Breadth first from the triggers; what cannot be reached comes last."""
    after: dict[str, list[str]] = {}
    for edge in graph.edges:
        after.setdefault(edge.source, []).append(edge.target)
    order = dict.fromkeys(node.id for node in graph.nodes if node.family is Family.TRIGGER)
    ahead = list(order)
    for node_id in ahead:
        new = [each for each in dict.fromkeys(after.get(node_id, ())) if each not in order]
        order.update(dict.fromkeys(new))
        ahead += new
    return list(order | dict.fromkeys(node.id for node in graph.nodes))


def ids_of(node: Node) -> list[UUID]:
    """What the step points at."""
    return list(_uuids(node.model_dump()["config"]))


def _uuids(value: Any) -> Iterator[UUID]:
    if isinstance(value, UUID):
        yield value
    elif isinstance(value, Mapping):
        yield from (found for each in value.values() for found in _uuids(each))
    elif isinstance(value, list | tuple):
        yield from (found for each in value for found in _uuids(each))
