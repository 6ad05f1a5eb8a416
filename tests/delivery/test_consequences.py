"""What follows once it is decided what becomes of a message: somebody who waits is told, once."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine.channels.interface import Answer, Outcome
from engine.channels.reports import Report, Reported, ReportKind
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.delivery.journal import Journal
from engine.delivery.receipts import apply_receipts, take_receipts
from engine.delivery.recovery import recover_sending
from engine.events.models import Event

ENROLMENT = new_id()
PLACE = {"journey_id": new_id(), "enrolment_id": ENROLMENT, "node_id": "tell"}


def happened(sender: Any, name: str = "message.%") -> list[Any]:
    with tenant_session(sender.tenant) as session:
        return list(session.scalars(select(Event).where(Event.name.like(name)).order_by(Event.id)))


def names(sender: Any) -> list[str]:
    return [event.name for event in happened(sender)]


def test_an_announced_message_that_is_sent_says_so_with_its_place_in_the_journey(sender: Any) -> None:
    sender.queue(sender.add_customers(2), announce=True, **PLACE)
    sender.deliver()
    events = happened(sender)
    assert [event.name for event in events] == ["message.sent"] * 2
    assert {event.properties["message_id"] for event in events} == {str(m.id) for m in sender.messages()}
    assert {event.properties["enrolment_id"] for event in events} == {str(ENROLMENT)}
    assert {event.properties["node_id"] for event in events} == {"tell"}


def test_what_nobody_waits_for_is_not_announced(sender: Any) -> None:
    sender.queue(sender.add_customers(2))
    sender.queue(sender.add_customers(1, consents=()))
    sender.deliver()
    assert names(sender) == []


def test_a_refused_message_is_announced_with_its_code(sender: Any) -> None:
    sender.queue(sender.add_customers(1, consents=()), announce=True)
    sender.deliver()
    (event,) = happened(sender)
    assert (event.name, event.properties["code"]) == ("message.skipped", "MARKETING_010")


def test_a_held_message_is_not_announced_before_it_leaves(sender: Any) -> None:
    (customer,) = sender.add_customers(1)
    for _ in range(3):
        sender.queue([customer], announce=True)
    sender.deliver()
    assert names(sender) == ["message.sent"] * 2
    sender.clock.now = sender.messages()[2].due_at
    sender.deliver()
    assert names(sender) == ["message.sent"] * 3


@pytest.mark.parametrize(("answer", "name"), [(None, "message.sent"), ("550 5.1.1 Nobody", "message.failed")])
def test_what_a_provider_answers_is_announced(
    sender: Any, mail_server: Any, answer: str | None, name: str
) -> None:
    sender.connect_smtp(mail_server.port)
    mail_server.answer = lambda envelope: answer
    sender.queue(sender.add_customers(1), channel="email", announce=True)
    sender.deliver()
    assert names(sender) == [name]


def test_a_provider_that_is_down_is_no_decision(sender: Any) -> None:
    sender.connect_smtp(1)
    sender.queue(sender.add_customers(1), channel="email", announce=True)
    sender.deliver()
    assert names(sender) == []


@pytest.mark.parametrize(
    ("answer", "name"),
    [(Answer(Outcome.ACCEPTED, "<id@example.in>"), "message.sent"), (None, "message.uncertain")],
)
def test_what_recovery_finds_out_is_announced(sender: Any, answer: Answer | None, name: str) -> None:
    dead = Journal(now=sender.clock())
    message = sender.claim(dead.name, announce=True)
    dead.leaving(message)
    if answer:
        dead.answered(message, answer)
    dead.abandon()
    recover_sending(sender.tenant, now=sender.clock() + timedelta(minutes=1))
    assert names(sender) == [name]


def test_a_late_failure_is_announced_once_though_the_provider_reports_it_too(sender: Any) -> None:
    sender.connect_null("whatsapp")
    sender.queue(sender.add_customers(1), announce=True)
    sender.deliver()
    report(sender, Reported.SENT, "1")
    report(sender, Reported.FAILED, "2", code="131026")
    assert names(sender) == ["message.sent", "message.failed"]
    assert happened(sender)[1].properties["code"] == "SAFAR_020"


def test_a_receipt_names_the_enrolment(sender: Any) -> None:
    sender.connect_null("whatsapp")
    sender.queue(sender.add_customers(1), **PLACE)
    sender.deliver()
    report(sender, Reported.DELIVERED, "1")
    (event,) = happened(sender)
    assert event.properties["enrolment_id"] == str(ENROLMENT)


def report(sender: Any, status: Reported, key: str, *, code: str | None = None) -> None:
    """The provider reports on the first message."""
    told = Report(
        ReportKind.STATUS,
        key,
        sender.clock(),
        status=status,
        reference=str(sender.messages()[0].id),
        code=code,
    )
    with tenant_session(sender.tenant) as session:
        take_receipts(session, sender.tenant, "whatsapp_cloud", [told], now=sender.clock())
    apply_receipts(sender.tenant, now=sender.clock())
