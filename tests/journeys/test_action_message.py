"""Sending: at once or in the best hour, by another channel when one fails, and a way on for what was not sent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.delivery.models import Message, MessageStatus
from engine.journeys.best_hour import next_best
from engine.journeys.models import EnrolmentStatus
from engine.templates.models import Template

Build = Callable[..., dict[str, Any]]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def sending(studio: Any, build: Build, step: Build) -> Callable[..., dict[str, Any]]:
    """A journey with one message step of this config, and exits behind its ways on."""

    def graph(**config: Any) -> dict[str, Any]:
        nodes = [
            step("t", "trigger.event", event="Order Completed"),
            step(
                "m",
                "action.message",
                **({"channel": "whatsapp", "template_id": str(studio.template)} | config),
            ),
            step("sent", "exit"),
            step("not", "exit"),
        ]
        branches = config.get("on_failure") == "branch"
        ways = ["t > m", "m > sent", *(["m.failed > not"] if branches else [])]
        return build(nodes if branches else nodes[:-1], *ways)

    return graph


@pytest.fixture
def sms(studio: Any) -> UUID:
    """A template for text messages."""
    template_id = new_id()
    with tenant_session(studio.tenant) as session:
        session.add(
            Template(
                id=template_id,
                tenant_id=studio.tenant,
                name="Thanks by SMS",
                channel="sms",
                template_type="promotional",
                contents={"en": {"body": "Thank you"}},
            )
        )
    return template_id


def settle(studio: Any, at: datetime, status: MessageStatus, event: str, **columns: Any) -> None:
    """What becomes of every message, and the event that tells of it."""
    with tenant_session(studio.tenant) as session:
        session.execute(update(Message).values(status=status, **columns))
    studio.send_event(event, [message.customer_id for message in studio.messages()], at=at)
    studio.pass_time(at)


def test_by_default_nobody_waits_for_the_message(studio: Any, sending: Callable[..., Any]) -> None:
    (customer,) = studio.add_reachable(1)
    studio.begin(sending(), [customer])
    assert studio.enrolment(customer).status == EnrolmentStatus.EXITED
    (message,) = studio.messages()
    assert (message.announce, message.fallback, message.due_at) == (False, None, studio.now)


def test_with_two_ways_on_the_customer_waits_until_it_has_left(
    studio: Any, sending: Callable[..., Any]
) -> None:
    (customer,) = studio.add_reachable(1, "whatsapp")
    studio.begin(sending(on_failure="branch"), [customer])
    assert studio.ports("m") == {} and studio.enrolment(customer).due_at == studio.now + 8 * DAY
    studio.deliver(studio.now + HOUR)
    assert studio.ports("m") == {customer: "next"}
    assert studio.why("m", customer) == "Sent by whatsapp"
    assert len(studio.messages()) == 1


def test_a_skipped_message_takes_the_other_way_and_says_why(studio: Any, sending: Callable[..., Any]) -> None:
    (customer,) = studio.add_reachable(1)
    studio.begin(sending(on_failure="branch"), [customer])
    studio.deliver(studio.now)
    assert studio.ports("m") == {customer: "failed"}
    assert studio.why("m", customer) == "Not sent: No consent to marketing by whatsapp"


@pytest.mark.parametrize(
    ("status", "event", "port"),
    [
        (MessageStatus.SENT, "message.sent", "next"),
        (MessageStatus.DELIVERED, "message.sent", "next"),
        (MessageStatus.READ, "message.read", "next"),
        (MessageStatus.UNCERTAIN, "message.uncertain", "next"),
        (MessageStatus.FAILED, "message.failed", "failed"),
        (MessageStatus.SKIPPED, "message.skipped", "failed"),
    ],
)
def test_what_became_of_it_decides(
    studio: Any, sending: Callable[..., Any], status: MessageStatus, event: str, port: str
) -> None:
    (customer,) = studio.add_reachable(1)
    studio.begin(sending(on_failure="branch"), [customer])
    settle(studio, studio.now + HOUR, status, event)
    assert studio.ports("m") == {customer: port}


def test_what_has_not_left_after_eight_days_was_not_sent(studio: Any, sending: Callable[..., Any]) -> None:
    (customer,) = studio.add_reachable(1)
    studio.begin(sending(on_failure="branch"), [customer])
    studio.pass_time(studio.now + 8 * DAY - timedelta(microseconds=1))
    assert studio.ports("m") == {}
    studio.pass_time(studio.now + 8 * DAY)
    assert studio.why("m", customer) == "Not sent: it could not leave in time"


def test_woken_early_it_waits_on_and_queues_nothing_anew(studio: Any, sending: Callable[..., Any]) -> None:
    (customer,) = studio.add_reachable(1)
    studio.begin(sending(on_failure="branch"), [customer])
    studio.send_event("message.opened", [customer], at=studio.now + HOUR)
    studio.pass_time(studio.now + HOUR)
    assert studio.enrolment(customer).due_at == studio.now + 8 * DAY
    assert len(studio.messages()) == 1


def test_each_turn_of_a_loop_sends_and_waits_anew(studio: Any, build: Build, step: Build) -> None:
    nodes = [
        step("t", "trigger.event", event="Order Completed"),
        step(
            "m", "action.message", channel="whatsapp", template_id=str(studio.template), on_failure="branch"
        ),
        step("w", "wait.duration", duration={"amount": 1, "unit": "days"}),
        step("x", "exit"),
    ]
    (customer,) = studio.add_reachable(1, "whatsapp")
    studio.begin(build(nodes, "t > m", "m > w", "w > m", "m.failed > x"), [customer])
    for day in range(2):
        studio.pass_time(studio.now + day * DAY)
        studio.deliver(studio.now + day * DAY)
    assert studio.enrolment(customer).node_id == "w"
    assert len(studio.messages()) == 2


def test_another_channel_takes_over_and_counts_as_sent(
    studio: Any, sending: Callable[..., Any], sms: UUID
) -> None:
    (customer,) = studio.add_reachable(1, "sms")
    fallback = {"channel": "sms", "template_id": str(sms)}
    studio.begin(sending(on_failure="branch", fallback=fallback), [customer])
    studio.deliver(studio.now)
    studio.deliver(studio.now)
    refused, taken_over = studio.messages()
    assert (refused.channel, refused.status) == ("whatsapp", MessageStatus.SKIPPED)
    assert (taken_over.channel, taken_over.template_id, taken_over.node_id) == ("sms", sms, "m")
    assert studio.ports("m") == {customer: "next"}


def test_the_other_channel_must_be_another_one_with_a_template_of_its_own(
    studio: Any, sending: Callable[..., Any], sms: UUID
) -> None:
    def codes(channel: str, template_id: UUID) -> list[tuple[str, str | None]]:
        fallback = {"channel": channel, "template_id": str(template_id)}
        return [(each.code, each.field) for each in studio.problems(sending(fallback=fallback))]

    assert codes("sms", sms) == []
    assert codes("whatsapp", studio.template) == [("same_channel", "fallback")]
    assert codes("sms", studio.template) == [("template_channel", "fallback")]
    assert codes("sms", uuid4()) == [("unknown_template", "fallback")]


def test_the_best_hour_is_awaited_by_the_customers_own_clock(
    studio: Any, sending: Callable[..., Any]
) -> None:
    at_home, in_london, new = (
        studio.add_reachable(1, "whatsapp"),
        studio.add_reachable(1, "whatsapp", timezone="Europe/London"),
        studio.add_reachable(1, "whatsapp"),
    )
    evening = datetime(2026, 2, 20, 13, 10, tzinfo=UTC)  # 18:40 in India, 13:10 in London
    for day in range(3):
        studio.send_event("message.opened", at_home + in_london, at=evening + day * DAY)
    for day in range(2):
        studio.send_event("message.clicked", new, at=evening + day * DAY)
    studio.begin(sending(send_time="best_hour"), at_home + in_london + new)
    due = {message.customer_id: message.due_at for message in studio.messages()}
    assert due[at_home[0]] == datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
    assert due[in_london[0]] == datetime(2026, 3, 2, 13, tzinfo=UTC)
    assert due[new[0]] == studio.now


def test_habits_of_long_ago_and_other_events_do_not_count(studio: Any, sending: Callable[..., Any]) -> None:
    customers = studio.add_reachable(1, "whatsapp")
    for name, age in (("message.opened", 91), ("message.delivered", 3)):
        for hour in range(4):
            studio.send_event(name, customers, at=studio.now - age * DAY + hour * HOUR)
    studio.begin(sending(send_time="best_hour"), customers)
    assert [message.due_at for message in studio.messages()] == [studio.now]


@pytest.mark.parametrize(
    ("zone", "hour", "now", "due"),
    [
        ("Asia/Kolkata", 15, "2026-03-02T15:30+05:30", "2026-03-02T15:30+05:30"),
        ("Asia/Kolkata", 9, "2026-03-02T15:30+05:30", "2026-03-03T09:00+05:30"),
        ("America/New_York", 2, "2026-03-07T20:00-05:00", "2026-03-08T03:00-04:00"),
        ("America/New_York", 1, "2026-10-31T20:00-04:00", "2026-11-01T01:00-04:00"),
        ("Pacific/Chatham", 3, "2026-09-26T20:00+12:45", "2026-09-27T04:00+13:45"),
        ("Pacific/Chatham", 3, "2026-04-04T20:00+13:45", "2026-04-05T03:00+13:45"),
    ],
)
def test_the_best_hour_is_found_on_both_sides_of_a_change_of_clocks(
    zone: str, hour: int, now: str, due: str
) -> None:
    place = ZoneInfo(zone)
    looks = [datetime(2026, 1, day, hour, 20, tzinfo=place) for day in range(1, 4)]
    assert next_best(looks, place, datetime.fromisoformat(now)) == datetime.fromisoformat(due)


def test_of_two_hours_used_as_often_the_later_habit_wins() -> None:
    zone = ZoneInfo("Asia/Kolkata")
    looks = [datetime(2026, 1, day, hour, tzinfo=zone) for day, hour in ((1, 9), (2, 9), (3, 20), (4, 20))]
    assert next_best(looks, zone, datetime(2026, 3, 2, 10, tzinfo=zone)).astimezone(zone).hour == 20
