"""What follows once it is decided what becomes of a message: somebody who waits is told, once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine.channels.interface import Answer, Outcome
from engine.channels.reports import Report, Reported, ReportKind
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.tenants import update_settings
from engine.customers.consent import opt_out
from engine.delivery.handover import deliver_due
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


def by_sms(sender: Any) -> dict[str, str]:
    return {"channel": "sms", "template_id": str(sender.templates["sms"])}


def told(sender: Any) -> list[tuple[str, str, str | None]]:
    return [(message.channel, message.status, message.reason) for message in sender.messages()]


def test_without_consent_for_whatsapp_the_text_message_goes_in_its_place(sender: Any) -> None:
    (customer,) = sender.add_customers(1, consents=("sms",))
    sender.queue([customer], fallback=by_sms(sender), announce=True, priority=1, journey_limit=4, **PLACE)
    sender.deliver()
    original, replacement = sender.messages()
    assert (original.status, original.code) == ("skipped", "MARKETING_010")
    assert original.reason == "No consent to marketing by whatsapp; sent by sms instead"
    assert (replacement.channel, replacement.status, replacement.fallback) == ("sms", "sent", None)
    assert (replacement.priority, replacement.journey_limit) == (1, 4)
    assert (replacement.enrolment_id, replacement.node_id) == (ENROLMENT, "tell")
    (event,) = happened(sender)
    assert (event.name, event.properties["message_id"]) == ("message.sent", str(replacement.id))


def test_who_opted_out_is_not_chased_on_another_channel(sender: Any) -> None:
    (customer,) = sender.add_customers(1)
    sender.queue([customer], fallback=by_sms(sender), announce=True)
    with tenant_session(sender.tenant) as session:
        opt_out(
            session,
            sender.tenant,
            customer,
            channel="whatsapp",
            source="staff",
            actor="test",
            now=sender.clock(),
        )
    sender.deliver()
    assert [message.status for message in sender.messages()] == ["skipped"]
    assert names(sender)[-1] == "message.skipped"


def test_what_waited_too_long_is_not_sent_by_another_channel_either(sender: Any) -> None:
    sender.queue(sender.add_customers(1), fallback=by_sms(sender))
    sender.clock.now += timedelta(days=8)
    sender.deliver()
    assert [message.code for message in sender.messages()] == ["SAFAR_022"]


def test_a_replacement_that_cannot_leave_either_is_announced_as_skipped(sender: Any) -> None:
    sender.queue(sender.add_customers(1, phone=None), fallback=by_sms(sender), announce=True)
    sender.deliver()
    assert [message.status for message in sender.messages()] == ["skipped", "skipped"]
    assert names(sender) == ["message.skipped"]


def test_a_mail_the_server_refuses_is_sent_by_text_message(sender: Any, mail_server: Any) -> None:
    sender.connect_smtp(mail_server.port)
    mail_server.answer = lambda envelope: "554 5.7.1 Not from you"
    sender.queue(sender.add_customers(1), channel="email", fallback=by_sms(sender))
    sender.deliver()
    assert told(sender) == [
        ("email", "failed", "5.7.1: 5.7.1 Not from you; sent by sms instead"),
        ("sms", "sent", None),
    ]


def test_a_late_failure_is_replaced_once_however_often_it_is_reported(sender: Any) -> None:
    sender.connect_null("whatsapp")
    sender.queue(sender.add_customers(1), fallback=by_sms(sender), announce=True)
    sender.deliver()
    report(sender, Reported.FAILED, "1", code="131026", reason="Not on WhatsApp")
    report(sender, Reported.FAILED, "2", code="131026", reason="Not on WhatsApp")
    sender.deliver()
    assert told(sender) == [
        ("whatsapp", "failed", "131026: Not on WhatsApp; sent by sms instead"),
        ("sms", "sent", None),
    ]
    assert names(sender) == ["message.sent", "message.sent"]


def test_a_late_failure_leaves_room_under_the_cap_for_its_replacement(sender: Any) -> None:
    with tenant_session(sender.tenant) as session:
        limit = {"daily_message_limit_per_customer": 1}
        update_settings(session, sender.tenant, limit, actor="test", now=sender.clock())
    sender.connect_null("whatsapp")
    sender.queue(sender.add_customers(1), fallback=by_sms(sender))
    sender.deliver()
    report(sender, Reported.FAILED, "1", code="131026")
    sender.deliver()
    assert [message.status for message in sender.messages()] == ["failed", "sent"]


def test_a_late_opt_out_at_the_provider_is_not_replaced(sender: Any) -> None:
    sender.connect_null("whatsapp")
    sender.queue(sender.add_customers(1), fallback=by_sms(sender))
    sender.deliver()
    report(sender, Reported.FAILED, "1", code="131050")
    assert [message.code for message in sender.messages()] == ["MARKETING_011"]


def test_what_may_have_arrived_is_not_replaced(sender: Any) -> None:
    dead = Journal(now=sender.clock())
    message = sender.claim(dead.name, fallback=by_sms(sender))
    dead.leaving(message)
    dead.abandon()
    recover_sending(sender.tenant, now=sender.clock() + timedelta(minutes=1))
    assert [message.status for message in sender.messages()] == ["uncertain"]


def test_workers_side_by_side_queue_each_replacement_once(sender: Any) -> None:
    sender.queue(sender.add_customers(60, consents=("sms",)), fallback=by_sms(sender))

    def work(_: int) -> None:
        while deliver_due(sender.tenant, worker="test", clock=sender.clock, limit=7):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    sender.deliver()
    states = Counter((message.channel, message.status) for message in sender.messages())
    assert states == {("whatsapp", "skipped"): 60, ("sms", "sent"): 60}


def report(
    sender: Any, status: Reported, key: str, *, code: str | None = None, reason: str | None = None
) -> None:
    """The provider reports on the first message."""
    news = Report(
        ReportKind.STATUS,
        key,
        sender.clock(),
        status=status,
        reference=str(sender.messages()[0].id),
        code=code,
        reason=reason,
    )
    with tenant_session(sender.tenant) as session:
        take_receipts(session, sender.tenant, "whatsapp_cloud", [news], now=sender.clock())
    apply_receipts(sender.tenant, now=sender.clock())
