"""What can be drawn over the graph on the canvas instead of its live figures: a tried path, a past, a difference."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from engine.journeys.merge import STANDARD_PORT, touched


class OverlayKind(StrEnum):
    """Whose drawing it is; the canvas's `data-overlay` says it to the style sheets."""

    DRY_RUN = "dry_run"
    BACKTEST = "backtest"
    DIFFERENCE = "difference"


class Mark(StrEnum):
    """How a step or a way stands out. Where an overlay marks anything, what has no mark steps back."""

    PASSED = "passed"
    HERE = "here"
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on a card; `tone` colours it as the live figures do (`here`, `held`, `failed`, …)."""

    label: str
    number: int | str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class NodeOverlay:
    """What is drawn on one step."""

    mark: Mark | None = None
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class WayOverlay:
    """What is drawn on one arrow; `flow` makes it wide beside the others."""

    mark: Mark | None = None
    flow: int | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """`nodes` by node id, `ways` by `source:port`; `ghosts` is a graph of steps and arrows that are no more."""

    kind: OverlayKind
    nodes: Mapping[str, NodeOverlay] = field(default_factory=dict)
    ways: Mapping[str, WayOverlay] = field(default_factory=dict)
    ghosts: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """As the canvas gets it."""
        return asdict(self)


def difference_overlay(old: dict[str, Any], new: dict[str, Any]) -> Overlay:
    """What differs, drawn on `new`; what only `old` has is drawn as ghosts."""
    found = touched(old, new)
    marks = {**dict.fromkeys(found.changed, Mark.CHANGED), **dict.fromkeys(found.added, Mark.ADDED)}
    removed = dict.fromkeys(found.removed, Mark.REMOVED)
    drawn_before = {(edge["source"], edge.get("source_port", STANDARD_PORT)) for edge in old["edges"]}
    gone = [
        edge
        for edge in old["edges"]
        if (edge["source"], edge.get("source_port", STANDARD_PORT)) in found.ways
    ]
    return Overlay(
        OverlayKind.DIFFERENCE,
        nodes={node_id: NodeOverlay(mark) for node_id, mark in {**marks, **removed}.items()},
        ways={
            f"{source}:{port}": WayOverlay(Mark.CHANGED if (source, port) in drawn_before else Mark.ADDED)
            for source, port in found.ways
        },
        ghosts={"nodes": [node for node in old["nodes"] if node["id"] in found.removed], "edges": gone},
    )
