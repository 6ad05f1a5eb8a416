"""Going on by what the customer did with a message, in the time after it was sent."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from engine.core.db import tenant_session
from engine.delivery.models import Message, MessageStatus
from engine.journeys.models import EnrolmentStatus

Build = Callable[..., dict[str, Any]]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def asking(studio: Any, build: Build, step: Build) -> Callable[..., dict[str, Any]]:
    """A journey that writes and asks for a reaction within two days; `wait` hours lie between the two."""

    def graph(reaction: str, *, wait: int = 0, **settings: Any) -> dict[str, Any]:
        nodes = [
            step("t", "trigger.event", event="Order Completed"),
            step("m", "action.message", channel="whatsapp", template_id=str(studio.template)),
            step(
                "r",
                "branch.reaction",
                message="m",
                reaction=reaction,
                within={"amount": 2, "unit": "days"},
            ),
            step("y", "exit"),
            step("n", "exit"),
        ]
        ways = ["r.yes > y", "r.no > n"]
        if wait:
            nodes.append(step("w", "wait.duration", duration={"amount": wait, "unit": "hours"}))
            return build(nodes, "t > m", "m > w", "w > r", *ways, settings=settings)
        return build(nodes, "t > m", "m > r", *ways, settings=settings)

    return graph


def happens(studio: Any, customer: UUID, at: datetime, **columns: Any) -> None:
    """A provider's word on the customer's message, and the event that goes with it."""
    with tenant_session(studio.tenant) as session:
        session.execute(update(Message).where(Message.customer_id == customer).values(**columns))
    name = next(iter(columns)).removesuffix("_at")
    studio.send_event(f"message.{name}", [customer], at=at)
    studio.pass_time(at)


def write_to(studio: Any, graph: dict[str, Any], number: int = 1) -> list[UUID]:
    """Customers who were sent the message at the studio's moment."""
    customers: list[UUID] = studio.add_reachable(number, "whatsapp")
    studio.begin(graph, customers)
    studio.deliver(studio.now)
    return customers


@pytest.mark.parametrize(
    ("reaction", "seen"),
    [
        ("opened", "opened_at"),
        ("opened", "clicked_at"),
        ("opened", "read_at"),
        ("clicked", "clicked_at"),
        ("replied", "replied_at"),
    ],
)
def test_who_reacts_goes_on_at_once(
    studio: Any, asking: Callable[..., Any], reaction: str, seen: str
) -> None:
    reacting, silent = write_to(studio, asking(reaction), 2)
    happens(studio, reacting, studio.now + 3 * HOUR, **{seen: studio.now + 3 * HOUR})
    assert studio.ports("r") == {reacting: "yes"}
    assert studio.why("r", reacting) == f"The customer {reaction} 3 hours after the message was sent"
    studio.pass_time(studio.now + 2 * DAY)
    assert studio.ports("r") == {reacting: "yes", silent: "no"}
    assert studio.why("r", silent) == f"The customer has not {reaction} within 2 days"


def test_opening_is_not_clicking(studio: Any, asking: Callable[..., Any]) -> None:
    (customer,) = write_to(studio, asking("clicked"))
    happens(studio, customer, studio.now + HOUR, opened_at=studio.now + HOUR)
    assert studio.ports("r") == {}


@pytest.mark.parametrize(
    ("reaction", "event"), [("booked", "Appointment Booked"), ("ordered", "Order Completed")]
)
def test_booking_and_ordering_count_after_the_message_was_sent(
    studio: Any, asking: Callable[..., Any], reaction: str, event: str
) -> None:
    reacting, silent = write_to(studio, asking(reaction), 2)
    studio.send_event(event, [reacting], at=studio.now + HOUR)
    studio.pass_time(studio.now + HOUR)
    studio.pass_time(studio.now + 2 * DAY)
    assert studio.ports("r") == {reacting: "yes", silent: "no"}


def test_a_booking_while_the_message_still_waits_to_leave_is_no_reaction(
    studio: Any, asking: Callable[..., Any]
) -> None:
    (customer,) = studio.add_reachable(1, "whatsapp")
    studio.begin(asking("booked"), [customer])
    studio.send_event("Appointment Booked", [customer], at=studio.now + HOUR)
    studio.deliver(studio.now + 2 * HOUR)
    assert studio.ports("r") == {}
    studio.send_event("Appointment Booked", [customer], at=studio.now + 3 * HOUR)
    studio.pass_time(studio.now + 3 * HOUR)
    assert studio.ports("r") == {customer: "yes"}


@pytest.mark.parametrize("wait", [24, 72])
def test_a_booking_between_the_message_and_this_step_counts(
    studio: Any, asking: Callable[..., Any], wait: int
) -> None:
    booked, silent = write_to(studio, asking("booked", wait=wait), 2)
    studio.send_event("Appointment Booked", [booked], at=studio.now + HOUR)
    arriving = studio.now + wait * HOUR
    studio.pass_time(arriving)
    assert studio.ports("r") == ({booked: "yes"} if wait == 24 else {booked: "yes", silent: "no"})


def test_the_time_counts_from_sending_and_its_last_moment_still_counts(
    studio: Any, asking: Callable[..., Any]
) -> None:
    customers = studio.add_reachable(2, "whatsapp")
    studio.begin(asking("clicked"), customers)
    sent_at = studio.now + 2 * HOUR
    studio.deliver(sent_at)
    in_time, late = customers
    happens(studio, in_time, sent_at + 2 * DAY, clicked_at=sent_at + 2 * DAY)
    happens(studio, late, sent_at + 2 * DAY, clicked_at=sent_at + 2 * DAY + timedelta(microseconds=1))
    assert studio.ports("r") == {in_time: "yes", late: "no"}


