"""Entering on what customers do everywhere, and on what becomes of messages."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.bookings import NewAppointment, save_appointments
from engine.customers.models import AppointmentStatus
from engine.customers.orders import NewOrder, save_orders
from engine.journeys import drafts, publishing
from engine.journeys.entries import route_events
from engine.journeys.interpreter import advance_due
from engine.journeys.models import Enrolment
from engine.journeys.nodes.trigger_activity import ACTIVITIES, Activity, TriggerActivity

Publish = Callable[..., UUID]


@pytest.fixture
def publish(studio: Any, build: Callable[..., Any], step: Callable[..., Any]) -> Publish:
    """`publish(kind, **config)`: a live journey of one trigger and an exit."""

    def make(kind: str, settings: dict[str, Any] | None = None, **config: Any) -> UUID:
        graph = build([step("t", kind, **config), step("x", "exit")], "t > x", settings=settings)
        with tenant_session(studio.tenant) as session:
            journey = drafts.create_journey(
                session, studio.tenant, "Journey", user_id=None, now=studio.now, graph=graph
            )
            publishing.publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
            return journey.id

    return make


def entered(studio: Any) -> list[tuple[UUID, dict[str, Any]]]:
    """Route all that waits; who entered so far, and with what, in order."""
    while route_events(studio.tenant, now=studio.now + timedelta(minutes=1)).events:
        pass
    advance_due(studio.tenant, now=studio.now + timedelta(minutes=1))
    with tenant_session(studio.tenant) as session:
        rows = session.execute(select(Enrolment.customer_id, Enrolment.entry).order_by(Enrolment.id))
        return [(row.customer_id, row.entry) for row in rows]


def order(studio: Any, customer: UUID, number: str, at: datetime) -> None:
    with tenant_session(studio.tenant) as session:
        new = NewOrder(customer, number, at, 50_000, "INR")
        save_orders(session, studio.tenant, [new], now=studio.now)


def appointment(
    studio: Any,
    customer: UUID,
    number: str,
    at: datetime,
    status: AppointmentStatus = AppointmentStatus.BOOKED,
) -> None:
    with tenant_session(studio.tenant) as session:
        new = NewAppointment(customer, number, status, at, at, "Yoga")
        save_appointments(session, studio.tenant, [new], now=studio.now)


@pytest.mark.parametrize("activity", Activity)
def test_every_activity_lets_in_whoever_does_it(studio: Any, publish: Publish, activity: Activity) -> None:
    publish("trigger.activity", activity=activity)
    for event in sorted(ACTIVITIES[activity].events):
        somebody = studio.add_customers(1)
        studio.send_event(event, somebody, note="hello")
        assert entered(studio)[-1] == (somebody[0], {"note": "hello"})


def test_every_activity_is_in_words() -> None:
    assert set(ACTIVITIES) == set(Activity)
    nodes = [TriggerActivity.model_validate({"id": "t", "config": {"activity": each}}) for each in Activity]
    assert len({node.sentence() for node in nodes}) == len(Activity)


def test_a_booking_saved_by_its_number_enters_with_its_service(studio: Any, publish: Publish) -> None:
    publish("trigger.activity", activity="booked")
    (somebody,) = studio.add_customers(1)
    appointment(studio, somebody, "A1", studio.now)
    ((who, entry),) = entered(studio)
    assert (who, entry["service"], entry["appointment_id"]) == (somebody, "Yoga", "A1")


@pytest.mark.parametrize("reentry", ["never", "always"])
def test_a_first_order_is_the_earlier_of_two_in_one_batch(
    studio: Any, publish: Publish, reentry: str
) -> None:
    publish("trigger.activity", settings={"reentry": reentry}, activity="first_order")
    (somebody,) = studio.add_customers(1)
    order(studio, somebody, "second", studio.now)
    order(studio, somebody, "first", studio.now - timedelta(hours=2))
    assert [entry["order_id"] for _, entry in entered(studio)] == ["first"]


def test_a_first_order_that_comes_late_enters_nobody_twice(studio: Any, publish: Publish) -> None:
    publish("trigger.activity", settings={"reentry": "always"}, activity="first_order")
    (somebody,) = studio.add_customers(1)
    order(studio, somebody, "came first", studio.now)
    assert len(entered(studio)) == 1
    order(studio, somebody, "was first", studio.now - timedelta(hours=2))
    assert [entry["order_id"] for _, entry in entered(studio)] == ["came first"]


def test_two_first_orders_at_the_same_moment_are_one(studio: Any, publish: Publish) -> None:
    publish("trigger.activity", settings={"reentry": "always"}, activity="first_order")
    (somebody,) = studio.add_customers(1)
    order(studio, somebody, "one", studio.now)
    order(studio, somebody, "two", studio.now)
    assert len(entered(studio)) == 1


def test_who_ordered_before_safar_came_has_no_first_order(studio: Any, publish: Publish) -> None:
    publish("trigger.activity", activity="first_order")
    old, new = studio.add_customers(2)
    order(studio, old, "long ago", studio.now - timedelta(days=400))
    order(studio, old, "today", studio.now)
    order(studio, new, "today too", studio.now)
    assert [who for who, _ in entered(studio)] == [new]


def test_an_order_without_an_event_of_its_own_counts_as_the_first(studio: Any, publish: Publish) -> None:
    publish("trigger.activity", activity="first_order")
    (somebody,) = studio.add_customers(1)
    order(studio, somebody, "imported", studio.now - timedelta(days=400))
    with tenant_session(studio.tenant) as session:
        session.connection().exec_driver_sql("DELETE FROM events")
    studio.send_event("Order Completed", [somebody])
    assert entered(studio) == []


def test_a_goal_is_not_reached_by_the_first_order_that_let_in(
    studio: Any, build: Callable[..., Any], step: Callable[..., Any]
) -> None:
    nodes = [
        step("t", "trigger.activity", activity="first_order"),
        step("w", "wait.duration", duration={"amount": 1, "unit": "days"}),
    ]
    with tenant_session(studio.tenant) as session:
        graph = build(nodes, "t > w", settings={"goal_event": "Order Completed"})
        journey = drafts.create_journey(
            session, studio.tenant, "J", user_id=None, now=studio.now, graph=graph
        )
        publishing.publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
    studio.send_event("Order Completed", studio.add_customers(1))
    route_events(studio.tenant, now=studio.now)
    advance_due(studio.tenant, now=studio.now)
    with tenant_session(studio.tenant) as session:
        assert session.scalars(select(Enrolment.status)).all() == ["active"]


def test_a_first_booking_that_is_moved_is_no_second_first(studio: Any, publish: Publish) -> None:
    publish("trigger.activity", settings={"reentry": "always"}, activity="first_booking")
    (somebody,) = studio.add_customers(1)
    appointment(studio, somebody, "A1", studio.now - timedelta(hours=1))
    appointment(studio, somebody, "A1", studio.now)
    appointment(studio, somebody, "A2", studio.now)
    assert len(entered(studio)) == 1


def test_who_came_before_has_no_first_booking(studio: Any, publish: Publish) -> None:
    publish("trigger.activity", activity="first_booking")
    (somebody,) = studio.add_customers(1)
    long_ago = studio.now - timedelta(days=90)
    appointment(studio, somebody, "old", long_ago, AppointmentStatus.COMPLETED)
    appointment(studio, somebody, "new", studio.now)
    assert entered(studio) == []


def test_the_first_visit_is_the_first_one_completed_whatever_its_order(studio: Any, publish: Publish) -> None:
    publish("trigger.activity", activity="first_visit_completed")
    (somebody,) = studio.add_customers(1)
    appointment(studio, somebody, "missed", studio.now - timedelta(hours=9), AppointmentStatus.MISSED)
    appointment(studio, somebody, "second", studio.now, AppointmentStatus.COMPLETED)
    appointment(studio, somebody, "first", studio.now - timedelta(hours=5), AppointmentStatus.COMPLETED)
    assert [entry["appointment_id"] for _, entry in entered(studio)] == ["first"]


def test_only_the_named_journeys_messages_let_in(studio: Any, publish: Publish) -> None:
    ours, theirs = new_id(), new_id()
    publish("trigger.message", what="clicked", journey_id=str(ours))
    reader, other, opener = studio.add_customers(3)
    studio.send_event("message.clicked", [reader], journey_id=str(ours))
    studio.send_event("message.clicked", [other], journey_id=str(theirs))
    studio.send_event("message.opened", [opener], journey_id=str(ours))
    assert [who for who, _ in entered(studio)] == [reader]


@pytest.mark.parametrize("what", ["opened", "clicked", "replied", "read", "failed"])
def test_news_of_any_message_lets_in(studio: Any, publish: Publish, what: str) -> None:
    publish("trigger.message", what=what)
    readers = studio.add_customers(2)
    studio.send_event(f"message.{what}", readers, journey_id="")
    assert [who for who, _ in entered(studio)] == readers
