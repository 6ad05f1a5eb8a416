"""The guard's rules one by one, and those that hold for every hour and zone."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels.interface import Channel
from engine.core.errors import Code
from engine.customers.contacts import Contact
from engine.customers.models import ConsentState, Purpose, SuppressionReason
from engine.delivery.guard import Admit, DueMessage, Hold, Policy, Rival, Sent, Skip, Verdict, guard
from engine.delivery.window import SendWindow, is_open, next_opening

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MESSAGE = DueMessage(Channel.WHATSAPP, Purpose.MARKETING, NOW + timedelta(days=7))
POLICY = Policy(
    is_enabled=True,
    channels=frozenset(Channel),
    window=SendWindow(time(9), time(21)),
    daily_limit=2,
    weekly_limit=5,
    timezone="Asia/Kolkata",
)
CONTACT = Contact(
    customer_id=uuid4(),
    phone="+919876543210",
    email="asha@example.in",
    language="hi",
    timezone=None,
    is_dnd=False,
    is_erased=False,
    marketing=dict.fromkeys(("whatsapp", "sms", "email"), ConsentState.GRANTED),
    suppressed={},
    variables={},
)
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
WINDOWS = (
    st.tuples(st.times(), st.times())
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: SendWindow(*pair))
)


def code_of(verdict: Verdict) -> Code:
    assert not isinstance(verdict, Admit)
    return verdict.code


def test_a_consenting_customer_inside_the_window_is_reached() -> None:
    assert guard(MESSAGE, CONTACT, (), POLICY, NOW) == Admit()


@pytest.mark.parametrize(
    ("contact", "policy", "message", "code"),
    [
        (CONTACT, replace(POLICY, is_enabled=False), MESSAGE, "MARKETING_001"),
        (CONTACT, replace(POLICY, channels=frozenset()), MESSAGE, "MARKETING_002"),
        (replace(CONTACT, marketing={}), POLICY, MESSAGE, "MARKETING_010"),
        (replace(CONTACT, marketing={"whatsapp": ConsentState.PENDING}), POLICY, MESSAGE, "MARKETING_010"),
        (replace(CONTACT, marketing={"whatsapp": ConsentState.WITHDRAWN}), POLICY, MESSAGE, "MARKETING_011"),
        (replace(CONTACT, is_dnd=True), POLICY, replace(MESSAGE, channel=Channel.SMS), "MARKETING_012"),
        (
            replace(CONTACT, suppressed={"whatsapp": SuppressionReason.OPTED_OUT}),
            POLICY,
            MESSAGE,
            "MARKETING_011",
        ),
        (
            replace(CONTACT, suppressed={"whatsapp": SuppressionReason.COMPLAINT}),
            POLICY,
            MESSAGE,
            "SAFAR_021",
        ),
        (replace(CONTACT, phone=None), POLICY, MESSAGE, "SAFAR_020"),
        (replace(CONTACT, is_erased=True), POLICY, MESSAGE, "SAFAR_020"),
        (CONTACT, POLICY, replace(MESSAGE, expires_at=NOW), "SAFAR_022"),
    ],
)
def test_what_can_never_be_sent_is_skipped_with_its_code(
    contact: Contact, policy: Policy, message: DueMessage, code: str
) -> None:
    verdict = guard(message, contact, (), policy, NOW)
    assert isinstance(verdict, Skip)
    assert verdict.code == code
    assert verdict.reason


def test_transactional_messages_ignore_consent_caps_and_hours() -> None:
    refused = replace(CONTACT, marketing={"whatsapp": ConsentState.WITHDRAWN})
    closed = replace(POLICY, is_enabled=False, channels=frozenset(), daily_limit=0)
    message = replace(MESSAGE, purpose=Purpose.TRANSACTIONAL, expires_at=None)
    assert guard(message, refused, [Sent(NOW)] * 9, closed, NOW.replace(hour=20)) == Admit()


def test_transactional_messages_do_not_go_to_a_dead_address() -> None:
    dead = replace(CONTACT, suppressed={"email": SuppressionReason.HARD_BOUNCE})
    message = DueMessage(Channel.EMAIL, Purpose.TRANSACTIONAL, None)
    assert code_of(guard(message, dead, (), POLICY, NOW)) is Code.SUPPRESSED


def test_the_window_is_the_customers_not_the_studios() -> None:
    in_london = replace(CONTACT, timezone="Europe/London")
    at_six_in_london = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
    assert guard(MESSAGE, CONTACT, (), POLICY, at_six_in_london) == Admit()
    assert guard(MESSAGE, in_london, (), POLICY, at_six_in_london) == Hold(
        datetime(2026, 3, 2, 9, 0, tzinfo=UTC), Code.OUTSIDE_SEND_WINDOW
    )


def test_the_third_message_of_a_day_waits_for_the_next_morning() -> None:
    verdict = guard(MESSAGE, CONTACT, [Sent(NOW), Sent(NOW - timedelta(hours=2))], POLICY, NOW)
    assert verdict == Hold(datetime(2026, 3, 3, 3, 30, tzinfo=UTC), Code.THROTTLE_LIMIT)


def test_the_sixth_message_of_a_week_waits_until_the_first_is_seven_days_old() -> None:
    usage = [Sent(NOW - timedelta(days=days)) for days in (1, 2, 3, 4, 5)]
    verdict = guard(MESSAGE, CONTACT, usage, POLICY, NOW)
    assert verdict == Hold(datetime(2026, 3, 4, 3, 30, tzinfo=UTC), Code.THROTTLE_LIMIT)


@given(window=WINDOWS, zone=ZONES, now=MOMENTS)
def test_a_held_message_leaves_in_an_open_window_and_not_before(
    window: SendWindow, zone: ZoneInfo, now: datetime
) -> None:
    opening = next_opening(window, zone, now)
    assert opening >= now
    if is_open(window, zone, now):
        assert opening == now
    elif opening - now < timedelta(days=1):
        assert is_open(window, zone, opening)


@given(
    zone=ZONES,
    now=MOMENTS,
    start=st.integers(0, 23),
    hours=st.integers(1, 23),
)
def test_marketing_is_admitted_only_while_the_customers_own_clock_is_in_the_window(
    zone: ZoneInfo, now: datetime, start: int, hours: int
) -> None:
    policy = replace(POLICY, window=SendWindow(time(start), time((start + hours) % 24)))
    contact = replace(CONTACT, timezone=zone.key)
    verdict = guard(replace(MESSAGE, expires_at=None), contact, (), policy, now)
    in_window = (now.astimezone(zone).hour - start) % 24 < hours
    assert isinstance(verdict, Admit) == in_window


@given(
    zone=ZONES,
    gaps=st.lists(st.integers(0, 40 * 3600), min_size=1, max_size=40),
    daily=st.integers(0, 4),
    weekly=st.integers(0, 9),
)
def test_admitting_whenever_the_guard_says_so_never_exceeds_the_caps(
    zone: ZoneInfo, gaps: list[int], daily: int, weekly: int
) -> None:
    policy = replace(POLICY, window=SendWindow(time(0), time(23, 59)), daily_limit=daily, weekly_limit=weekly)
    contact = replace(CONTACT, timezone=zone.key)
    now, left = NOW, list[Sent]()
    for gap in gaps:
        now += timedelta(seconds=gap)
        verdict = guard(replace(MESSAGE, expires_at=None), contact, left, policy, now)
        if isinstance(verdict, Admit):
            left.append(Sent(now))
        else:
            assert isinstance(verdict, Hold)
            assert verdict.until > now
    days = [each.at.astimezone(zone).date() for each in left]
    for day in set(days):
        assert days.count(day) <= daily
        assert sum(day - timedelta(days=7) < each <= day for each in days) <= weekly


@given(zone=ZONES, day=st.dates(date(2024, 1, 1), date(2028, 12, 31)))
def test_a_capped_message_is_free_to_go_when_its_hold_ends(zone: ZoneInfo, day: date) -> None:
    contact = replace(CONTACT, timezone=zone.key)
    now = datetime.combine(day, time(15), zone).astimezone(UTC)
    usage = [Sent(now - timedelta(days=days)) for days in (1, 2, 3, 4, 5)]
    message = replace(MESSAGE, expires_at=None)
    held = guard(message, contact, usage, POLICY, now)
    assert isinstance(held, Hold)
    assert guard(message, contact, usage, POLICY, held.until) == Admit()


def reason_of(verdict: Verdict) -> str:
    assert isinstance(verdict, Hold)
    return verdict.reason


def test_a_hold_names_its_facts_in_the_customers_time() -> None:
    night = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
    today = [Sent(NOW), Sent(NOW - timedelta(hours=2))]
    week = [Sent(NOW - timedelta(days=days)) for days in (1, 2, 3, 4, 5)]
    none = replace(POLICY, daily_limit=0)
    assert reason_of(guard(MESSAGE, CONTACT, (), POLICY, night)) == "Quiet hours: open again 09:00"
    assert reason_of(guard(MESSAGE, CONTACT, today, POLICY, NOW)) == (
        "Daily limit of 2 reached: Mon 2 Mar 13:30, Mon 2 Mar 15:30"
    )
    assert reason_of(guard(MESSAGE, CONTACT, week, POLICY, NOW)) == (
        "Weekly limit of 5 reached: Wed 25 Feb 15:30, Thu 26 Feb 15:30, Fri 27 Feb 15:30, Sat 28 Feb 15:30, "
        "Sun 1 Mar 15:30"
    )
    assert reason_of(guard(MESSAGE, CONTACT, (), none, NOW)) == "Daily limit of 0 reached"


def test_a_journeys_own_limit_counts_only_its_own_messages_and_says_so() -> None:
    journey, other = uuid4(), uuid4()
    message = replace(MESSAGE, journey_id=journey, journey_limit=1)
    yesterday = NOW - timedelta(days=1)
    assert guard(message, CONTACT, [Sent(yesterday, other)], POLICY, NOW) == Admit()
    held = guard(message, CONTACT, [Sent(yesterday, journey)], POLICY, NOW)
    assert held == Hold(datetime(2026, 3, 8, 3, 30, tzinfo=UTC), Code.THROTTLE_LIMIT)
    assert reason_of(held) == "This journey's own limit of 1 in seven days reached: Sun 1 Mar 15:30"


@given(
    zone=ZONES,
    gaps=st.lists(st.tuples(st.integers(0, 60 * 3600), st.booleans()), min_size=1, max_size=40),
    limit=st.integers(0, 4),
)
def test_a_journey_never_exceeds_its_own_limit(
    zone: ZoneInfo, gaps: list[tuple[int, bool]], limit: int
) -> None:
    policy = replace(POLICY, window=SendWindow(time(0), time(23, 59)), daily_limit=9, weekly_limit=99)
    contact = replace(CONTACT, timezone=zone.key)
    own, other = uuid4(), uuid4()
    now, left = NOW, list[Sent]()
    for gap, is_own in gaps:
        now += timedelta(seconds=gap)
        message = replace(
            MESSAGE,
            expires_at=None,
            journey_id=own if is_own else other,
            journey_limit=limit if is_own else None,
        )
        if isinstance(guard(message, contact, left, policy, now), Admit):
            left.append(Sent(now, message.journey_id))
    days = [each.at.astimezone(zone).date() for each in left if each.journey_id == own]
    for day in set(days):
        assert sum(day - timedelta(days=7) < each <= day for each in days) <= limit


ONE_A_DAY = replace(POLICY, daily_limit=1)
IN_AN_HOUR = Rival(Channel.SMS, 2, NOW + timedelta(hours=1))


def test_a_more_important_message_later_today_holds_the_lesser_one_which_says_so() -> None:
    held = guard(MESSAGE, CONTACT, (), ONE_A_DAY, NOW, [IN_AN_HOUR])
    assert held == Hold(datetime(2026, 3, 3, 3, 30, tzinfo=UTC), Code.OUTRANKED)
    assert reason_of(held) == "More important messages go first (limits: 1 a day, 5 a week): Mon 2 Mar 16:30"


@pytest.mark.parametrize(
    ("rival", "policy", "priority"),
    [
        (IN_AN_HOUR, POLICY, 0),
        (IN_AN_HOUR, ONE_A_DAY, 2),
        (replace(IN_AN_HOUR, due_at=NOW + timedelta(days=1)), ONE_A_DAY, 0),
        (replace(IN_AN_HOUR, due_at=NOW + timedelta(hours=6)), ONE_A_DAY, 0),
        (replace(IN_AN_HOUR, channel=Channel.PUSH), ONE_A_DAY, 0),
    ],
    ids=["room for both", "as important", "tomorrow", "after hours", "no consent to it"],
)
def test_a_rival_that_needs_no_room_today_holds_nobody_back(
    rival: Rival, policy: Policy, priority: int
) -> None:
    assert guard(replace(MESSAGE, priority=priority), CONTACT, (), policy, NOW, [rival]) == Admit()


def test_who_came_after_a_more_important_message_is_told_so() -> None:
    usage = [Sent(NOW, None, 1)]
    assert code_of(guard(MESSAGE, CONTACT, usage, ONE_A_DAY, NOW)) is Code.OUTRANKED
    as_important = replace(MESSAGE, priority=1)
    assert code_of(guard(as_important, CONTACT, usage, ONE_A_DAY, NOW)) is Code.THROTTLE_LIMIT


def test_the_last_place_of_a_week_is_kept_for_the_more_important_message() -> None:
    usage = [Sent(NOW - timedelta(days=days)) for days in (1, 2, 3, 4)]
    assert code_of(guard(MESSAGE, CONTACT, usage, POLICY, NOW, [IN_AN_HOUR])) is Code.OUTRANKED


@given(
    zone=ZONES,
    now=MOMENTS,
    window=WINDOWS,
    waits=st.lists(st.tuples(st.integers(-3600, 40 * 3600), st.integers(0, 2)), max_size=6),
    daily=st.integers(0, 3),
)
def test_being_outranked_ends_and_never_happens_without_somebody_more_important(
    zone: ZoneInfo,
    now: datetime,
    window: SendWindow,
    waits: list[tuple[int, int]],
    daily: int,
) -> None:
    policy = replace(POLICY, window=window, daily_limit=daily)
    contact = replace(CONTACT, timezone=zone.key)
    rivals = [Rival(Channel.SMS, rank, now + timedelta(seconds=wait)) for wait, rank in waits]
    message = replace(MESSAGE, expires_at=None, priority=1)
    verdict = guard(message, contact, (), policy, now, rivals)
    if isinstance(verdict, Hold) and verdict.code is Code.OUTRANKED:
        assert verdict.until > now
        assert is_open(window, zone, verdict.until)
        assert sum(rival.priority > 1 for rival in rivals) >= daily
