"""A journey out of a JSON file: everything comes with it, and what it points at elsewhere is told and replaced."""

import json
from typing import Any

import pytest

from engine.core.db import tenant_session
from engine.core.errors import InvalidGraph
from engine.core.ids import new_id
from engine.journeys.from_file import JourneyFile, Unknown, read_file, replace_unknown


def read(studio: Any, graph: object, name: str = "win-back_2026.json") -> JourneyFile:
    content = graph if isinstance(graph, bytes) else json.dumps(graph).encode()
    with tenant_session(studio.tenant) as session:
        return read_file(session, content, file_name=name)


def test_what_a_file_points_at_elsewhere_is_told_once_with_the_steps_that_want_it(
    studio: Any, step: Any, build: Any
) -> None:
    template, segment, branch = str(new_id()), str(new_id()), str(new_id())
    fallback = {"channel": "sms", "template_id": str(studio.template)}
    graph = build(
        [
            step("t", "trigger.segment", segment_id=segment, change="entered"),
            step("a", "action.message", channel="whatsapp", template_id=template, fallback=fallback),
            step("b", "action.message", channel="whatsapp", template_id=template),
            step("x", "action.teleport", where="Mars"),
        ],
        "t > a",
        "a > b",
        settings={"branch_ids": [branch]},
    )
    found = read(studio, graph)
    assert found.name == "Win back 2026"
    assert found.graph == graph
    assert set(found.unknown) == {
        Unknown("segment", segment, ("Segment entered or left",)),
        Unknown("template", template, ("Send message",), "whatsapp"),
        Unknown("branch", branch, ("Settings of the journey",)),
    }
    assert {problem.node_id for problem in found.problems} == {"x"}

    filled = replace_unknown(graph, {template: str(studio.template), segment: None, branch: None})
    assert read(studio, filled).unknown == ()
    configs = {node["id"]: node["config"] for node in filled["nodes"]}
    assert configs["a"]["template_id"] == configs["b"]["template_id"] == str(studio.template)
    assert configs["a"]["fallback"] == fallback and configs["x"] == {"where": "Mars"}
    assert "segment_id" not in configs["t"] and filled["settings"]["branch_ids"] == []
    assert graph["nodes"][0]["config"]["segment_id"] == segment


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "line 1"),
        (b"[]", "JSON object"),
        (b'{"schema": 2}', "schema"),
        (b'{"schema": 1, "nodes": 3, "edges": []}', "nodes"),
        (b" " * 2_000_001, "2 MB"),
    ],
)
def test_what_is_no_journey_is_refused_with_the_place(studio: Any, content: bytes, said: str) -> None:
    with pytest.raises(InvalidGraph, match=said):
        read(studio, content)


def test_a_file_without_a_name_gets_one(studio: Any, build: Any) -> None:
    assert read(studio, build([]), "---.json").name == "Journey from a file"
