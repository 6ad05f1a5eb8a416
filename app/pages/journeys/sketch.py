"""A larger picture of a graph: its steps as labelled cards, top to bottom as on the canvas; drawn from state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

ROW, COLUMN = 160, 300
"""Canvas pixels from step to step along the way, and from branch to branch."""

DOWN, ACROSS = 74, 206
"""The same in the picture."""

WIDTH, HEIGHT = 188, 44
LABEL = 27
"""Letters that fit on a card."""


@dataclass
class SketchCard:
    """A step: where its card begins, the family that colours it, and what it says."""

    x: float
    y: float
    family: str
    label: str


@dataclass
class Sketch:
    """What is drawn; `ways` are the paths of the connections."""

    view: str = "0 0 1 1"
    width: float = 0
    ways: list[str] = field(default_factory=list)
    cards: list[SketchCard] = field(default_factory=list)


def sketch_of(graph: Mapping[str, Any], labels: Mapping[str, str]) -> Sketch:
    """The sketch of a graph as JSON, finished or not; `labels` are the words on the cards, by step."""
    at = {str(node.get("id")): _place(node, number) for number, node in enumerate(graph["nodes"])}
    if not at:
        return Sketch()
    ways = [
        _way(at[edge["source"]], at[edge["target"]])
        for edge in graph["edges"]
        if edge.get("source") in at and edge.get("target") in at
    ]
    cards = [
        SketchCard(*at[node_id], *_said(node, labels.get(node_id, "")))
        for node_id, node in ((str(node.get("id")), node) for node in graph["nodes"])
    ]
    left, top = (min(place[axis] for place in at.values()) for axis in (0, 1))
    right, bottom = (max(place[axis] for place in at.values()) for axis in (0, 1))
    width, height = right - left + WIDTH + 4, bottom - top + HEIGHT + 4
    return Sketch(f"{left - 2:g} {top - 2:g} {width:g} {height:g}", width, ways, cards)


def sketch(drawn: rx.Var[Sketch]) -> rx.Component:
    """The picture; only to be looked at, the steps are told in words beside it."""
    return rx.el.svg(
        rx.foreach(drawn.ways, lambda way: rx.el.path(d=way)),
        rx.foreach(drawn.cards, _card),
        view_box=drawn.view,
        style={"width": f"{drawn.width}px"},
        class_name="jl-sketch",
        custom_attrs={"aria-hidden": "true"},
    )


def _card(card: rx.Var[SketchCard]) -> rx.Component:
    return rx.el.g(
        rx.el.rect(width=f"{WIDTH}", height=f"{HEIGHT}", rx="8", class_name="jl-sketch-card"),
        rx.el.rect(x="10", y="12", width="20", height="20", rx="6", class_name=f"jl-bead-{card.family}"),
        rx.el.text(card.label, x="38", y="27"),
        transform=f"translate({card.x} {card.y})",
    )


def _place(node: Mapping[str, Any], number: int) -> tuple[float, float]:
    position = node.get("position")
    try:
        x, y = float(position["x"]), float(position["y"])  # type: ignore[index]
    except (TypeError, KeyError, ValueError):
        x, y = 0.0, float(number * ROW)
    return x / COLUMN * ACROSS, y / ROW * DOWN


def _said(node: Mapping[str, Any], label: str) -> tuple[str, str]:
    family, _, kind = str(node.get("type")).partition(".")
    words = label or kind.replace("_", " ").capitalize() or family
    return family, words if len(words) <= LABEL else f"{words[: LABEL - 1].rstrip()}…"


def _way(start: tuple[float, float], end: tuple[float, float]) -> str:
    x, y = start[0] + WIDTH / 2, start[1] + HEIGHT
    to_x, to_y = end[0] + WIDTH / 2, end[1]
    middle = (y + to_y) / 2
    return f"M{x:g} {y:g}C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y:g}"
