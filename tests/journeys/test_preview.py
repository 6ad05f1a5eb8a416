"""What the publish dialog and the API show before a new version goes live (J8)."""

from typing import Any

from engine.core.db import tenant_session
from engine.journeys import drafts
from engine.journeys.difference import StepWords
from engine.journeys.entries import route_events
from engine.journeys.graph import read_graph
from engine.journeys.interpreter import advance_due
from engine.journeys.preview import Preview, look_ahead
from engine.journeys.wording import load_words, steps_in_words


def wait(step: Any, name: str, days: int) -> Any:
    return step(name, "wait.duration", duration={"amount": days, "unit": "days"})


def redrawn(studio: Any, old: Any, new: Any, *, customers: int) -> Preview:
    """What publishing `new` would change for so many who wait in `old`."""
    journey_id = studio.publish(old).id
    studio.send_event("Signed Up", studio.add_customers(customers))
    while (
        route_events(studio.tenant, now=studio.now).events
        or advance_due(studio.tenant, now=studio.now).enrolments
    ):
        pass
    with tenant_session(studio.tenant) as session:
        revision = drafts.load_journey(session, journey_id).revision
        drafts.save_draft(session, journey_id, new, revision=revision, now=studio.now)
        return look_ahead(session, journey_id)


def test_the_preview_counts_who_is_under_way_and_says_what_differs(
    studio: Any, build: Any, step: Any
) -> None:
    trigger = step("t", "trigger.event", event="Signed Up")
    old = build([trigger, wait(step, "w", 2)], "t > w")
    new = build([trigger, wait(step, "v", 5)], "t > v")
    preview = redrawn(studio, old, new, customers=3)
    (standing,) = preview.standing
    assert (preview.customers, standing.node_id, standing.sentence) == (3, "w", "Wait 2 days")
    assert preview.steps == [StepWords("v", "Wait 5 days")]
    assert preview.difference is not None
    assert preview.difference.removed == (StepWords("w", "Wait 2 days"),)


def test_a_journey_never_published_has_nothing_to_compare_with(studio: Any, build: Any, step: Any) -> None:
    graph = build([step("t", "trigger.event", event="Signed Up"), wait(step, "w", 2)], "t > w")
    with tenant_session(studio.tenant) as session:
        journey = drafts.create_journey(
            session, studio.tenant, "New", user_id=None, now=studio.now, graph=graph
        )
        preview = look_ahead(session, journey.id)
    assert (preview.customers, preview.difference) == (0, None)


def test_steps_of_the_same_words_are_told_apart(studio: Any, build: Any, step: Any) -> None:
    message = {"channel": "whatsapp", "template_id": str(studio.template)}
    nodes = [
        step("t", "trigger.event", event="Signed Up"),
        wait(step, "a", 1),
        step("m", "action.message", **message),
        wait(step, "b", 1),
        wait(step, "alone", 1),
        wait(step, "lost", 1),
    ]
    graph, _ = read_graph(build(nodes, "t > a", "a > m", "m > b"))
    assert graph is not None
    with tenant_session(studio.tenant) as session:
        words = load_words(session, [graph])
    told = {each.node_id: each.sentence for each in steps_in_words(graph, words)}
    assert list(told) == ["a", "m", "b", "alone", "lost"]
    assert told["a"] == "Wait 1 day (after When “Signed Up” happens)"
    assert told["m"].startswith("Send by WhatsApp: ")
    assert told["b"] == f"Wait 1 day (after {told['m']})"
    assert (told["alone"], told["lost"]) == ("Wait 1 day", "Wait 1 day (2)")
