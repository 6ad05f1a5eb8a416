"""What differs between two graphs, as it is drawn on the canvas."""

from typing import Any

from app.pages.journeys.overlay import Mark, difference_overlay


def node(name: str, days: int = 1) -> dict[str, Any]:
    return {"id": name, "type": "wait.duration", "position": {"x": 0, "y": 0}, "config": {"days": days}}


def edge(source: str, target: str) -> dict[str, Any]:
    return {"id": f"{source}-{target}", "source": source, "source_port": "next", "target": target}


def test_what_was_added_changed_and_removed_is_marked_and_the_removed_is_a_ghost() -> None:
    old = {"nodes": [node("a"), node("b"), node("c")], "edges": [edge("a", "b"), edge("b", "c")]}
    new = {"nodes": [node("a", 2), node("c"), node("d")], "edges": [edge("a", "c"), edge("c", "d")]}
    drawn = difference_overlay(old, new)
    marks = {node_id: each.mark for node_id, each in drawn.nodes.items()}
    assert marks == {"a": Mark.CHANGED, "b": Mark.REMOVED, "d": Mark.ADDED}
    assert drawn.ways["a:next"].mark is Mark.CHANGED
    assert drawn.ways["c:next"].mark is Mark.ADDED
    assert drawn.ghosts == {"nodes": [node("b")], "edges": [edge("a", "b"), edge("b", "c")]}


def test_where_a_step_stands_is_no_difference() -> None:
    moved = {**node("a"), "position": {"x": 400, "y": 0}}
    drawn = difference_overlay({"nodes": [node("a")], "edges": []}, {"nodes": [moved], "edges": []})
    assert (drawn.nodes, drawn.ways) == ({}, {})
