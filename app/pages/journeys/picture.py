"""A small picture of a graph: its steps as beads from left to right, in the colours of the canvas."""

from collections.abc import Mapping
from typing import Any

import reflex as rx

ROW, COLUMN = 160, 300
"""Canvas pixels from step to step along the way, and from branch to branch."""

ALONG, ACROSS = 26, 22
"""The same in the picture."""

SIZE, WIDE = 12, 18
"""A bead; one that sends a message is wider."""

Point = tuple[float, float]


def picture(graph: Mapping[str, Any]) -> rx.Component:
    """The graph, drawn from its steps' positions; only to be looked at, so screen readers pass over it."""
    at = {step["id"]: _place(step["position"]) for step in graph["nodes"]}
    ways = [_way(at[edge["source"]], at[edge["target"]]) for edge in graph["edges"]]
    beads = [_bead(step, at[step["id"]]) for step in graph["nodes"]]
    left, top = -SIZE / 2, min(y for _, y in at.values()) - SIZE
    width = max(x for x, _ in at.values()) + WIDE - left
    height = max(y for _, y in at.values()) + SIZE - top
    return rx.el.svg(
        *ways,
        *beads,
        view_box=f"{left:g} {top:g} {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
        class_name="jl-picture",
        custom_attrs={"aria-hidden": "true"},
    )


def _place(position: Mapping[str, float]) -> Point:
    """On its side: down on the canvas is to the right here."""
    return position["y"] / ROW * ALONG, position["x"] / COLUMN * ACROSS


def _way(start: Point, end: Point) -> rx.Component:
    (x, y), (to_x, to_y) = start, end
    middle = (x + to_x) / 2
    return rx.el.path(d=f"M{x:g} {y:g}C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}")


def _bead(step: Mapping[str, Any], place: Point) -> rx.Component:
    width = WIDE if step["type"] == "action.message" else SIZE
    family, _, _ = step["type"].partition(".")
    return rx.el.rect(
        x=f"{place[0] - width / 2:g}",
        y=f"{place[1] - SIZE / 2:g}",
        width=f"{width}",
        height=f"{SIZE}",
        rx="4",
        class_name=f"jl-bead-{family}",
    )
