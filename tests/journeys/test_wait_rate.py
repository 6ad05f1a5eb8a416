"""Going on at a steady rate, however many workers there are and whatever came in between."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from engine.core.db import tenant_session
from engine.journeys import moves
from engine.journeys.interpreter import advance_due
from engine.journeys.models import Step

Build = Callable[..., dict[str, Any]]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def at_a_rate(build: Build, step: Build) -> Callable[..., dict[str, Any]]:
    """A journey that lets so many customers go on each hour or day."""

    def graph(amount: int, per: str = "hour") -> dict[str, Any]:
        nodes = [
            step("t", "trigger.event", event="Order Completed"),
            step("w", "wait.rate", amount=amount, per=per),
            step("x", "exit"),
        ]
        return build(nodes, "t > w", "w > x")

    return graph


def released(studio: Any) -> list[datetime]:
    """When customers went on, in order."""
    with tenant_session(studio.tenant) as session:
        return list(session.scalars(select(Step.at).where(Step.node_id == "w").order_by(Step.at)))


def most_in_an_hour(moments: Sequence[datetime]) -> int:
    """The most that lie in any hour, wherever it begins."""
    return max(sum(first <= each < first + HOUR for each in moments) for first in moments)


def test_the_first_goes_on_at_once_and_the_others_follow_evenly(
    studio: Any, at_a_rate: Callable[..., Any]
) -> None:
    studio.begin(at_a_rate(4), studio.add_customers(5))
    for quarter in range(6):
        studio.pass_time(studio.now + quarter * 15 * MINUTE)
    assert released(studio) == [studio.now + quarter * 15 * MINUTE for quarter in range(5)]


def test_a_day_is_twenty_four_hours(studio: Any, at_a_rate: Callable[..., Any]) -> None:
    studio.begin(at_a_rate(2, "day"), studio.add_customers(3))
    for half in range(3):
        studio.pass_time(studio.now + half * 12 * HOUR)
    assert released(studio) == [studio.now + half * 12 * HOUR for half in range(3)]


def test_who_comes_first_goes_first(studio: Any, at_a_rate: Callable[..., Any]) -> None:
    early = studio.add_customers(3)
    studio.begin(at_a_rate(4), early)
    late = studio.add_customers(1)
    studio.send_event("Order Completed", late)
    for quarter in range(4):
        studio.pass_time(studio.now + MINUTE + quarter * 15 * MINUTE)
        done = studio.ports("w")
        assert (late[0] in done) == (quarter == 3)


def test_no_more_than_the_rate_are_released_in_any_hour(studio: Any, at_a_rate: Callable[..., Any]) -> None:
    studio.begin(at_a_rate(20), studio.add_customers(30))
    with ThreadPoolExecutor(2) as workers:
        for minute in range(0, 240, 2):
            moment = studio.now + minute * MINUTE
            if minute == 30:
                studio.send_event("Order Completed", studio.add_customers(30), at=moment)
                studio.pass_time(moment)
            work = partial(advance_due, studio.tenant, now=moment)
            list(workers.map(lambda limit, work=work: work(limit=limit), (3, 50, 3, 50)))
    moments = released(studio)
    assert len(moments) == 60
    assert most_in_an_hour(moments) <= 20


def test_a_pause_does_not_let_the_crowd_through_at_once(studio: Any, at_a_rate: Callable[..., Any]) -> None:
    journey = studio.begin(at_a_rate(4), studio.add_customers(8))
    for verb, moment in (("pause", studio.now + MINUTE), ("resume", studio.now + 5 * HOUR)):
        with tenant_session(studio.tenant) as session:
            moves.move(session, studio.tenant, journey.id, verb, user_id=None, now=moment)
    for quarter in range(12):
        studio.pass_time(studio.now + 5 * HOUR + quarter * 15 * MINUTE)
    moments = released(studio)
    assert len(moments) == 8
    assert most_in_an_hour(moments) <= 4


def test_an_event_that_wakes_them_does_not_let_them_jump_the_queue(
    studio: Any, build: Build, step: Build
) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.rate", amount=1, per="hour"),
        step("x", "exit"),
    ]
    graph = build(nodes, "t > w", "w > x", settings={"goal_event": "Visited", "leave_on_goal": False})
    first, second = studio.add_customers(2)
    studio.begin(graph, [first, second])
    (waiting,) = {first, second} - studio.ports("w").keys()
    studio.send_event("Visited", [waiting], at=studio.now + MINUTE)
    studio.pass_time(studio.now + MINUTE)
    assert studio.enrolment(waiting).due_at == studio.now + HOUR


def test_a_loop_takes_a_new_turn_each_time(studio: Any, build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.rate", amount=1, per="hour"),
        step("a", "action.tag", add=["again"]),
    ]
    studio.begin(build(nodes, "t > w", "w > a", "a > w"), studio.add_customers(1))
    for hour in range(3):
        studio.pass_time(studio.now + hour * HOUR)
    assert released(studio) == [studio.now + hour * HOUR for hour in range(3)]
