"""What a marketer reads before publishing: steps and settings that differ from the live version (J8)."""

from typing import Any

from engine.core.ids import new_id
from engine.journeys.difference import Difference, StepChange, StepWords, WayChange, compare
from engine.journeys.graph import Graph, read_graph


def read(raw: Any) -> Graph:
    graph, problems = read_graph(raw)
    assert graph is not None, problems
    return graph


def steps_of(step: Any, **days: int) -> list[Any]:
    """A trigger, and a wait of so many days for each name."""
    waits = [
        step(name, "wait.duration", duration={"amount": number, "unit": "days"})
        for name, number in days.items()
    ]
    return [step("t", "trigger.event", event="Signed Up"), *waits]


def test_the_same_graph_does_not_differ_wherever_its_steps_stand(build: Any, step: Any) -> None:
    raw = build(steps_of(step, w=2), "t > w")
    moved = build(steps_of(step, w=2), "t > w")
    moved["nodes"][1]["position"] = {"x": 400, "y": 90}
    assert compare(read(raw), read(moved)) == Difference()
    assert not compare(read(raw), read(moved))


def test_a_step_put_between_two_others_is_told_with_the_way_that_leads_to_it(build: Any, step: Any) -> None:
    old = build(steps_of(step, w=2), "t > w")
    new = build(steps_of(step, w=2, v=1), "t > v", "v > w")
    assert compare(read(old), read(new)) == Difference(
        added=(StepWords("v", "Wait 1 day"),),
        ways=(WayChange("t", "When “Signed Up” happens", "", "Wait 1 day"),),
    )


def test_a_removed_step_is_told_as_it_was(build: Any, step: Any) -> None:
    old = build(steps_of(step, w=2), "t > w")
    new = build(steps_of(step), settings={})
    assert compare(read(old), read(new)) == Difference(
        removed=(StepWords("w", "Wait 2 days"),), ways=(WayChange("t", "When “Signed Up” happens", "", ""),)
    )


def test_a_changed_step_reads_before_and_after_and_names_its_settings(build: Any, step: Any) -> None:
    old = build(steps_of(step, w=2), "t > w")
    new = build(steps_of(step, w=5), "t > w")
    (change,) = compare(read(old), read(new)).changed
    assert (change.node_id, change.before, change.after) == ("w", "Wait 2 days", "Wait 5 days")
    assert change.fields == ("Wait for",)


def test_another_template_is_a_change_though_the_sentence_stays_the_same(build: Any, step: Any) -> None:
    def graph(template: Any) -> Any:
        message = step("m", "action.message", channel="sms", template_id=str(template))
        return build([*steps_of(step), message], "t > m")

    (change,) = compare(read(graph(new_id())), read(graph(new_id()))).changed
    assert change == StepChange("m", "Send by SMS", "Send by SMS", ("Template",))


def test_a_step_that_became_another_kind_is_changed_as_a_whole(build: Any, step: Any) -> None:
    old = build(steps_of(step, w=2), "t > w")
    new = build([*steps_of(step), step("w", "action.tag", add=["vip"])], "t > w")
    assert compare(read(old), read(new)).changed == (StepChange("w", "Wait 2 days", "Tag +vip", ()),)


def test_settings_are_named_as_the_form_calls_them(build: Any, step: Any) -> None:
    old = build(steps_of(step, w=2), "t > w")
    new = build(steps_of(step, w=2), "t > w", settings={"goal_event": "Order Completed", "reentry": "always"})
    assert compare(read(old), read(new)).settings_changed == ("May customers enter again?", "Goal")


def test_a_way_out_of_a_branch_is_told_by_its_label(build: Any, step: Any) -> None:
    rules = {"combinator": "and", "rules": [{"field": "order_count", "operator": "gte", "value": 2}]}
    nodes = [*steps_of(step, w=2, v=1), step("b", "branch.rule", rules=rules)]
    old = build(nodes, "t > b", "b.yes > w", "b.no > v")
    new = build(nodes, "t > b", "b.yes > v", "b.no > v")
    (way,) = compare(read(old), read(new)).ways
    assert (way.node_id, way.port, way.after) == ("b", "Yes", "Wait 1 day")


def test_steps_read_as_the_caller_words_them(build: Any, step: Any) -> None:
    old, new = build(steps_of(step)), build(steps_of(step, w=2), "t > w")
    assert compare(read(old), read(new), words=lambda node: node.id.upper()).added == (StepWords("w", "W"),)
