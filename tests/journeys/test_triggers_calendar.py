"""Entering by the calendar: whose day it is, once, by their own clock, whatever happens to ours."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from engine.core.db import tenant_session
from engine.core.doors import Work, tenants_with
from engine.core.errors import InvalidRules
from engine.customers.models import Customer
from engine.journeys import entries, versions
from engine.journeys.calendar import run_calendar
from engine.journeys.nodes import NODE_TYPES
from engine.journeys.nodes.base import CalendarTrigger
from engine.journeys.occasions import ASK
from engine.worker.work import KINDS
from tests.journeys.calendars import (
    CHATHAM,
    KOLKATA,
    MINUTE,
    NEW_YORK,
    Calendar,
    at_noon,
    every_minute,
    local,
)

MARCH_1 = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


@pytest.fixture
def calendar(studio: Any) -> Calendar:
    return Calendar(studio)


# -- birthdays and anniversaries


def test_a_birthday_is_kept_at_nine_where_the_customer_lives(calendar: Calendar) -> None:
    calendar.publish("trigger.birthday", at=MARCH_1, at_="09:00")
    here, there, far = (
        calendar.add(birthday=date(1990, 3, 3), timezone=zone) for zone in (None, NEW_YORK, CHATHAM)
    )
    calendar.add(birthday=date(1990, 3, 4))
    chatham, kolkata, new_york = (local(zone, 2026, 3, 3, 9) for zone in (CHATHAM, KOLKATA, NEW_YORK))
    ticks = [each + shift for each in (chatham, kolkata, new_york) for shift in (-MINUTE, timedelta(0))]
    assert calendar.tick(*ticks) == [[], [far], [], [here], [], [there]]


def test_an_unknown_or_invented_zone_is_the_studios(calendar: Calendar) -> None:
    calendar.publish("trigger.birthday", at=MARCH_1)
    odd = [calendar.add(birthday=date(1990, 3, 3), timezone=zone) for zone in ("", "Mars/Olympus", "'; --")]
    assert calendar.tick(local(KOLKATA, 2026, 3, 3, 9)) == [sorted(odd)]


@pytest.mark.parametrize(
    ("days", "on"), [(-7, date(2026, 3, 5)), (0, date(2026, 3, 12)), (3, date(2026, 3, 15))]
)
def test_a_birthday_may_be_kept_before_and_after(calendar: Calendar, days: int, on: date) -> None:
    calendar.publish("trigger.birthday", at=MARCH_1, days=days, at_="12:00")
    somebody = calendar.add(birthday=date(1990, 3, 12))
    ticks = [at_noon(on + timedelta(days=day), KOLKATA) for day in (-1, 0, 1)]
    assert calendar.tick(*ticks) == [[], [somebody], []]
    assert calendar.entries() == [
        {"occasion": "birthday", "date": "2026-03-12", "days": days, "years": 36, "turns": 36}
    ]


def test_a_week_before_new_year_wishes_for_the_next_year(calendar: Calendar) -> None:
    calendar.publish("trigger.birthday", at=local(KOLKATA, 2026, 12, 20), days=-7, at_="12:00")
    calendar.add(birthday=date(1990, 1, 1))
    calendar.tick(local(KOLKATA, 2026, 12, 25, 12))
    assert calendar.entries()[0]["turns"] == 37


@pytest.mark.parametrize("year", [1900, 1904])
def test_nobody_turns_a_hundred_because_the_year_is_unknown(calendar: Calendar, year: int) -> None:
    calendar.publish("trigger.birthday", at=MARCH_1)
    calendar.add(birthday=date(year, 3, 3))
    calendar.tick(local(KOLKATA, 2026, 3, 3, 9))
    assert calendar.entries() == [{"occasion": "birthday", "date": "2026-03-03", "days": 0}]


def test_who_was_born_on_29_february_has_a_birthday_every_year(calendar: Calendar) -> None:
    calendar.publish("trigger.birthday", at=local(KOLKATA, 2026, 2, 20))
    leapling, neighbour = calendar.add(birthday=date(1992, 2, 29)), calendar.add(birthday=date(1991, 2, 28))
    assert calendar.tick(local(KOLKATA, 2026, 2, 28, 9)) == [sorted([leapling, neighbour])]
    assert calendar.tick(local(KOLKATA, 2026, 3, 1, 9)) == [[]]
    calendar.tick(local(KOLKATA, 2028, 2, 27, 9))
    ticks = (local(KOLKATA, 2028, 2, day, 9) for day in (28, 29))
    assert calendar.tick(*ticks) == [[neighbour], [leapling]]


def test_an_anniversary_is_counted_from_its_first_year(calendar: Calendar) -> None:
    calendar.publish("trigger.birthday", at=MARCH_1, occasion="anniversary")
    married = calendar.add(anniversary=date(2016, 3, 3), birthday=date(1990, 3, 4))
    calendar.add(anniversary=date(2026, 3, 3))
    assert calendar.tick(local(KOLKATA, 2026, 3, 3, 9), local(KOLKATA, 2026, 3, 4, 9)) == [[married], []]
    assert calendar.entries() == [{"occasion": "anniversary", "date": "2026-03-03", "days": 0, "years": 10}]


def test_a_birthday_wish_is_not_sent_days_late(calendar: Calendar) -> None:
    calendar.publish("trigger.birthday", at=MARCH_1)
    calendar.add(birthday=date(1990, 3, 3))
    today = calendar.add(birthday=date(1990, 3, 5))
    assert calendar.tick(local(KOLKATA, 2026, 3, 5, 21)) == [[today]]


def test_one_who_moves_to_another_zone_has_one_birthday_a_year(calendar: Calendar) -> None:
    calendar.publish("trigger.birthday", at=MARCH_1)
    calendar.add(birthday=date(1990, 3, 3))
    calendar.tick(local(KOLKATA, 2026, 3, 3, 9))
    with tenant_session(calendar.tenant) as session:
        session.execute(update(Customer).values(timezone=NEW_YORK))
    assert calendar.tick(local(NEW_YORK, 2026, 3, 3, 9)) == [[]]
    calendar.tick(local(NEW_YORK, 2027, 3, 2, 9))
    assert len(calendar.tick(local(NEW_YORK, 2027, 3, 3, 9))[0]) == 1


def test_who_was_erased_or_merged_has_no_day(calendar: Calendar) -> None:
    calendar.publish("trigger.birthday", at=MARCH_1)
    stays = calendar.add(birthday=date(1990, 3, 3))
    calendar.add(birthday=date(1990, 3, 3), erased_at=MARCH_1)
    calendar.add(birthday=date(1990, 3, 3), merged_into=stays)
    assert calendar.tick(local(KOLKATA, 2026, 3, 3, 9)) == [[stays]]


# -- changes of clocks


@pytest.mark.parametrize(
    ("zone", "day", "at"),
    [
        (NEW_YORK, date(2026, 3, 8), "09:00"),
        (NEW_YORK, date(2026, 3, 8), "02:30"),
        (NEW_YORK, date(2026, 11, 1), "01:30"),
        (NEW_YORK, date(2026, 11, 1), "09:00"),
        (CHATHAM, date(2026, 4, 5), "02:50"),
        (CHATHAM, date(2026, 9, 27), "02:50"),
    ],
)
def test_a_change_of_clocks_neither_skips_nor_doubles_a_day(
    calendar: Calendar, zone: str, day: date, at: str
) -> None:
    start = at_noon(day - timedelta(days=1), zone)
    calendar.publish("trigger.birthday", at=start, at_=at)
    somebody = calendar.add(birthday=day.replace(year=1990), timezone=zone)
    halves = [start + timedelta(minutes=30 * number) for number in range(1, 60)]
    assert [who for came in calendar.tick(*halves) for who in came] == [somebody]


# -- the clock


def test_after_three_days_of_standstill_everybody_enters_once(calendar: Calendar) -> None:
    calendar.publish("trigger.expiry", at=MARCH_1, days=0, at_="10:00")
    late = [calendar.add() for _ in range(3)]
    for number, customer in enumerate(late):
        calendar.hold(customer, "membership", date(2026, 3, 3 + number))
    assert calendar.tick(local(KOLKATA, 2026, 3, 5, 23), local(KOLKATA, 2026, 3, 5, 23, 1)) == [late, []]


def test_a_clock_that_is_put_back_lets_nobody_in_twice(calendar: Calendar) -> None:
    calendar.publish("trigger.birthday", at=MARCH_1)
    calendar.add(birthday=date(1990, 3, 3))
    nine = local(KOLKATA, 2026, 3, 3, 9)
    assert [len(came) for came in calendar.tick(nine)] == [1]
    back = nine - timedelta(hours=2)
    assert calendar.tick(back, *every_minute(nine - 2 * MINUTE, nine + 3 * MINUTE)) == [[]] * 6
    assert calendar.runs()["t"] >= nine


def test_nothing_is_looked_at_twice_in_a_minute(calendar: Calendar) -> None:
    calendar.publish("trigger.birthday", at=MARCH_1)
    second = timedelta(seconds=1)
    assert calendar.tenant in tenants_with(Work.CALENDAR, now=MARCH_1)
    calendar.tick(MARCH_1)
    assert calendar.tenant not in tenants_with(Work.CALENDAR, now=MARCH_1 + MINUTE - second)
    assert calendar.tenant in tenants_with(Work.CALENDAR, now=MARCH_1 + MINUTE)
    assert Work.CALENDAR in KINDS


def test_a_worker_that_dies_half_way_is_finished_by_the_next(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.journeys.calendar.CHUNK", 7)
    calendar.publish("trigger.birthday", at=MARCH_1)
    many = calendar.studio.add_customers(20, birthday=date(1990, 3, 3))
    nine = local(KOLKATA, 2026, 3, 3, 9)
    done: list[int] = []

    def enrol_twice(*given: Any, **named: Any) -> int:
        if len(done) == 2:
            raise RuntimeError("The worker dies")
        done.append(entries.enrol(*given, **named))
        return done[-1]

    with monkeypatch.context() as dying:
        dying.setattr("engine.journeys.calendar.enrol", enrol_twice)
        with pytest.raises(RuntimeError):
            run_calendar(calendar.tenant, now=nine)
    assert done == [7, 7]
    assert len(calendar.enrolments()) == 14
    calendar.tick(nine)
    assert sorted(each.customer_id for each in calendar.enrolments()) == sorted(many)


def test_what_fails_is_tried_again_in_a_minute(calendar: Calendar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.journeys.calendar.CHUNK", 7)
    calendar.publish("trigger.birthday", at=MARCH_1)
    many = calendar.studio.add_customers(20, birthday=date(1990, 3, 3))
    nine = local(KOLKATA, 2026, 3, 3, 9)

    def refuse(*given: Any, **named: Any) -> int:
        raise InvalidRules("The journey's rules name a field that is gone")

    with monkeypatch.context() as failing:
        failing.setattr("engine.journeys.calendar.enrol", refuse)
        assert run_calendar(calendar.tenant, now=nine) == 1
    assert calendar.runs() == {"t": MARCH_1}
    assert calendar.tick(nine + MINUTE - timedelta(seconds=1)) == [[]]
    assert calendar.tick(nine + MINUTE) == [sorted(many)]


def test_several_workers_let_everybody_in_once(calendar: Calendar) -> None:
    for number in range(6):
        calendar.publish("trigger.birthday", at=MARCH_1, name=f"Journey {number}")
    calendar.studio.add_customers(50, birthday=date(1990, 3, 3))
    nine = local(KOLKATA, 2026, 3, 3, 9)
    with ThreadPoolExecutor(4) as workers:
        looked = list(workers.map(lambda _: run_calendar(calendar.tenant, now=nine), range(8)))
    assert sum(looked) == 6
    assert len(calendar.enrolments()) == 300


def test_each_kind_of_calendar_trigger_has_its_question() -> None:
    kinds = {cls for cls in NODE_TYPES.values() if issubclass(cls, CalendarTrigger)}
    assert kinds == set(ASK)


def test_one_trigger_that_cannot_be_asked_stops_no_other(calendar: Calendar) -> None:
    gone = UUID(int=1)
    good = calendar.publish("trigger.birthday", at=MARCH_1, name="Good")
    bad = calendar.publish(
        "trigger.schedule", at=MARCH_1, name="Bad", node_id="s", repeat="daily", at_="09:00"
    )
    with tenant_session(calendar.tenant) as session:
        session.connection().exec_driver_sql(
            "UPDATE journey_versions SET graph = jsonb_set(graph, '{nodes,0,config,segment_id}', %s) "
            "WHERE journey_id = %s",
            (f'"{gone}"', bad),
        )
    versions._plans.clear()
    somebody = calendar.add(birthday=date(1990, 3, 3))
    assert calendar.tick(local(KOLKATA, 2026, 3, 3, 9)) == [[somebody]]
    assert {each.journey_id for each in calendar.enrolments()} == {good}
    assert calendar.runs() == {"s": MARCH_1, "t": local(KOLKATA, 2026, 3, 3, 9)}


# -- the journey's life


def test_what_came_before_publishing_lets_nobody_in(calendar: Calendar) -> None:
    calendar.add(birthday=date(1990, 3, 3))
    calendar.publish("trigger.birthday", at=local(KOLKATA, 2026, 3, 3, 9))
    assert (
        calendar.tick(*every_minute(local(KOLKATA, 2026, 3, 3, 9), local(KOLKATA, 2026, 3, 3, 9, 3)))
        == [[]] * 3
    )


def test_publishing_again_loses_nobody_and_repeats_nobody(calendar: Calendar) -> None:
    journey = calendar.publish("trigger.birthday", at=MARCH_1)
    first, second = calendar.add(birthday=date(1990, 3, 3)), calendar.add(birthday=date(1990, 3, 4))
    assert calendar.tick(local(KOLKATA, 2026, 3, 3, 9)) == [[first]]
    graph = calendar.graph("trigger.birthday", at_="09:30")
    calendar.publish_again(journey, graph, at=local(KOLKATA, 2026, 3, 4, 12))
    assert calendar.tick(local(KOLKATA, 2026, 3, 4, 12, 1)) == [[second]]
    assert calendar.tick(local(KOLKATA, 2026, 3, 4, 12, 2)) == [[]]


def test_a_trigger_that_is_new_in_a_version_begins_with_it(calendar: Calendar) -> None:
    journey = calendar.publish("trigger.birthday", at=MARCH_1)
    calendar.add(birthday=date(1990, 3, 3))
    noon = local(KOLKATA, 2026, 3, 3, 12)
    calendar.publish_again(journey, calendar.graph("trigger.birthday", node_id="other"), at=noon)
    assert calendar.runs() == {"other": noon}
    assert calendar.tick(noon + MINUTE) == [[]]


def test_who_has_a_birthday_while_a_journey_is_paused_is_left_out(calendar: Calendar) -> None:
    journey = calendar.publish("trigger.birthday", at=MARCH_1)
    calendar.add(birthday=date(1990, 3, 3))
    after = calendar.add(birthday=date(1990, 3, 4))
    calendar.move(journey, "pause", at=MARCH_1)
    assert calendar.runs() == {}
    assert calendar.tick(local(KOLKATA, 2026, 3, 3, 9)) == [[]]
    calendar.move(journey, "resume", at=local(KOLKATA, 2026, 3, 3, 12))
    assert calendar.tick(local(KOLKATA, 2026, 3, 3, 13), local(KOLKATA, 2026, 3, 4, 9)) == [[], [after]]


@pytest.mark.parametrize("verb", ["finish", "stop"])
def test_a_journey_that_admits_nobody_has_no_calendar(calendar: Calendar, verb: str) -> None:
    journey = calendar.publish("trigger.birthday", at=MARCH_1)
    calendar.move(journey, verb, at=MARCH_1)
    assert calendar.runs() == {}


def test_a_cooldown_holds_for_the_calendar_too(calendar: Calendar) -> None:
    calendar.publish("trigger.schedule", at=MARCH_1, repeat="daily", at_="12:00", cooldown_days=3)
    calendar.add()
    ticks = [local(KOLKATA, 2026, 3, day, 12) for day in range(2, 9)]
    assert [len(came) for came in calendar.tick(*ticks)] == [1, 0, 0, 1, 0, 0, 1]
