"""Waiting for an event with a time-out: late, early, repeated and reordered events."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.journeys.models import EnrolmentStatus

Build = Callable[..., dict[str, Any]]
HOUR = timedelta(hours=1)


@pytest.fixture
def waiting(studio: Any, build: Build, step: Build) -> UUID:
    """One customer who waits two days for a booking of a pottery class."""
    where = [{"property": "service", "operator": "eq", "value": "Pottery"}]
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.event", event="Class Booked", where=where, timeout={"amount": 2, "unit": "days"}),
        step("came", "exit"),
        step("late", "exit"),
    ]
    (customer,) = studio.add_customers(1)
    studio.begin(build(nodes, "t > w", "w.happened > came", "w.timeout > late"), [customer])
    return customer


def book(studio: Any, customer: UUID, at: datetime, *, heard_at: datetime | None = None, **more: Any) -> None:
    """A booking that happened at a moment, and was heard of then or later."""
    studio.send_event("Class Booked", [customer], at=at, **({"service": "Pottery"} | more))
    studio.pass_time(heard_at or at)


def left_by(studio: Any, customer: UUID) -> str | None:
    return studio.ports("w").get(customer)  # type: ignore[no-any-return]


def test_the_event_releases_at_once(studio: Any, waiting: UUID) -> None:
    book(studio, waiting, studio.now + HOUR)
    assert left_by(studio, waiting) == "happened"
    assert studio.enrolment(waiting).finished_at == studio.now + HOUR


def test_without_the_event_the_time_is_up_at_the_very_moment(studio: Any, waiting: UUID) -> None:
    until = studio.now + timedelta(days=2)
    assert studio.enrolment(waiting).due_at == until
    studio.pass_time(until - timedelta(microseconds=1))
    assert left_by(studio, waiting) is None
    studio.pass_time(until)
    assert left_by(studio, waiting) == "timeout"


def test_an_event_whose_properties_do_not_fit_does_not_release(studio: Any, waiting: UUID) -> None:
    book(studio, waiting, studio.now + HOUR, service="Yoga")
    assert left_by(studio, waiting) is None
    assert studio.enrolment(waiting).due_at == studio.now + timedelta(days=2)
    book(studio, waiting, studio.now + 2 * HOUR)
    assert left_by(studio, waiting) == "happened"


def test_somebody_elses_event_does_not_release(studio: Any, waiting: UUID) -> None:
    book(studio, studio.add_customers(1)[0], studio.now + HOUR)
    assert left_by(studio, waiting) is None


def test_an_event_that_came_before_arrival_does_not_release(studio: Any, waiting: UUID) -> None:
    book(studio, waiting, studio.now - timedelta(microseconds=1), heard_at=studio.now + HOUR)
    assert left_by(studio, waiting) is None


def test_an_event_heard_of_late_releases_if_it_happened_while_waiting(studio: Any, waiting: UUID) -> None:
    book(studio, waiting, studio.now + HOUR, heard_at=studio.now + 30 * HOUR)
    assert left_by(studio, waiting) == "happened"


def test_an_event_heard_of_before_the_late_worker_looks_still_counts(studio: Any, waiting: UUID) -> None:
    studio.send_event("Class Booked", [waiting], at=studio.now + HOUR, service="Pottery")
    studio.pass_time(studio.now + timedelta(days=3))
    assert left_by(studio, waiting) == "happened"


def test_an_event_after_the_time_was_up_comes_too_late_for_a_late_worker_too(
    studio: Any, waiting: UUID
) -> None:
    studio.send_event(
        "Class Booked",
        [waiting],
        at=studio.now + timedelta(days=2, microseconds=1),
        service="Pottery",
    )
    studio.pass_time(studio.now + timedelta(days=3))
    assert left_by(studio, waiting) == "timeout"


def test_a_time_out_that_falls_on_the_same_moment_gives_way_to_the_event(studio: Any, waiting: UUID) -> None:
    book(studio, waiting, studio.now + timedelta(days=2))
    assert left_by(studio, waiting) == "happened"


def test_a_repeated_event_releases_once(studio: Any, waiting: UUID) -> None:
    for _ in range(2):
        studio.send_event("Class Booked", [waiting], at=studio.now + HOUR, key="same", service="Pottery")
        studio.pass_time(studio.now + HOUR)
    way = studio.enrolment(waiting)
    assert (way.visit, way.status) == (2, EnrolmentStatus.EXITED)


def test_events_in_the_wrong_order_count_by_when_they_happened(studio: Any, waiting: UUID) -> None:
    book(studio, waiting, studio.now + 3 * HOUR, heard_at=studio.now + 3 * HOUR, service="Yoga")
    book(studio, waiting, studio.now - HOUR, heard_at=studio.now + 4 * HOUR)
    assert left_by(studio, waiting) is None
    book(studio, waiting, studio.now + 2 * HOUR, heard_at=studio.now + 5 * HOUR)
    assert left_by(studio, waiting) == "happened"


def test_the_event_that_let_somebody_in_does_not_release_them(studio: Any, build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.event", event="Order Completed"),
        step("x", "exit"),
    ]
    (customer,) = studio.add_customers(1)
    studio.begin(build(nodes, "t > w", "w.happened > x", "w.timeout > x"), [customer])
    assert left_by(studio, customer) is None
    studio.send_event("Order Completed", [customer], at=studio.now + HOUR)
    studio.pass_time(studio.now + HOUR)
    assert left_by(studio, customer) == "happened"


def test_each_turn_of_a_loop_waits_for_an_event_of_its_own(studio: Any, build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.event", event="Class Booked"),
        step("tag", "action.tag", add=["regular"]),
        step("x", "exit"),
    ]
    (customer,) = studio.add_customers(1)
    studio.begin(build(nodes, "t > w", "w.happened > tag", "tag > w", "w.timeout > x"), [customer])
    for hour in (1, 2):
        book(studio, customer, studio.now + hour * HOUR)
        assert studio.enrolment(customer).visit == 1 + 2 * hour