def test_a_click_that_the_late_worker_finds_counts_by_when_it_happened(
    studio: Any, asking: Callable[..., Any]
) -> None:
    (customer,) = write_to(studio, asking("clicked"))
    with tenant_session(studio.tenant) as session:
        session.execute(update(Message).values(clicked_at=studio.now + HOUR))
    studio.pass_time(studio.now + 5 * DAY)
    assert studio.ports("r") == {customer: "yes"}


def test_a_message_that_has_not_left_is_waited_for(studio: Any, asking: Callable[..., Any]) -> None:
    (customer,) = studio.add_reachable(1, "whatsapp")
    studio.begin(asking("opened"), [customer])
    studio.pass_time(studio.now + 3 * DAY)
    assert studio.ports("r") == {}
    assert studio.enrolment(customer).due_at == studio.now + 10 * DAY
    studio.deliver(studio.now + 3 * DAY)
    assert studio.enrolment(customer).due_at == studio.now + 5 * DAY


def test_a_message_that_never_leaves_ends_the_waiting(studio: Any, asking: Callable[..., Any]) -> None:
    (customer,) = studio.add_reachable(1, "whatsapp")
    studio.begin(asking("opened"), [customer])
    studio.pass_time(studio.now + 10 * DAY - timedelta(microseconds=1))
    assert studio.ports("r") == {}
    studio.pass_time(studio.now + 10 * DAY)
    assert studio.why("r", customer) == "The message was not sent in time"


def test_a_skipped_message_is_no_and_says_why(studio: Any, asking: Callable[..., Any]) -> None:
    (customer,) = studio.add_reachable(1)
    studio.begin(asking("opened"), [customer])
    studio.deliver(studio.now)
    assert studio.ports("r") == {customer: "no"}
    assert "No consent to marketing by whatsapp" in studio.why("r", customer)


def test_a_message_of_uncertain_fate_is_given_the_same_time(studio: Any, asking: Callable[..., Any]) -> None:
    (customer,) = studio.add_reachable(1, "whatsapp")
    studio.begin(asking("opened"), [customer])
    happens(studio, customer, studio.now + HOUR, status=MessageStatus.UNCERTAIN)
    studio.send_event("message.uncertain", [customer], at=studio.now + HOUR)
    studio.pass_time(studio.now + HOUR)
    studio.send_event("message.opened", [customer], at=studio.now + 2 * HOUR)
    studio.pass_time(studio.now + 2 * HOUR)
    assert studio.enrolment(customer).due_at == studio.now + HOUR + 2 * DAY
    studio.pass_time(studio.now + HOUR + 2 * DAY)
    assert studio.ports("r") == {customer: "no"}


def test_who_passed_by_the_message_has_not_reacted(studio: Any, build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step(
            "s",
            "branch.split",
            arms=[{"id": "a", "percent": 0}, {"id": "b", "percent": 100}],
        ),
        step("m", "action.message", channel="whatsapp", template_id=str(studio.template)),
        step("r", "branch.reaction", message="m"),
        step("x", "exit"),
    ]
    graph = build(nodes, "t > s", "s.a > m", "m > r", "s.b > r", "r.yes > x", "r.no > x")
    (customer,) = studio.add_reachable(1, "whatsapp")
    studio.begin(graph, [customer])
    assert studio.why("r", customer) == "No message was sent at that step"


def test_a_reply_is_a_way_on_only_where_the_journey_asks_for_it(
    studio: Any, asking: Callable[..., Any]
) -> None:
    (customer,) = write_to(studio, asking("opened", stop_on_reply=True))
    happens(studio, customer, studio.now + HOUR, replied_at=studio.now + HOUR)
    way = studio.enrolment(customer)
    assert (way.status, way.reason) == (EnrolmentStatus.EXITED, "Replied: the staff take over")
    assert studio.ports("r") == {customer: None}


def test_each_turn_of_a_loop_asks_about_its_own_message(studio: Any, build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("m", "action.message", channel="whatsapp", template_id=str(studio.template)),
        step("r", "branch.reaction", message="m", reaction="clicked"),
        step("w", "wait.duration", duration={"amount": 1, "unit": "days"}),
        step("x", "exit"),
    ]
    graph = build(nodes, "t > m", "m > r", "r.yes > w", "w > m", "r.no > x")
    (customer,) = write_to(studio, graph)
    happens(studio, customer, studio.now + HOUR, clicked_at=studio.now + HOUR)
    assert studio.enrolment(customer).node_id == "w"
    studio.pass_time(studio.now + HOUR + DAY)
    studio.deliver(studio.now + HOUR + DAY)
    way = studio.enrolment(customer)
    assert (way.node_id, way.due_at) == ("r", studio.now + HOUR + 3 * DAY)
    assert len(studio.messages()) == 2


@pytest.mark.parametrize(
    ("message", "code"),
    [("gone", "unknown_message"), ("t", "unknown_message"), ("after", "message_not_before")],
)
def test_the_message_must_be_a_message_step_before_this_one(
    studio: Any, build: Build, step: Build, message: str, code: str
) -> None:
    send = {"channel": "whatsapp", "template_id": str(studio.template)}
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("m", "action.message", **send),
        step("r", "branch.reaction", message=message),
        step("after", "action.message", **send),
        step("x", "exit"),
    ]
    (problem,) = studio.problems(build(nodes, "t > m", "m > r", "r.yes > after", "r.no > x"))
    assert (problem.code, problem.node_id, problem.field) == (code, "r", "message")
