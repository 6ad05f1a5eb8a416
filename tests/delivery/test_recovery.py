"""What becomes of messages whose worker died: its journal decides."""

from datetime import timedelta
from typing import Any

import pytest

from engine.channels.interface import Answer, Outcome
from engine.core.ids import new_id
from engine.delivery import handover, journal
from engine.delivery.journal import Journal
from engine.delivery.recovery import recover_sending


def recover(sender: Any, after: timedelta = timedelta(minutes=1)) -> int:
    return recover_sending(sender.tenant, now=sender.clock() + after)


def state(sender: Any) -> Any:
    return sender.messages()[0]


def test_what_never_left_is_queued_again(sender: Any) -> None:
    dead = Journal(now=sender.clock())
    sender.claim(dead.name)
    dead.abandon()
    assert recover(sender) == 1
    assert (state(sender).status, state(sender).admitted_at) == ("queued", None)


def test_what_was_accepted_is_sent(sender: Any) -> None:
    dead = Journal(now=sender.clock())
    message = sender.claim(dead.name)
    dead.leaving(message)
    dead.answered(message, Answer(Outcome.ACCEPTED, "<their-id@example.in>"))
    dead.abandon()
    recover(sender)
    assert (state(sender).status, state(sender).provider_message_id) == ("sent", "<their-id@example.in>")


def test_what_was_refused_is_queued_again(sender: Any) -> None:
    dead = Journal(now=sender.clock())
    message = sender.claim(dead.name)
    dead.leaving(message)
    dead.answered(message, Answer(Outcome.LATER))
    dead.abandon()
    recover(sender)
    assert state(sender).status == "queued"


def test_what_left_without_an_answer_is_uncertain_and_never_sent_again(sender: Any) -> None:
    dead = Journal(now=sender.clock())
    message = sender.claim(dead.name)
    dead.leaving(message)
    dead.abandon()
    recover(sender)
    assert state(sender).status == "uncertain"
    assert state(sender).reason
    assert sender.deliver() == 0
    assert state(sender).admitted_at is not None


def test_a_living_workers_messages_are_left_alone(sender: Any) -> None:
    living = Journal(now=sender.clock())
    sender.claim(living.name)
    assert recover(sender) == 0
    assert state(sender).status == "sending"
    living.close()


def test_a_lost_journal_or_another_boot_leaves_doubt(sender: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = Journal(now=sender.clock())
    sender.claim(dead.name)
    dead.abandon()
    monkeypatch.setattr(journal, "boot_id", lambda: "another")
    recover(sender)
    assert state(sender).status == "uncertain"


def test_another_machines_claims_wait_ten_minutes_for_it_to_come_back(sender: Any) -> None:
    sender.claim(f"elsewhere:{new_id().hex}")
    assert recover(sender, timedelta(minutes=9)) == 0
    assert recover(sender, timedelta(minutes=10)) == 1
    assert state(sender).status == "uncertain"


def test_answers_that_could_not_be_committed_are_recovered_from_the_journal(
    sender: Any, mail_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.connect_smtp(mail_server.port)
    sender.queue(sender.add_customers(5), channel="email")

    def fail(*args: Any, **more: Any) -> None:
        raise ConnectionError("the database went away")

    with monkeypatch.context() as broken:
        broken.setattr(handover, "settle", fail)
        with pytest.raises(ConnectionError):
            sender.deliver()
    assert len(mail_server.received) == 5
    assert recover(sender) == 5
    assert {message.status for message in sender.messages()} == {"sent"}
    sender.deliver()
    assert len(mail_server.received) == 5
