"""Playing a journey through in virtual time: what leaves at which moment, though nothing is written."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from engine.core.db import tenant_session
from engine.delivery.models import Message
from engine.journeys.graph import read_graph
from engine.journeys.plan import compile_plan
from engine.journeys.simulation import Simulation, simulate

Build = Callable[..., dict[str, Any]]
HOUR = timedelta(hours=1)


def play(studio: Any, graph: dict[str, Any], customers: int) -> Simulation:
    ids = studio.add_customers(customers)
    journey = studio.publish(graph)
    read, _ = read_graph(graph)
    assert read is not None
    plan = compile_plan(read, version_id=journey.live_version_id, journey_id=journey.id)
    with tenant_session(studio.tenant) as session:
        played = simulate(
            session,
            plan,
            dict.fromkeys(ids, plan.triggers[0]),
            start=studio.now,
            until=studio.now + timedelta(days=30),
        )
        assert session.scalar(select(func.count()).select_from(Message)) == 0
    return played


def test_customers_go_on_at_a_steady_rate(studio: Any, build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.rate", amount=2, per="hour"),
        step("m", "action.message", channel="whatsapp", template_id=str(studio.template)),
    ]
    played = play(studio, build(nodes, "t > w", "w > m"), 5)
    assert [sent.at - studio.now for sent in played.messages] == [number * HOUR / 2 for number in range(5)]
    assert played.outcomes == {"Came to the end": 5}


def test_messages_leave_at_once_and_nobody_reacts(studio: Any, build: Build, step: Build) -> None:
    send = {"channel": "whatsapp", "template_id": str(studio.template)}
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("m", "action.message", on_failure="branch", **send),
        step("r", "branch.reaction", message="m", within={"amount": 2, "unit": "days"}),
        step("again", "action.message", **send),
        step("x", "exit"),
    ]
    graph = build(nodes, "t > m", "m > r", "m.failed > x", "r.yes > x", "r.no > again")
    played = play(studio, graph, 3)
    assert played.steps["m", "next"] == played.steps["r", "no"] == 3
    assert [sent.at - studio.now for sent in played.messages] == [0 * HOUR] * 3 + [48 * HOUR] * 3


def test_a_loop_is_played_to_the_end_of_the_time(studio: Any, build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.until", at="18:00"),
        step("m", "action.message", channel="whatsapp", template_id=str(studio.template)),
    ]
    played = play(studio, build(nodes, "t > w", "w > m", "m > w"), 1)
    assert len(played.messages) == 30
    assert played.outcomes == {"Still on the way": 1}
