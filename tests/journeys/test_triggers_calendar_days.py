"""Local days come due once, in whatever windows time is cut, on both sides of a change of clocks."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.journeys.calendar_days import STUDIO, LocalDay, Window, days_of_the_year, moment_of
from tests.journeys.calendars import CHATHAM, KOLKATA, NEW_YORK

START = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = 366 * 24 * 60


def window(zone: str, after: datetime, until: datetime) -> Window:
    return Window(after, until, {STUDIO: ZoneInfo(zone)})


def due(zone: str, at: str, after: datetime, until: datetime, *, perishable: bool = False) -> list[date]:
    return [each.day for each in window(zone, after, until).days(at, perishable=perishable)]


@pytest.mark.parametrize(
    ("zone", "at", "day", "moment"),
    [
        (KOLKATA, "09:00", date(2026, 3, 3), datetime(2026, 3, 3, 3, 30, tzinfo=UTC)),
        (NEW_YORK, "09:00", date(2026, 3, 7), datetime(2026, 3, 7, 14, 0, tzinfo=UTC)),
        (NEW_YORK, "09:00", date(2026, 3, 8), datetime(2026, 3, 8, 13, 0, tzinfo=UTC)),
        (NEW_YORK, "02:30", date(2026, 3, 8), datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        (NEW_YORK, "01:30", date(2026, 11, 1), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        (NEW_YORK, "09:00", date(2026, 11, 1), datetime(2026, 11, 1, 14, 0, tzinfo=UTC)),
        (CHATHAM, "09:00", date(2026, 4, 5), datetime(2026, 4, 4, 20, 15, tzinfo=UTC)),
        (CHATHAM, "02:50", date(2026, 4, 5), datetime(2026, 4, 4, 13, 5, tzinfo=UTC)),
        (CHATHAM, "02:50", date(2026, 9, 27), datetime(2026, 9, 26, 14, 5, tzinfo=UTC)),
        (CHATHAM, "09:00", date(2026, 9, 27), datetime(2026, 9, 26, 19, 15, tzinfo=UTC)),
    ],
)
def test_a_day_comes_due_at_its_moment_and_not_a_second_earlier(
    zone: str, at: str, day: date, moment: datetime
) -> None:
    second = timedelta(seconds=1)
    assert due(zone, at, moment - timedelta(hours=2), moment - second) == []
    assert due(zone, at, moment - second, moment) == [day]
    assert due(zone, at, moment, moment + timedelta(hours=3)) == []


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        (NEW_YORK, "02:30", date(2026, 3, 8)),
        (NEW_YORK, "01:30", date(2026, 11, 1)),
        (CHATHAM, "02:50", date(2026, 9, 27)),
        (CHATHAM, "02:50", date(2026, 4, 5)),
    ],
)
def test_a_time_that_the_clock_skips_or_shows_twice_comes_once(zone: str, at: str, day: date) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=3)
    moments = [start + timedelta(minutes=minute) for minute in range(0, 40 * 60)]
    found = [each for after, until in pairwise(moments) for each in due(zone, at, after, until)]
    assert found.count(day) == 1


@given(
    zone=st.sampled_from(sorted(available_timezones())),
    at=st.times().map(lambda at: f"{at:%H:%M}"),
    start=st.integers(0, YEAR),
    cuts=st.lists(st.integers(0, 7 * 24 * 3600), min_size=2, max_size=12).map(sorted),
)
def test_however_time_is_cut_the_same_days_come_due(zone: str, at: str, start: int, cuts: list[int]) -> None:
    begin = START + timedelta(minutes=start)
    moments = [begin + timedelta(seconds=cut) for cut in cuts]
    parts = [each for after, until in pairwise(moments) for each in due(zone, at, after, until)]
    assert parts == due(zone, at, moments[0], moments[-1])
    assert len(set(parts)) == len(parts)


@given(
    zone=st.sampled_from(sorted(available_timezones())),
    at=st.times().map(lambda at: f"{at:%H:%M}"),
    start=st.integers(0, YEAR),
)
def test_every_day_of_a_week_comes_due(zone: str, at: str, start: int) -> None:
    begin = START + timedelta(minutes=start)
    assert 6 <= len(due(zone, at, begin, begin + timedelta(days=7))) <= 8


def test_what_perishes_is_made_up_for_on_its_day_only() -> None:
    published = datetime(2026, 3, 1, tzinfo=UTC)
    evening = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)  # 21:30 in India
    assert due(KOLKATA, "09:00", published, evening, perishable=True) == [date(2026, 3, 4)]
    night = datetime(2026, 3, 4, 21, 0, tzinfo=UTC)  # 02:30 of the next day
    assert due(KOLKATA, "09:00", published, night, perishable=True) == []


def test_what_comes_due_a_minute_before_midnight_is_not_lost_to_the_tick_after_it() -> None:
    before = datetime(2026, 3, 4, 18, 28, 50, tzinfo=UTC)  # 23:58:50 in India
    after = datetime(2026, 3, 4, 18, 30, 20, tzinfo=UTC)  # 00:00:20
    assert due(KOLKATA, "23:59", before, after, perishable=True) == [date(2026, 3, 4)]


def test_each_zone_has_its_own_days() -> None:
    zones = {STUDIO: ZoneInfo(KOLKATA), CHATHAM: ZoneInfo(CHATHAM), NEW_YORK: ZoneInfo(NEW_YORK)}
    found = Window(
        datetime(2026, 3, 2, 20, 0, tzinfo=UTC), datetime(2026, 3, 3, 4, 0, tzinfo=UTC), zones
    ).days("09:00")
    assert found == [LocalDay(STUDIO, date(2026, 3, 3))]


def test_the_29th_of_february_is_kept_on_the_28th_in_other_years() -> None:
    assert days_of_the_year(date(2026, 2, 28)) == [(2, 28), (2, 29)]
    assert days_of_the_year(date(2028, 2, 28)) == [(2, 28)]
    assert days_of_the_year(date(2028, 2, 29)) == [(2, 29)]
    assert days_of_the_year(date(2100, 2, 28)) == [(2, 28), (2, 29)]
    assert days_of_the_year(date(2026, 3, 1)) == [(3, 1)]


def test_a_day_has_its_hours_by_the_local_clock() -> None:
    spring = window(NEW_YORK, START, START)
    begins, ends = spring.bounds(LocalDay(STUDIO, date(2026, 3, 9)), date(2026, 3, 8))
    assert ends - begins == timedelta(hours=23)
    assert begins == moment_of(ZoneInfo(NEW_YORK), date(2026, 3, 8), datetime.min.time())
