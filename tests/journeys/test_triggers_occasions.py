"""Entering on silence, on last days, on dates, stalled inquiries, abandoned carts and by schedule."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from engine.core.db import tenant_session
from engine.core.errors import InvalidGraph
from engine.segments.membership import add_members
from engine.segments.segments import SegmentDraft, create_segment
from tests.journeys.calendars import CHATHAM, KOLKATA, MINUTE, NEW_YORK, Calendar, at_noon, local

MARCH_1 = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


@pytest.fixture
def calendar(studio: Any) -> Calendar:
    return Calendar(studio)


def noon(day: int, zone: str = KOLKATA) -> datetime:
    return at_noon(date(2026, 3, day), zone)


# -- silence


@pytest.mark.parametrize("what", ["visit", "order"])
def test_silence_is_noticed_once_on_its_day(calendar: Calendar, what: str) -> None:
    calendar.publish("trigger.quiet", at=MARCH_1, what=what, days=10, at_="12:00")
    silent = calendar.add(**{f"last_{what}_at": noon(1)})
    calendar.add()
    calendar.add(**{f"last_{'order' if what == 'visit' else 'visit'}_at": noon(1)})
    assert calendar.tick(noon(11) - MINUTE, noon(11), noon(11) + MINUTE) == [[], [silent], []]
    assert calendar.entries()[0][f"last_{what}_on"] == "2026-03-01"


@pytest.mark.parametrize("zone", [KOLKATA, NEW_YORK, CHATHAM])
def test_days_of_silence_are_counted_on_the_customers_calendar(calendar: Calendar, zone: str) -> None:
    calendar.publish("trigger.quiet", at=MARCH_1, days=10, at_="12:00")
    late = calendar.add(timezone=zone, last_visit_at=local(zone, 2026, 2, 28, 23, 59))
    early = calendar.add(timezone=zone, last_visit_at=local(zone, 2026, 3, 1, 0, 0))
    assert calendar.tick(noon(10, zone) - MINUTE, noon(10, zone), noon(11, zone)) == [[], [late], [early]]
    assert calendar.entries()[0] == {
        "occasion": "no visit",
        "date": "2026-02-28",
        "days": 10,
        "last_visit_on": "2026-02-28",
    }


def test_who_comes_and_falls_silent_again_is_noticed_again(calendar: Calendar) -> None:
    calendar.publish("trigger.quiet", at=MARCH_1, days=5, at_="12:00")
    somebody = calendar.add(last_visit_at=noon(1))
    assert calendar.tick(noon(6)) == [[somebody]]
    with tenant_session(calendar.tenant) as session:
        session.execute(text("UPDATE customers SET last_visit_at = :at"), {"at": noon(8)})
    assert calendar.tick(noon(12), noon(13), noon(14)) == [[], [somebody], []]


def test_who_came_during_the_standstill_is_not_missed(calendar: Calendar) -> None:
    calendar.publish("trigger.quiet", at=MARCH_1, days=5, at_="12:00")
    calendar.add(last_visit_at=noon(1))
    with tenant_session(calendar.tenant) as session:
        session.execute(text("UPDATE customers SET last_visit_at = :at"), {"at": noon(7)})
    assert calendar.tick(noon(8)) == [[]]


def test_what_the_last_visit_was_for_is_told(calendar: Calendar) -> None:
    calendar.publish("trigger.quiet", at=MARCH_1, days=5, at_="12:00")
    somebody = calendar.add(last_visit_at=noon(1))
    calendar.book(somebody, noon(1) - timedelta(days=9), service="Massage")
    calendar.book(somebody, noon(1), service="Yoga")
    calendar.tick(noon(6))
    assert calendar.entries()[0]["service"] == "Yoga"


def test_who_has_booked_again_is_not_reminded_to(calendar: Calendar) -> None:
    calendar.publish("trigger.quiet", at=MARCH_1, what="booking", days=10, at_="12:00")
    reminded, booked, cancelled, missed = (calendar.add() for _ in range(4))
    for each in (reminded, booked, cancelled):
        calendar.book(each, noon(2))
    calendar.book(missed, noon(2), "missed")
    calendar.book(booked, noon(25), "booked")
    calendar.book(cancelled, noon(25), "cancelled")
    calendar.book(reminded, noon(1))
    assert calendar.tick(noon(11), noon(12), noon(13)) == [[], sorted([reminded, cancelled, missed]), []]
    assert calendar.entries()[0] == {
        "occasion": "no booking",
        "date": "2026-03-02",
        "days": 10,
        "last_booking_on": "2026-03-02",
        "service": "Yoga",
    }


# -- last days


@pytest.mark.parametrize("kind", ["membership", "package", "points"])
@pytest.mark.parametrize(("days", "on"), [(7, 13), (0, 20), (-3, 23)])
def test_a_last_day_is_told_of_before_and_after(calendar: Calendar, kind: str, days: int, on: int) -> None:
    calendar.publish("trigger.expiry", at=MARCH_1, kind=kind, days=days, at_="12:00")
    somebody = calendar.add()
    status = "expired" if days < 0 else "active"
    calendar.hold(somebody, kind, date(2026, 3, 20), balance=5, status=status)
    calendar.hold(somebody, "membership" if kind == "package" else "package", date(2026, 3, 20))
    before, came, after = calendar.tick(noon(on - 1), noon(on), noon(on + 1))
    assert (before, came, after) == ([], [somebody], [])
    assert calendar.entries()[0]["expires_on"] == "2026-03-20"


def test_what_runs_out_is_named(calendar: Calendar) -> None:
    calendar.publish("trigger.expiry", at=MARCH_1, kind="package", days=7, at_="12:00")
    calendar.hold(calendar.add(), "package", date(2026, 3, 20), name="Ten classes", balance=4)
    calendar.tick(noon(13))
    assert calendar.entries() == [
        {
            "occasion": "package",
            "date": "2026-03-20",
            "expires_on": "2026-03-20",
            "days": 7,
            "name": "Ten classes",
            "balance": 4,
        }
    ]


def test_points_of_one_day_are_told_of_together_and_spent_ones_not(calendar: Calendar) -> None:
    calendar.publish("trigger.expiry", at=MARCH_1, kind="points", days=7, at_="12:00")
    rich, poor = calendar.add(), calendar.add()
    for balance in (30, 20, 0):
        calendar.hold(rich, "points", date(2026, 3, 20), balance=balance)
    calendar.hold(poor, "points", date(2026, 3, 20), balance=0)
    calendar.hold(poor, "points", None, balance=50)
    assert calendar.tick(noon(13)) == [[rich]]
    assert calendar.entries()[0]["points"] == 50


@pytest.mark.parametrize("status", ["cancelled", "used_up"])
def test_what_is_cancelled_or_used_up_does_not_run_out(calendar: Calendar, status: str) -> None:
    calendar.publish("trigger.expiry", at=MARCH_1, kind="package", at_="12:00")
    calendar.hold(calendar.add(), "package", date(2026, 3, 20), status=status)
    assert calendar.tick(noon(13)) == [[]]


def test_who_has_a_longer_membership_is_not_told_that_one_ends(calendar: Calendar) -> None:
    calendar.publish("trigger.expiry", at=MARCH_1, at_="12:00")
    renewed, for_ever, had_another = (calendar.add() for _ in range(3))
    for each in (renewed, for_ever, had_another):
        calendar.hold(each, "membership", date(2026, 3, 20))
    calendar.hold(renewed, "membership", date(2027, 3, 20))
    calendar.hold(for_ever, "membership", None)
    calendar.hold(had_another, "membership", date(2027, 3, 20), status="cancelled")
    assert calendar.tick(noon(13)) == [[had_another]]


def test_a_membership_that_was_renewed_is_told_of_again_the_next_time(calendar: Calendar) -> None:
    calendar.publish("trigger.expiry", at=MARCH_1, days=0, at_="12:00")
    somebody = calendar.add()
    calendar.hold(somebody, "membership", date(2026, 3, 20))
    calendar.tick(noon(19))
    assert calendar.tick(noon(20)) == [[somebody]]
    with tenant_session(calendar.tenant) as session:
        session.execute(text("UPDATE entitlements SET expires_on = '2026-03-27'"))
    assert calendar.tick(noon(26), noon(27)) == [[], [somebody]]


# -- dates


@pytest.mark.parametrize("written", ["2026-03-20", "2026-03-20T23:30:00+05:30", "2026-03-20 10:00"])
def test_a_date_is_kept_as_it_is_written(calendar: Calendar, written: str) -> None:
    calendar.publish("trigger.date", at=MARCH_1, date="attribute.trial_ends", days=-7, at_="12:00")
    somebody = calendar.add(attributes={"trial_ends": written})
    for nonsense in ("soon", "", "2026-02-30", 20260320, None, ["2026-03-20"]):
        calendar.add(attributes={"trial_ends": nonsense})
    assert calendar.tick(noon(12), noon(13), noon(14)) == [[], [somebody], []]
    assert calendar.entries() == [
        {"occasion": "date", "attribute": "trial_ends", "date": "2026-03-20", "days": -7}
    ]


def test_a_date_every_year_begins_with_its_own(calendar: Calendar) -> None:
    calendar.publish("trigger.date", at=MARCH_1, date="attribute.since", at_="12:00", yearly=True)
    old, new = (
        calendar.add(attributes={"since": "2020-03-20"}),
        calendar.add(attributes={"since": "2026-03-20"}),
    )
    calendar.add(attributes={"since": "2027-03-20"})
    calendar.add(attributes={"since": "20-03-20"})
    assert calendar.tick(noon(20)) == [sorted([old, new])]
    assert sorted(each["years"] for each in calendar.entries()) == [0, 6]
    calendar.tick(local(KOLKATA, 2027, 3, 19, 12))
    assert len(calendar.tick(local(KOLKATA, 2027, 3, 20, 12))[0]) == 3


def test_the_29th_of_february_comes_back_on_the_28th(calendar: Calendar) -> None:
    start = local(KOLKATA, 2027, 2, 26)
    calendar.publish("trigger.date", at=start, date="attribute.since", at_="12:00", yearly=True)
    somebody = calendar.add(attributes={"since": "2024-02-29"})
    ticks = [local(KOLKATA, 2027, 2, 28, 12), local(KOLKATA, 2027, 3, 1, 12)]
    assert calendar.tick(*ticks) == [[somebody], []]


def test_only_an_attribute_can_be_a_date(calendar: Calendar) -> None:
    with pytest.raises(InvalidGraph, match="Date"):
        calendar.publish("trigger.date", at=MARCH_1, date="birthday")


# -- inquiries


def test_an_inquiry_that_nobody_answered_is_noticed(calendar: Calendar) -> None:
    calendar.publish("trigger.inquiry", at=MARCH_1, days=3, at_="12:00")
    waiting, answered, fresh = (calendar.add() for _ in range(3))
    inquiry = calendar.ask(waiting, local(KOLKATA, 2026, 3, 2, 18), subject="How much?")
    calendar.ask(answered, local(KOLKATA, 2026, 3, 2, 18), status="contacted")
    calendar.ask(fresh, local(KOLKATA, 2026, 3, 3, 1))
    assert calendar.tick(noon(4), noon(5), noon(6)) == [[], [waiting], [fresh]]
    assert calendar.entries()[0] == {
        "occasion": "inquiry",
        "date": "2026-03-02",
        "days": 3,
        "inquiry_id": str(inquiry),
        "subject": "How much?",
        "source": "form",
    }


# -- carts


def test_a_cart_is_abandoned_after_so_many_minutes(calendar: Calendar) -> None:
    calendar.publish("trigger.cart", at=MARCH_1, minutes=60)
    send = calendar.studio.send_event
    left, bought, looked_again, before = calendar.studio.add_customers(4)
    send("Product Added", [left, bought, looked_again], at=MARCH_1 + MINUTE, product_id="mug")
    send("Order Completed", [bought], at=MARCH_1 + 5 * MINUTE)
    send("Cart Viewed", [looked_again], at=MARCH_1 + 10 * MINUTE)
    send("Order Completed", [before], at=MARCH_1)
    send("Checkout Started", [before], at=MARCH_1 + MINUTE)
    hour = MARCH_1 + 60 * MINUTE
    ticks = [hour, hour + MINUTE, hour + 9 * MINUTE, hour + 10 * MINUTE, hour + 90 * MINUTE]
    assert calendar.tick(*ticks) == [[], sorted([left, before]), [], [looked_again], []]
    assert {
        "product_id": "mug",
        "occasion": "cart",
        "event": "Product Added",
        "minutes": 60,
    } in calendar.entries()


def test_each_cart_is_noticed_once(calendar: Calendar) -> None:
    calendar.publish("trigger.cart", at=MARCH_1, minutes=30)
    somebody = calendar.studio.add_customers(1)
    for hour in (1, 5):
        calendar.studio.send_event("Cart Viewed", somebody, at=MARCH_1 + timedelta(hours=hour))
    ticks = [MARCH_1 + timedelta(hours=hour) for hour in range(1, 9)]
    assert [len(came) for came in calendar.tick(*ticks)] == [0, 0, 0, 0, 0, 1, 0, 0]


def test_a_cart_we_hear_of_late_is_noticed_when_we_hear_of_it(calendar: Calendar) -> None:
    calendar.publish("trigger.cart", at=MARCH_1, minutes=30)
    (somebody,) = calendar.studio.add_customers(1)
    happened, heard = MARCH_1 + 5 * MINUTE, MARCH_1 + 50 * MINUTE
    assert calendar.tick(MARCH_1 + 45 * MINUTE) == [[]]
    calendar.studio.send_event("Cart Viewed", [somebody], at=happened)
    with tenant_session(calendar.tenant) as session:
        session.execute(text("UPDATE events SET received_at = :at"), {"at": heard})
    assert calendar.tick(heard, heard + MINUTE) == [[somebody], []]


# -- schedules


@pytest.mark.parametrize(
    ("config", "days"),
    [
        ({"repeat": "once", "on": "2026-03-10"}, [10]),
        ({"repeat": "daily"}, [9, 10, 11, 12]),
        ({"repeat": "weekly", "weekday": "tuesday"}, [10]),
        ({"repeat": "monthly", "day": 11}, [11]),
    ],
)
def test_a_schedule_comes_on_its_days(calendar: Calendar, config: dict[str, Any], days: list[int]) -> None:
    calendar.publish("trigger.schedule", at=local(KOLKATA, 2026, 3, 8, 13), at_="12:00", **config)
    everybody = sorted(calendar.studio.add_customers(3, timezone=NEW_YORK))
    came = calendar.tick(*(noon(day) for day in (9, 10, 11, 12)))
    assert came == [everybody if day in days else [] for day in (9, 10, 11, 12)]


def test_the_31st_is_the_last_day_of_a_shorter_month(calendar: Calendar) -> None:
    start = local(KOLKATA, 2026, 4, 28)
    calendar.publish("trigger.schedule", at=start, repeat="monthly", day=31, at_="12:00")
    calendar.add()
    ticks = [local(KOLKATA, 2026, 4, 29, 12), local(KOLKATA, 2026, 4, 30, 12), local(KOLKATA, 2026, 5, 1, 12)]
    assert [len(came) for came in calendar.tick(*ticks)] == [0, 1, 0]


def test_a_schedule_lets_in_those_who_are_in_the_segment_at_that_moment(calendar: Calendar) -> None:
    rules = {"operator": "AND", "conditions": [{"field": "city", "op": "eq", "value": "Pune"}]}
    with tenant_session(calendar.tenant) as session:
        segment = create_segment(
            session, calendar.tenant, SegmentDraft(name="Pune", rules=rules), now=MARCH_1
        )
        segment_id = str(segment.id)
    calendar.publish("trigger.schedule", at=MARCH_1, segment_id=segment_id, repeat="daily", at_="12:00")
    calendar.add(city="Mumbai")
    somebody = calendar.add(city="Pune")
    assert calendar.tick(noon(2)) == [[somebody]]
    assert calendar.entries() == [{"occasion": "schedule", "date": "2026-03-02", "at": "12:00"}]


def test_a_schedule_lets_in_a_list(calendar: Calendar) -> None:
    inside, _ = calendar.add(), calendar.add()
    with tenant_session(calendar.tenant) as session:
        draft = SegmentDraft(name="VIP", is_dynamic=False)
        segment_id = create_segment(session, calendar.tenant, draft, now=MARCH_1).id
        add_members(session, calendar.tenant, segment_id, [inside], now=MARCH_1)
    calendar.publish("trigger.schedule", at=MARCH_1, segment_id=str(segment_id), repeat="daily", at_="12:00")
    assert calendar.tick(noon(2)) == [[inside]]


def test_of_a_schedules_missed_times_the_last_counts(calendar: Calendar) -> None:
    calendar.publish("trigger.schedule", at=MARCH_1, repeat="daily", at_="12:00")
    somebody = calendar.add()
    assert calendar.tick(noon(5) + MINUTE, noon(5) + 2 * MINUTE) == [[somebody], []]
    assert calendar.entries()[0]["date"] == "2026-03-05"


def test_a_schedule_wants_its_day_and_its_segment(calendar: Calendar) -> None:
    with pytest.raises(InvalidGraph, match="Choose the day"):
        calendar.publish("trigger.schedule", at=MARCH_1, repeat="once")
    with pytest.raises(InvalidGraph, match="segment does not exist"):
        calendar.publish("trigger.schedule", at=MARCH_1, name="K", segment_id=str(UUID(int=1)))
