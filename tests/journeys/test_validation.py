"""What keeps a graph from being published, each with its code, its node and a sentence."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.core.errors import InvalidGraph
from engine.journeys.graph import check_shape, dump_graph, graph_schema, read_graph, read_json
from engine.journeys.nodes import NODE_TYPES
from engine.journeys.nodes.base import References
from engine.journeys.validation import find_problems

TEMPLATE = UUID("01920000-0000-7000-8000-000000000001")
KNOWN = References(template_channels={TEMPLATE: "whatsapp"})

Build = Callable[..., dict[str, Any]]


def codes(graph: dict[str, Any], known: References = KNOWN) -> set[tuple[str, str | None]]:
    return {(problem.code, problem.node_id) for problem in find_problems(graph, known)}


def test_a_complete_graph_has_no_problems(build: Build, step: Build) -> None:
    graph = build(
        [
            step("t", "trigger.event", event="Order Completed"),
            step("w", "wait.duration"),
            step(
                "b",
                "branch.rule",
                rules={"operator": "AND", "conditions": [{"field": "total_spend", "op": "gt", "value": 1}]},
            ),
            step("m", "action.message", channel="whatsapp", template_id=str(TEMPLATE)),
            step("x", "exit"),
        ],
        "t > w",
        "w > b",
        "b.yes > m",
        "b.no > x",
    )
    assert codes(graph) == set()


def test_a_graph_without_a_trigger_admits_nobody(build: Build, step: Build) -> None:
    assert ("no_trigger", None) in codes(build([step("x", "exit")]))


def test_an_unknown_kind_of_step_is_named(build: Build, step: Build) -> None:
    assert codes(build([step("a", "action.teleport")])) == {("unknown_type", "a")}


def test_a_missing_setting_is_named_with_its_field(build: Build, step: Build) -> None:
    problems = find_problems(build([step("t", "trigger.event")]), KNOWN)
    assert [(problem.code, problem.node_id, problem.field) for problem in problems] == [
        ("bad_config", "t", "event")
    ]
    assert "choose or fill in event" in problems[0].message


def test_a_loop_without_a_wait_is_refused(build: Build, step: Build) -> None:
    tags = [step(each, "action.tag", add=["x"]) for each in "ab"]
    graph = build([step("t", "trigger.event", event="E"), *tags], "t > a", "a > b", "b > a")
    assert ("loop_without_wait", "a") in codes(graph)


def test_a_loop_with_a_wait_is_fine(build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="E"),
        step("a", "action.tag", add=["x"]),
        step("w", "wait.duration"),
    ]
    assert codes(build(nodes, "t > a", "a > w", "w > a")) == set()


def test_a_step_nobody_can_reach_is_named(build: Build, step: Build) -> None:
    nodes = [step("t", "trigger.event", event="E"), step("x", "exit"), step("lost", "exit")]
    assert codes(build(nodes, "t > x")) == {("unreachable", "lost")}


def test_a_branch_that_leads_nowhere_is_named(build: Build, step: Build) -> None:
    nodes = [step("t", "trigger.event", event="E"), step("s", "branch.split"), step("x", "exit")]
    assert codes(build(nodes, "t > s", "s.a > x")) == {("dangling_branch", "s")}


def test_shares_of_a_split_make_a_hundred(build: Build, step: Build) -> None:
    arms = [{"id": "a", "percent": 50}, {"id": "b", "percent": 20}]
    nodes = [step("t", "trigger.event", event="E"), step("s", "branch.split", arms=arms), step("x", "exit")]
    assert codes(build(nodes, "t > s", "s.a > x", "s.b > x")) == {("split_not_100", "s")}


def test_a_template_must_exist_and_fit_its_channel(build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="E"),
        step("m", "action.message", channel="sms", template_id=str(TEMPLATE)),
        step("n", "action.message", channel="sms", template_id=str(uuid4())),
    ]
    assert codes(build(nodes, "t > m", "m > n")) == {("template_channel", "m"), ("unknown_template", "n")}


def test_rules_with_an_unknown_field_are_named(build: Build, step: Build) -> None:
    rules = {"operator": "AND", "conditions": [{"field": "shoe_size", "op": "gt", "value": 3}]}
    nodes = [step("t", "trigger.event", event="E"), step("b", "branch.rule", rules=rules), step("x", "exit")]
    assert codes(build(nodes, "t > b", "b.yes > x", "b.no > x")) == {("bad_rules", "b")}


def test_two_ways_out_of_one_port_are_refused(build: Build, step: Build) -> None:
    nodes = [step("t", "trigger.event", event="E"), step("x", "exit"), step("y", "exit")]
    assert ("port_twice", "t") in codes(build(nodes, "t > x", "t > y"))


def test_nothing_leads_into_a_trigger(build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="E"),
        step("u", "trigger.event", event="F"),
        step("w", "wait.duration"),
    ]
    assert ("into_trigger", "u") in codes(build(nodes, "t > w", "w > u", "u > w"))


@pytest.mark.parametrize(
    "raw",
    [
        {"schema": 1, "nodes": [{"id": 2**70}], "edges": []},
        None,
        [],
        {},
        {"schema": 2, "nodes": [], "edges": []},
        {"schema": 1, "nodes": {}, "edges": []},
        {"schema": 1, "nodes": ["x"], "edges": []},
    ],
)
def test_what_is_no_graph_is_refused(raw: Any) -> None:
    with pytest.raises(InvalidGraph):
        check_shape(raw)


def test_broken_json_says_where(build: Build) -> None:
    with pytest.raises(InvalidGraph, match="line 1, column"):
        read_json(b'{"schema": 1, "nodes": [}')


def test_reading_and_dumping_keeps_a_graph(build: Build, step: Build) -> None:
    raw = build([step("t", "trigger.event", event="E"), step("w", "wait.duration")], "t > w")
    graph, problems = read_graph(raw)
    assert graph is not None and problems == []
    again, _ = read_graph(dump_graph(graph))
    assert again == graph


NOTE = {"id": "n", "position": {"x": 8, "y": 8}, "width": 240, "height": 160, "text": "Why", "colour": "blue"}


def test_notes_are_kept_and_say_nothing_to_the_journey(build: Build, step: Build) -> None:
    raw = build([step("t", "trigger.event", event="E"), step("x", "exit")], "t > x")
    noted = raw | {"notes": [NOTE]}
    graph, _ = read_graph(noted)
    assert graph is not None and dump_graph(graph)["notes"] == [NOTE]
    assert find_problems(noted, KNOWN) == find_problems(raw, KNOWN) == []


def test_a_note_that_cannot_be_drawn_is_a_problem_that_says_which(build: Build, step: Build) -> None:
    raw = build([step("t", "trigger.event", event="E"), step("x", "exit")], "t > x")
    (problem,) = find_problems(raw | {"notes": [NOTE, NOTE | {"colour": "plaid"}]}, KNOWN)
    assert problem.code == "bad_note" and problem.message.startswith("Note 2: colour: ")
    with pytest.raises(InvalidGraph, match="notes: 301 are more than 300"):
        check_shape(raw | {"notes": [NOTE] * 301})


def test_the_schema_names_every_node_type() -> None:
    assert set(graph_schema()["properties"]["nodes"]["items"]["discriminator"]["mapping"]) == set(NODE_TYPES)


def test_the_schema_is_valid_json_schema() -> None:
    Draft202012Validator.check_schema(graph_schema())


def test_every_step_says_what_it_is() -> None:
    for kind in NODE_TYPES.values():
        assert kind.label and kind.icon and kind.description and kind.__doc__


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("ab é₹", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "amount", "rules", "field"]), inner, max_size=3)
    ),
    max_leaves=8,
)
NODES = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from([*NODE_TYPES, "nonsense"]),
            "config": st.dictionaries(
                st.sampled_from(
                    ["event", "rules", "arms", "duration", "add", "cases", "value", "message", "where"]
                ),
                JSON,
            ),
        },
        optional={"id": st.sampled_from("abcd") | JSON, "position": JSON},
    ),
    max_size=6,
)
EDGES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={key: st.sampled_from("abcd") | JSON for key in ("id", "source", "target", "source_port")},
    ),
    max_size=8,
)


@given(
    nodes=NODES, edges=EDGES, settings=st.dictionaries(st.sampled_from(["reentry", "x"]), JSON, max_size=2)
)
def test_validation_never_crashes(nodes: list[Any], edges: list[Any], settings: dict[str, Any]) -> None:
    graph = check_shape({"schema": 1, "nodes": nodes, "edges": edges, "settings": settings})
    for problem in find_problems(graph, KNOWN):
        assert problem.code and problem.message
