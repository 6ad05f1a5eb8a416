"""Waiting for a date of the customer's or of the event's, by the customer's own clock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from engine.core.db import tenant_session
from engine.customers.models import Customer
from engine.journeys.models import EnrolmentStatus
from engine.journeys.nodes.base import (
    Facts,
    Run,
)
from engine.journeys.nodes.outcomes import (
    End,
    Go,
    Outcome,
    Wait,
)
from engine.journeys.nodes.wait_date import WaitDate, WaitDateConfig

Build = Callable[..., dict[str, Any]]
DAY = timedelta(days=1)


def look(value: Any, arrived: str, *, zone: str = "Asia/Kolkata", **config: Any) -> Outcome:
    """What the step says of a customer with this date who arrives now."""
    now = datetime.fromisoformat(arrived).astimezone(UTC)
    customer = uuid4()
    node = WaitDate(id="w", config=WaitDateConfig(**({"date": "birthday"} | config)))
    run = Run(uuid4(), uuid4(), customer, "w", 1, now, now, {})
    facts = Facts(zones={customer: ZoneInfo(zone)}, values={customer: {node.config.date: value}})
    return node.decide(run, facts, now)


def until(value: Any, arrived: str, **config: Any) -> datetime:
    found = look(value, arrived, **config)
    assert isinstance(found, Wait), found
    return found.until


@pytest.mark.parametrize(
    ("zone", "day", "arrived", "at", "moment"),
    [
        ("Asia/Kolkata", "2026-03-05", "2026-03-02T15:30+05:30", "10:00", "2026-03-05T10:00+05:30"),
        ("Asia/Kolkata", "2026-03-05", "2026-03-05T09:59:59+05:30", "10:00", "2026-03-05T10:00+05:30"),
        ("America/New_York", "2026-03-08", "2026-03-02T12:00-05:00", "02:30", "2026-03-08T03:30-04:00"),
        ("America/New_York", "2026-11-01", "2026-10-30T12:00-04:00", "01:30", "2026-11-01T01:30-04:00"),
        ("Pacific/Chatham", "2026-09-27", "2026-09-20T12:00+12:45", "02:50", "2026-09-27T03:50+13:45"),
        ("Pacific/Chatham", "2026-04-05", "2026-04-01T12:00+13:45", "02:50", "2026-04-05T02:50+13:45"),
    ],
)
def test_it_is_the_local_time_of_the_day_on_both_sides_of_a_change_of_clocks(
    zone: str, day: str, arrived: str, at: str, moment: str
) -> None:
    assert until(date.fromisoformat(day), arrived, zone=zone, at=at) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("days", "moment"), [(-7, "2026-03-13"), (0, "2026-03-20"), (3, "2026-03-23"), (20, "2026-04-09")]
)
def test_days_before_and_after_are_counted_on_the_calendar(days: int, moment: str) -> None:
    found = until(date(2026, 3, 20), "2026-03-02T15:30+05:30", days=days)
    assert found == datetime.fromisoformat(f"{moment}T10:00+05:30")


@pytest.mark.parametrize(
    ("born", "arrived", "days", "moment"),
    [
        (date(1990, 3, 5), "2026-03-02T15:30+05:30", 0, "2026-03-05"),
        (date(1990, 3, 2), "2026-03-02T09:59+05:30", 0, "2026-03-02"),
        (date(1990, 3, 2), "2026-03-02T10:00+05:30", 0, "2027-03-02"),
        (date(1990, 3, 1), "2026-03-02T15:30+05:30", 0, "2027-03-01"),
        (date(1990, 1, 3), "2026-12-30T12:00+05:30", -7, "2027-12-27"),
        (date(1990, 1, 3), "2026-12-20T12:00+05:30", -7, "2026-12-27"),
        (date(1990, 12, 30), "2027-01-01T12:00+05:30", 5, "2027-01-04"),
        (date(1992, 2, 29), "2026-01-01T12:00+05:30", 0, "2026-02-28"),
        (date(1992, 2, 29), "2028-01-01T12:00+05:30", 0, "2028-02-29"),
    ],
)
def test_every_year_means_the_next_one_to_come(born: date, arrived: str, days: int, moment: str) -> None:
    found = until(born, arrived, days=days, yearly=True)
    assert found == datetime.fromisoformat(f"{moment}T10:00+05:30")


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-03-20", "2026-03-20"),
        (" 2026-03-20T09:00:00 ", "2026-03-20"),
        ("2026-03-19T20:00:00Z", "2026-03-20"),
        (datetime(2026, 3, 19, 18, 29, tzinfo=UTC), "2026-03-19"),
        (datetime(2026, 3, 19, 18, 30, tzinfo=UTC), "2026-03-20"),
    ],
)
def test_of_a_moment_the_day_at_the_customers_place_counts(value: Any, moment: str) -> None:
    found = until(value, "2026-03-02T15:30+05:30")
    assert found == datetime.fromisoformat(f"{moment}T10:00+05:30")


def test_a_day_that_has_passed_holds_nobody() -> None:
    assert look(date(2026, 3, 1), "2026-03-02T15:30+05:30") == Go(why="That day has passed already: birthday")
    assert look(date(2026, 3, 2), "2026-03-02T10:00+05:30") == Go(why="The day has come: birthday")


@pytest.mark.parametrize("value", [None, "", "soon", 42, [], {"a": 1}])
def test_without_a_date_one_goes_on_or_leaves(value: Any) -> None:
    told = "No birthday is known"
    assert look(value, "2026-03-02T15:30+05:30") == Go(why=told)
    assert look(value, "2026-03-02T15:30+05:30", if_missing="leave") == End(told)


@pytest.mark.parametrize("days", [3_650, -3_650])
@pytest.mark.parametrize("value", [date.max, date.min])
def test_dates_at_the_end_of_time_break_nothing(value: date, days: int) -> None:
    for yearly in (True, False):
        assert look(value, "2026-03-02T15:30+05:30", days=days, yearly=yearly)


@pytest.mark.parametrize("name", ["first_name", "birthdate", "event.", "attribute"])
def test_what_is_no_date_is_refused_on_its_field(studio: Any, build: Build, step: Build, name: str) -> None:
    nodes = [step("t", "trigger.event", event="E"), step("w", "wait.date", date=name), step("x", "exit")]
    (problem,) = studio.problems(build(nodes, "t > w", "w > x"))
    assert (problem.code, problem.node_id, problem.field) == ("unknown_date", "w", "date")


def test_a_loop_needs_a_wait_that_nobody_passes_by(studio: Any, build: Build, step: Build) -> None:
    def codes(**config: Any) -> list[str]:
        nodes = [
            step("t", "trigger.event", event="E"),
            step("w", "wait.date", **config),
            step("a", "action.tag", add=["x"]),
        ]
        return [each.code for each in studio.problems(build(nodes, "t > w", "w > a", "a > w"))]

    assert codes() == codes(yearly=True) == ["loop_without_wait"]
    assert codes(yearly=True, if_missing="leave") == []


def test_a_date_of_the_event_is_awaited_and_followed_when_it_moves(
    studio: Any, build: Build, step: Build
) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.date", date="attribute.class_on", days=-1, at="18:00", if_missing="leave"),
        step("x", "exit"),
    ]
    (moved,) = studio.add_customers(1, attributes={"class_on": "2026-03-10"})
    (kept,) = studio.add_customers(1, attributes={"class_on": "2026-03-10"})
    (unknown,) = studio.add_customers(1)
    studio.begin(build(nodes, "t > w", "w > x"), [moved, kept, unknown])
    assert studio.enrolment(unknown).reason == "No class on is known"
    with tenant_session(studio.tenant) as session:
        later = update(Customer).where(Customer.id == moved).values(attributes={"class_on": "2026-03-12"})
        session.execute(later)
    studio.pass_time(datetime(2026, 3, 9, 12, 30, tzinfo=UTC))
    assert studio.ports("w") == {kept: "next", unknown: None}
    assert studio.enrolment(moved).due_at == datetime(2026, 3, 11, 12, 30, tzinfo=UTC)


def test_a_rule_behind_a_day_that_has_passed_is_asked(studio: Any, build: Build, step: Build) -> None:
    rules = {"operator": "AND", "conditions": [{"field": "total_spend", "op": "gt", "value": 1}]}
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.date", date="event.starts_at"),
        step("b", "branch.rule", rules=rules),
        step("x", "exit"),
    ]
    (customer,) = studio.add_customers(1, total_spend_minor=1_000)
    studio.publish(build(nodes, "t > w", "w > b", "b.yes > x", "b.no > x"))
    studio.send_event("Order Completed", [customer], starts_at="2026-02-01T10:00:00+05:30")
    studio.pass_time(studio.now)
    assert studio.ports("b") == {customer: "yes"}


def test_each_turn_of_a_yearly_loop_waits_a_year(studio: Any, build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.date", date="birthday", yearly=True, if_missing="leave"),
        step("a", "action.tag", add=["wished"]),
    ]
    (customer,) = studio.add_customers(1, birthday=date(1990, 3, 5))
    studio.begin(build(nodes, "t > w", "w > a", "a > w"), [customer])
    for year in (2026, 2027, 2028):
        due = datetime(year, 3, 5, 4, 30, tzinfo=UTC)
        way = studio.enrolment(customer)
        assert (way.due_at, way.status) == (due, EnrolmentStatus.ACTIVE)
        studio.pass_time(due)


def test_deciding_again_gives_the_same_moment() -> None:
    node = WaitDate(id="w", config=WaitDateConfig(date="birthday", yearly=True))
    now = datetime(2026, 3, 2, 10, tzinfo=UTC)
    run = Run(uuid4(), uuid4(), UUID(int=1), "w", 1, now, now, {})
    facts = Facts(
        zones={UUID(int=1): ZoneInfo("Asia/Kolkata")}, values={UUID(int=1): {"birthday": date(1990, 3, 5)}}
    )
    first = node.decide(run, facts, now)
    assert isinstance(first, Wait)
    assert node.decide(replace(run), facts, first.until - timedelta(microseconds=1)) == first
    assert isinstance(node.decide(run, facts, first.until), Go)
