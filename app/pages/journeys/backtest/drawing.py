"""A backtest's counts on the steps and arrows of the canvas."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.pages.journeys.overlay import Figure, NodeOverlay, Overlay, OverlayKind, WayOverlay

Json = Mapping[str, Any]


def draw(result: Json) -> dict[str, Any]:
    """The overlay of a result."""
    nodes = {step["node_id"]: NodeOverlay(figures=tuple(_figures(step))) for step in result["steps"]}
    ways = {
        f"{step['node_id']}:{port}": WayOverlay(flow=number)
        for step in result["steps"]
        for port, number in step["ports"].items()
        if port
    }
    return Overlay(OverlayKind.BACKTEST, nodes, ways).as_json()


def _figures(step: Json) -> Iterator[Figure]:
    if step["here"]:
        yield Figure("here", step["here"], "here")
    if not step["queued"]:
        yield Figure("passed", step["passed"])
        return
    yield Figure("sent", step["sent"])
    held = sum(each["messages"] for each in step["held"].values())
    if held:
        yield Figure("held", held, "held")
    skipped = sum(step["skipped"].values())
    if skipped:
        yield Figure("skipped", skipped, "failed")
