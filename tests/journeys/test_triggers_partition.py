"""However the clock ticks, the same customers enter: any way of cutting a week lets in whom one tick lets in."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from engine.core.db import tenant_session
from engine.events.models import Event
from engine.journeys.calendar import run_calendar
from tests.journeys.calendars import CHATHAM, KOLKATA, NEW_YORK, Calendar

START = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7, hours=-1)
END = [START + WEEK, START + WEEK + timedelta(minutes=1)]
"""Two ticks, for a trigger that was looked at less than a minute ago is not looked at."""

ZONES = (None, KOLKATA, NEW_YORK, CHATHAM, "Pacific/Apia", "Europe/London", "nowhere")
NAMES = count(1)

TRIGGERS: dict[str, dict[str, Any]] = {
    "trigger.expiry": {"days": 2, "at_": "02:30"},
    "trigger.quiet": {"days": 5, "at_": "23:59"},
    "trigger.date": {"date": "attribute.since", "days": 0, "at_": "00:00"},
    "trigger.inquiry": {"days": 3, "at_": "12:00"},
    "trigger.cart": {"minutes": 90},
}


@pytest.fixture
def calendar(studio: Any) -> Iterator[Calendar]:
    """A studio with customers in many zones, each with one thing that may come due in the week of a clock change."""
    calendar = Calendar(studio)
    for number in range(42):
        day = date(2026, 3, 1) + timedelta(days=number % 14)
        moment = START - timedelta(days=9) + timedelta(hours=8 * number)
        customer = calendar.add(
            timezone=ZONES[number % len(ZONES)],
            last_visit_at=moment,
            attributes={"since": day.isoformat()},
        )
        calendar.hold(customer, "membership", day)
        calendar.ask(customer, moment)
        happened = START + timedelta(hours=5 * number)
        calendar.studio.send_event("Cart Viewed", [customer], at=happened)
    yield calendar


def entered(calendar: Calendar, kind: str, ticks: list[datetime]) -> set[tuple[UUID, str]]:
    """Who enters, with what, when the clock ticks at these moments."""
    journey = calendar.publish(kind, at=START, name=f"Journey {next(NAMES)}", **TRIGGERS[kind])
    for moment in ticks:
        run_calendar(calendar.tenant, now=moment)
    calendar.move(journey, "stop", at=ticks[-1])
    mine = [each for each in calendar.enrolments() if each.journey_id == journey]
    assert len({each.customer_id for each in mine}) == len(mine)
    return {(each.customer_id, str(each.entry)) for each in mine}


@pytest.mark.parametrize("kind", TRIGGERS)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(cuts=[int(WEEK.total_seconds()) - 1])
@given(cuts=st.lists(st.integers(1, int(WEEK.total_seconds()) - 1), max_size=15).map(sorted))
def test_any_way_of_cutting_time_lets_in_the_same(calendar: Calendar, kind: str, cuts: list[int]) -> None:
    ticks = [START + timedelta(seconds=cut) for cut in cuts]
    whole = entered(calendar, kind, END[1:])
    assert entered(calendar, kind, [*ticks, *END]) == whole
    assert 10 < len(whole) < 42


def test_carts_we_hear_of_late_are_let_in_once_too(calendar: Calendar) -> None:
    with tenant_session(calendar.tenant) as session:
        session.execute(update(Event).values(received_at=Event.occurred_at + timedelta(minutes=100)))
    whole = entered(calendar, "trigger.cart", END[1:])
    ticks = [START + timedelta(minutes=140 * number) for number in range(1, 71)]
    parts = entered(calendar, "trigger.cart", [*ticks, *END])
    assert parts == whole
    assert len(whole) > 10
