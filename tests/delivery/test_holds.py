"""Why messages were held, kept for whoever asks later (J14)."""

from datetime import datetime, timedelta
from typing import Any

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.delivery.log import HoldRow, message_holds


def holds_of(sender: Any) -> list[list[HoldRow]]:
    with tenant_session(sender.tenant) as session:
        messages = sender.messages()
        holds = message_holds(session, [message.id for message in messages])
    return [holds.get(message.id, []) for message in messages]


def test_every_hold_of_a_message_is_kept_with_its_facts(sender: Any) -> None:
    sender.clock.now = datetime.fromisoformat("2026-03-02T23:00:00+05:30")
    (customer,) = sender.add_customers(1)
    for _ in range(3):
        sender.queue([customer])
    sender.deliver()
    sender.clock.now = datetime.fromisoformat("2026-03-03T09:00:00+05:30")
    sender.deliver()
    first, _, third = holds_of(sender)
    assert [(hold.code, hold.reason) for hold in first] == [
        ("MARKETING_050", "Quiet hours: open again 09:00")
    ]
    assert [hold.code for hold in third] == ["MARKETING_050", "MARKETING_051"]
    assert third[1].reason == "Daily limit of 2 reached: Tue 3 Mar 09:00, Tue 3 Mar 09:00"
    assert third[1].until == datetime.fromisoformat("2026-03-04T09:00:00+05:30")


def test_a_message_that_was_never_held_has_no_holds(sender: Any) -> None:
    sender.queue(sender.add_customers(1))
    sender.deliver()
    assert holds_of(sender) == [[]]


def test_a_window_that_closes_during_hand_over_is_kept_too(sender: Any, mail_server: Any) -> None:
    sender.connect_smtp(mail_server.port)
    sender.queue(sender.add_customers(40), channel="email")
    sender.clock.now = datetime.fromisoformat("2026-03-02T20:59:55+05:30")
    sender.clock.step = timedelta(milliseconds=100)
    sender.deliver()
    held = [holds for message, holds in zip(sender.messages(), holds_of(sender), strict=True) if holds]
    assert held
    assert {hold.reason for holds in held for hold in holds} == {"Quiet hours: open again 09:00"}


def test_a_journeys_own_limit_holds_its_next_message_but_no_other_journeys(sender: Any) -> None:
    own, other = new_id(), new_id()
    (customer,) = sender.add_customers(1)
    for journey, limit in ((own, 1), (own, 1), (other, None)):
        sender.queue([customer], journey_id=journey, journey_limit=limit)
    sender.deliver()
    assert [message.status for message in sender.messages()] == ["sent", "queued", "sent"]
    assert holds_of(sender)[1][0].reason.startswith(
        "This journey's own limit of 1 in seven days reached: Mon 2"
    )
