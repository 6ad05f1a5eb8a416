"""A provider is given what it takes in about two seconds, and no more is in doubt at once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from engine.channels.interface import Account, Channel
from engine.delivery import handover
from engine.delivery.pace import FIRST, LEAST, MOST, Pace

MAIL = Account(uuid4(), Channel.EMAIL, "smtp", {}, {})
NULL = Account(uuid4(), Channel.EMAIL, "null", {}, {})
FAST, STEADY, SLOW = (timedelta(seconds=seconds) for seconds in (0.5, 1.5, 3))


def test_a_quick_provider_is_given_more_and_a_slow_one_less() -> None:
    pace = Pace()
    sizes = [pace.size(MAIL)]
    for took in (FAST, FAST, STEADY, SLOW, *[FAST] * 9):
        pace.learn(MAIL, pace.size(MAIL), took)
        sizes.append(pace.size(MAIL))
    assert sizes[:5] == [FIRST, 2 * FIRST, 4 * FIRST, 4 * FIRST, 2 * FIRST]
    assert sizes[-1] == MOST
    for _ in range(20):
        pace.learn(MAIL, pace.size(MAIL), SLOW)
    assert pace.size(MAIL) == LEAST


def test_a_few_quick_messages_prove_nothing() -> None:
    pace = Pace()
    pace.learn(MAIL, 3, FAST)
    assert pace.size(MAIL) == FIRST


def test_a_provider_for_which_there_was_no_time_left_is_given_what_it_took() -> None:
    pace = Pace()
    pace.learn(MAIL, 12, STEADY, left=FIRST - 12)
    assert pace.size(MAIL) == 12
    pace.learn(MAIL, 1, SLOW, left=11)
    assert pace.size(MAIL) == LEAST


def test_a_provider_that_is_nowhere_has_no_pace() -> None:
    pace = Pace()
    pace.learn(NULL, 500, SLOW)
    assert pace.size(NULL) == MOST


def test_no_more_is_in_the_providers_hands_at_once_than_it_takes(sender: Any, mail_server: Any) -> None:
    sender.connect_smtp(mail_server.port)
    sender.queue(sender.add_customers(200), channel="email")
    in_hand = []

    def look(envelope: Any) -> None:
        if not in_hand or len(mail_server.received) in (FIRST, 3 * FIRST):
            in_hand.append(sum(message.status == "sending" for message in sender.messages()))

    mail_server.answer = look
    sizes = []
    while handled := handover.deliver_due(sender.tenant, worker="test", clock=sender.clock):
        sizes.append(handled)
    assert sizes == [FIRST, 2 * FIRST, FIRST]
    assert in_hand == sizes
    assert len(mail_server.received) == 200


def test_the_local_inbox_takes_what_a_slow_provider_leaves_waiting(sender: Any, mail_server: Any) -> None:
    sender.connect_smtp(mail_server.port)
    sender.queue(sender.add_customers(80), channel="email")
    sender.queue(sender.add_customers(80), channel="sms")
    assert handover.deliver_due(sender.tenant, worker="test", clock=sender.clock) == FIRST + 80


def test_what_a_slow_provider_has_no_time_for_goes_back_as_if_nobody_had_taken_it(
    sender: Any, mail_server: Any
) -> None:
    sender.connect_smtp(mail_server.port)
    sender.queue(sender.add_customers(30), channel="email", purpose="transactional")
    sender.clock.step = timedelta(milliseconds=50)
    handover.deliver_due(sender.tenant, worker="test", clock=sender.clock)
    sender.clock.step = timedelta()
    sent = [message for message in sender.messages() if message.status == "sent"]
    back = [message for message in sender.messages() if message.status == "queued"]
    assert 0 < len(sent) == len(mail_server.received) < 30
    assert len(sent) + len(back) == 30
    assert all((each.attempts, each.admitted_at, each.claimed_by) == (0, None, None) for each in back)
    sender.deliver()
    assert {message.status for message in sender.messages()} == {"sent"}
    assert len(mail_server.received) == 30
