"""Waiting for a time of day and a weekday, by the customer's own clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from engine.core.db import tenant_session
from engine.delivery.models import Message
from engine.journeys import drafts, publishing
from engine.journeys.entries import route_events
from engine.journeys.interpreter import advance_due
from engine.journeys.nodes.wait_until import WEEKDAYS, Days, next_moment

KOLKATA = ZoneInfo("Asia/Kolkata")
MONDAY_AFTERNOON = datetime(2026, 3, 2, 15, 30, tzinfo=KOLKATA)


def local(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("after", "at", "days", "until"),
    [
        (MONDAY_AFTERNOON, time(18, 30), Days.ANY, local("Asia/Kolkata", 2026, 3, 2, 18, 30)),
        (MONDAY_AFTERNOON, time(10), Days.ANY, local("Asia/Kolkata", 2026, 3, 3, 10)),
        (MONDAY_AFTERNOON, time(15, 30), Days.ANY, MONDAY_AFTERNOON),
        (MONDAY_AFTERNOON, time(10), Days.MONDAY, local("Asia/Kolkata", 2026, 3, 9, 10)),
        (MONDAY_AFTERNOON, time(10), Days.WEEKEND, local("Asia/Kolkata", 2026, 3, 7, 10)),
        (
            local("Asia/Kolkata", 2026, 3, 7, 12),
            time(10),
            Days.WORKDAYS,
            local("Asia/Kolkata", 2026, 3, 9, 10),
        ),
        (
            local("America/New_York", 2026, 3, 7, 20),
            time(2, 30),
            Days.ANY,
            datetime(2026, 3, 8, 7, 30, tzinfo=UTC),
        ),
        (
            local("America/New_York", 2026, 10, 31, 20),
            time(1, 30),
            Days.ANY,
            datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        ),
        (
            local("Pacific/Chatham", 2026, 4, 4, 20),
            time(2, 50),
            Days.SUNDAY,
            datetime(2026, 4, 4, 13, 5, tzinfo=UTC),
        ),
    ],
)
def test_the_next_such_moment_is_found_on_both_sides_of_a_change_of_clocks(
    after: datetime, at: time, days: Days, until: datetime
) -> None:
    zone = after.tzinfo
    assert isinstance(zone, ZoneInfo)
    assert next_moment(after.astimezone(UTC), zone, at, WEEKDAYS[days]) == until


@given(
    zone=st.sampled_from(sorted(available_timezones())).map(ZoneInfo),
    day=st.dates(date(2024, 1, 1), date(2028, 12, 31)),
    hours=st.floats(0, 24),
    at=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    days=st.sampled_from(list(Days)),
)
def test_it_is_never_in_the_past_and_within_nine_days(
    zone: ZoneInfo, day: date, hours: float, at: time, days: Days
) -> None:
    after = datetime.combine(day, time(), UTC) + timedelta(hours=hours)
    until = next_moment(after, zone, at, WEEKDAYS[days])
    assert after <= until <= after + timedelta(days=9)
    shown = until.astimezone(zone)
    if (shown - timedelta(hours=2)).utcoffset() == (shown + timedelta(hours=2)).utcoffset():
        assert (shown.hour, shown.minute) == (at.hour, at.minute)
        assert shown.weekday() in WEEKDAYS[days]


def test_each_customer_waits_by_their_own_clock(
    studio: Any, build: Callable[..., Any], step: Callable[..., Any]
) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.until", at="18:00", days="any day"),
        step("m", "action.message", channel="whatsapp", template_id=str(studio.template)),
    ]
    with tenant_session(studio.tenant) as session:
        journey = drafts.create_journey(
            session,
            studio.tenant,
            "Evening",
            user_id=None,
            now=studio.now,
            graph=build(nodes, "t > w", "w > m"),
        )
        publishing.publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
    at_home, in_london = studio.add_customers(2), studio.add_customers(1, timezone="Europe/London")
    studio.send_event("Order Completed", at_home + in_london)
    route_events(studio.tenant, now=studio.now)
    queued = []
    for hours in (0, 2.49, 2.5, 7.99, 8):
        moment = studio.now + timedelta(hours=hours)
        while advance_due(studio.tenant, now=moment).enrolments:
            pass
        with tenant_session(studio.tenant) as session:
            queued.append(session.scalar(select(func.count()).select_from(Message)))
    assert queued == [0, 0, 2, 2, 3]


def test_a_loop_waits_for_another_such_moment_each_time(
    studio: Any, build: Callable[..., Any], step: Callable[..., Any]
) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.until", at="15:30", days="any day"),
        step("a", "action.tag", add=["reminded"]),
    ]
    (customer,) = studio.add_customers(1)
    studio.begin(build(nodes, "t > w", "w > a", "a > w"), [customer])
    for day in range(1, 4):
        way = studio.enrolment(customer)
        assert (way.visit, way.due_at) == (2 * day + 1, studio.now + timedelta(days=day))
        studio.pass_time(studio.now + timedelta(days=day, seconds=20))


def test_who_comes_from_the_trigger_in_that_very_minute_goes_on_at_once(
    studio: Any, build: Callable[..., Any], step: Callable[..., Any]
) -> None:
    rules = {"operator": "AND", "conditions": [{"field": "total_spend", "op": "gt", "value": 1}]}
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step("w", "wait.until", at="15:30", days="any day"),
        step("b", "branch.rule", rules=rules),
        step("x", "exit"),
    ]
    (customer,) = studio.add_customers(1, total_spend_minor=1_000)
    studio.begin(build(nodes, "t > w", "w > b", "b.yes > x", "b.no > x"), [customer])
    assert studio.ports("b") == {customer: "yes"}


@pytest.mark.parametrize(
    ("zone", "arrived", "until"),
    [
        ("Asia/Kolkata", "2026-03-02T15:30:20+05:30", "2026-03-03T15:30+05:30"),
        ("Asia/Kolkata", "2026-03-02T15:29:59+05:30", "2026-03-02T15:30+05:30"),
        ("America/New_York", "2026-03-07T15:30-05:00", "2026-03-08T15:30-04:00"),
        ("America/New_York", "2026-10-31T15:30-04:00", "2026-11-01T15:30-05:00"),
        ("Pacific/Chatham", "2026-09-26T15:30+12:45", "2026-09-27T15:30+13:45"),
        ("Pacific/Chatham", "2026-04-04T15:30+13:45", "2026-04-05T15:30+12:45"),
    ],
)
def test_strictly_after_is_another_day_on_both_sides_of_a_change_of_clocks(
    zone: str, arrived: str, until: str
) -> None:
    after = datetime.fromisoformat(arrived).astimezone(UTC)
    found = next_moment(after, ZoneInfo(zone), time(15, 30), WEEKDAYS[Days.ANY], strictly=True)
    assert found == datetime.fromisoformat(until)


def test_a_time_that_is_none_is_refused_on_its_field(
    studio: Any, build: Callable[..., Any], step: Callable[..., Any]
) -> None:
    nodes = [step("t", "trigger.event", event="E"), step("w", "wait.until", at="25:00"), step("x", "exit")]
    with tenant_session(studio.tenant) as session:
        journey = drafts.create_journey(
            session,
            studio.tenant,
            "Never",
            user_id=None,
            now=studio.now,
            graph=build(nodes, "t > w", "w > x"),
        )
        (problem,) = publishing.check_draft(session, journey.id)
    assert (problem.node_id, problem.field) == ("w", "at")
