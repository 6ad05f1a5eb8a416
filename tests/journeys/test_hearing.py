"""What happens on the way to customers: goals, exits, replies, and what is kept from going out."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from engine.core.db import tenant_session
from engine.customers.models import Customer
from engine.delivery.models import Message, MessageStatus
from engine.journeys import drafts, moves, publishing
from engine.journeys.behind import Figure, customers_behind
from engine.journeys.counts import fold_counts, node_counts
from engine.journeys.entries import route_events
from engine.journeys.interpreter import advance_due
from engine.journeys.models import Enrolment, EnrolmentStatus

HOUR = timedelta(hours=1)


def begin(studio: Any, customers: list[UUID], **settings: Any) -> UUID:
    """A live journey that waits a day and writes; the customers have entered and wait."""
    with tenant_session(studio.tenant) as session:
        graph = studio.simple_graph("Signed Up", wait_days=1, **settings)
        journey = drafts.create_journey(
            session, studio.tenant, "Journey", user_id=None, now=studio.now, graph=graph
        )
        publishing.publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
    studio.send_event("Signed Up", customers)
    pass_time(studio, studio.now)
    return journey.id


def pass_time(studio: Any, now: datetime) -> None:
    """Let the engine do all that is due at this moment."""
    while route_events(studio.tenant, now=now).events or advance_due(studio.tenant, now=now).enrolments:
        pass


def ways(studio: Any) -> dict[UUID, Enrolment]:
    with tenant_session(studio.tenant) as session:
        return {each.customer_id: each for each in session.scalars(select(Enrolment))}


def messages(studio: Any) -> list[Message]:
    with tenant_session(studio.tenant) as session:
        return list(session.scalars(select(Message)))


def test_reaching_the_goal_ends_the_journey_at_once_and_nothing_is_sent(studio: Any) -> None:
    buyer, other = studio.add_customers(2)
    begin(studio, [buyer, other], goal_event="Order Completed")
    at = studio.now + HOUR
    studio.send_event("Order Completed", [buyer], at=at)
    pass_time(studio, at)
    way = ways(studio)[buyer]
    assert (way.status, way.reason, way.converted_at) == (
        EnrolmentStatus.EXITED,
        "Reached the goal: Order Completed",
        at,
    )
    pass_time(studio, studio.now + timedelta(days=1))
    assert [message.customer_id for message in messages(studio)] == [other]


def test_a_goal_counts_only_if_its_conditions_fit(studio: Any) -> None:
    small, large = studio.add_customers(2)
    where = [{"property": "total", "operator": "gte", "value": 500}]
    begin(studio, [small, large], goal_event="Order Completed", goal_where=where)
    at = studio.now + HOUR
    studio.send_event("Order Completed", [small], at=at, total=499)
    studio.send_event("Order Completed", [large], at=at, total=500)
    pass_time(studio, at)
    assert {who: way.status for who, way in ways(studio).items()} == {
        small: EnrolmentStatus.ACTIVE,
        large: EnrolmentStatus.EXITED,
    }


def test_a_goal_may_be_counted_without_leaving(studio: Any) -> None:
    customers = studio.add_customers(1)
    begin(studio, customers, goal_event="Order Completed", leave_on_goal=False)
    at = studio.now + HOUR
    studio.send_event("Order Completed", customers, at=at)
    pass_time(studio, at)
    pass_time(studio, studio.now + timedelta(days=1))
    way = ways(studio)[customers[0]]
    assert (way.status, way.converted_at) == (EnrolmentStatus.COMPLETED, at)
    assert len(messages(studio)) == 1


def test_the_event_that_entered_is_not_the_goal(studio: Any) -> None:
    customers = studio.add_customers(1)
    begin(studio, customers, goal_event="Signed Up")
    assert ways(studio)[customers[0]].status == EnrolmentStatus.ACTIVE


def test_a_goal_after_the_end_is_counted_and_holds_back_what_still_waits(studio: Any) -> None:
    customers = studio.add_customers(1)
    begin(studio, customers, goal_event="Order Completed", goal_days=3)
    end = studio.now + timedelta(days=1)
    pass_time(studio, end)
    assert [message.status for message in messages(studio)] == [MessageStatus.QUEUED]
    studio.send_event("Order Completed", customers, at=end + HOUR)
    pass_time(studio, end + HOUR)
    assert ways(studio)[customers[0]].converted_at == end + HOUR
    assert [message.status for message in messages(studio)] == [MessageStatus.SKIPPED]


def counted(studio: Any, journey_id: UUID) -> dict[str, tuple[int, int]]:
    """Passed and converted, by step."""
    with tenant_session(studio.tenant) as session:
        fold_counts(session, studio.tenant)
        version_id = drafts.load_journey(session, journey_id).live_version_id
        assert version_id
        counts = node_counts(session, version_id)
        converted = {
            node_id: len(customers_behind(session, journey_id, node_id, Figure.CONVERTED).rows)
            for node_id in counts
        }
    assert converted == {node_id: count.converted for node_id, count in counts.items()}
    return {node_id: (count.passed, count.converted) for node_id, count in counts.items()}


def test_a_goal_is_counted_once_at_every_step_done_before_it(studio: Any) -> None:
    early, late, never = studio.add_customers(3)
    journey_id = begin(
        studio, [early, late, never], goal_event="Order Completed", goal_days=9, leave_on_goal=False
    )
    for moment in (studio.now + HOUR, studio.now + 2 * HOUR):
        studio.send_event("Order Completed", [early], at=moment)
        pass_time(studio, moment)
    end = studio.now + timedelta(days=1)
    pass_time(studio, end)
    studio.send_event("Order Completed", [early, late], at=end + HOUR)
    pass_time(studio, end + HOUR)
    assert counted(studio, journey_id) == {"t": (3, 2), "w": (3, 1), "m": (3, 1)}


def test_a_goal_reached_too_late_does_not_count(studio: Any) -> None:
    customers = studio.add_customers(1)
    begin(studio, customers, goal_event="Order Completed", goal_days=3)
    pass_time(studio, studio.now + timedelta(days=1))
    late = studio.now + timedelta(days=3, minutes=1)
    studio.send_event("Order Completed", customers, at=late)
    pass_time(studio, late)
    assert ways(studio)[customers[0]].converted_at is None


def test_a_reply_stops_the_journey_and_what_it_has_queued(studio: Any) -> None:
    customers = studio.add_customers(1)
    begin(studio, customers)
    pass_time(studio, studio.now + timedelta(days=1))
    at = studio.now + timedelta(days=1, minutes=5)
    studio.send_event("message.replied", customers, at=at, text="Please call me")
    pass_time(studio, at)
    assert [message.status for message in messages(studio)] == [MessageStatus.SKIPPED]


def test_a_reply_on_the_way_ends_the_journey(studio: Any) -> None:
    customers = studio.add_customers(1)
    begin(studio, customers)
    studio.send_event("message.replied", customers, at=studio.now + HOUR, text="Yes")
    pass_time(studio, studio.now + HOUR)
    assert ways(studio)[customers[0]].reason == "Replied: the staff take over"


def test_a_journey_may_go_on_after_a_reply(studio: Any) -> None:
    customers = studio.add_customers(1)
    begin(studio, customers, stop_on_reply=False)
    studio.send_event("message.replied", customers, at=studio.now + HOUR, text="Yes")
    pass_time(studio, studio.now + HOUR)
    assert ways(studio)[customers[0]].status == EnrolmentStatus.ACTIVE


def test_exit_rules_are_asked_at_every_step(studio: Any) -> None:
    member, other = studio.add_customers(2)
    rules = {"operator": "AND", "conditions": [{"field": "tags", "op": "contains", "value": "member"}]}
    begin(studio, [member, other], exit_rules=rules)
    with tenant_session(studio.tenant) as session:
        found = session.get(Customer, member)
        assert found is not None
        found.tags = ["member"]
    pass_time(studio, studio.now + timedelta(days=1))
    assert [message.customer_id for message in messages(studio)] == [other]
    assert ways(studio)[member].reason == "Left because the journey's exit rules fit"


def test_an_exit_that_comes_while_the_journey_is_paused_counts_when_it_goes_on(studio: Any) -> None:
    customers = studio.add_customers(1)
    journey = begin(studio, customers, exit_events=["Membership Started"])
    with tenant_session(studio.tenant) as session:
        moves.move(session, studio.tenant, journey, "pause", user_id=None, now=studio.now)
    studio.send_event("Membership Started", customers, at=studio.now + HOUR)
    pass_time(studio, studio.now + HOUR)
    assert ways(studio)[customers[0]].status == EnrolmentStatus.PAUSED
    with tenant_session(studio.tenant) as session:
        moves.move(session, studio.tenant, journey, "resume", user_id=None, now=studio.now + 2 * HOUR)
    pass_time(studio, studio.now + 2 * HOUR)
    assert ways(studio)[customers[0]].reason == "Left because of “Membership Started”"


def test_an_exit_that_nobody_routed_yet_counts_all_the_same(studio: Any) -> None:
    customers = studio.add_customers(1)
    begin(studio, customers, exit_events=["Membership Started"])
    at = studio.now + timedelta(days=1)
    studio.send_event("Membership Started", customers, at=at)
    advance_due(studio.tenant, now=at)
    assert ways(studio)[customers[0]].status == EnrolmentStatus.EXITED


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "enters"),
    [
        ("2026-03-02", "2026-03-02", True),
        ("2026-03-03", None, False),
        (None, "2026-03-01", False),
        (None, None, True),
    ],
)
def test_nobody_enters_before_the_first_or_after_the_last_day(
    studio: Any, starts_on: str | None, ends_on: str | None, enters: bool
) -> None:
    customers = studio.add_customers(1)
    begin(studio, customers, starts_on=starts_on, ends_on=ends_on)
    assert bool(ways(studio)) is enters


def test_a_trigger_that_cools_down_lets_nobody_in_again_too_soon(studio: Any) -> None:
    customers = studio.add_customers(1)
    graph = studio.simple_graph("Visited", wait_days=None, reentry="always")
    graph["nodes"][0]["config"]["cooldown_days"] = 7
    with tenant_session(studio.tenant) as session:
        journey = drafts.create_journey(
            session, studio.tenant, "Journey", user_id=None, now=studio.now, graph=graph
        )
        publishing.publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
    for days in (0, 3, 7, 8):
        at = studio.now + timedelta(days=days)
        studio.send_event("Visited", customers, at=at)
        pass_time(studio, at)
    assert [message.created_at - studio.now for message in messages(studio)] == [
        timedelta(0),
        timedelta(days=7),
    ]


def test_one_that_cannot_be_done_is_quarantined_and_the_others_go_on(studio: Any) -> None:
    customers = studio.add_customers(5)
    begin(studio, customers)
    broken = ways(studio)[customers[2]]
    with tenant_session(studio.tenant) as session:
        found = session.get(Enrolment, broken.id)
        assert found is not None
        found.entry = {"note": "a\\u0000b"}
        found.node_id = "gone"
    pass_time(studio, studio.now + timedelta(days=1))
    states = [way.status for way in ways(studio).values()]
    assert sorted(states) == [EnrolmentStatus.COMPLETED] * 4 + [EnrolmentStatus.QUARANTINED]
