"""What customers say: taken to heart, noted with the message it answers, and handed over to the staff."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event, select

from engine.channels.reports import Report, Reported, ReportKind
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.models import Notification
from engine.customers.consent import consents_of
from engine.customers.models import CustomerIdentity, Suppression
from engine.delivery.models import Conversation
from engine.delivery.receipts import apply_receipts, take_receipts
from engine.events.models import Event

STOP, RESUME, REPLY = ReportKind.STOP, ReportKind.RESUME, ReportKind.REPLY


def people(sender: Any, number: int) -> dict[str, UUID]:
    """Customers by their phone number."""
    found = {}
    for index in range(number):
        phone = f"+9198765{index:05}"
        (found[phone],) = sender.add_customers(1, phone=phone)
    with tenant_session(sender.tenant) as session:
        session.add_all(
            CustomerIdentity(tenant_id=sender.tenant, kind="phone", value=phone, customer_id=customer)
            for phone, customer in found.items()
        )
    return found


def says(sender: Any, phone: str, words: str, kind: ReportKind = REPLY, **more: Any) -> Report:
    sender.clock.now += timedelta(seconds=1)
    return Report(kind, new_id().hex, sender.clock(), address=phone, text=words, **more)


def apply(sender: Any, *reports: Report) -> None:
    with tenant_session(sender.tenant) as session:
        take_receipts(session, sender.tenant, "whatsapp_cloud", reports, now=sender.clock())
    apply_receipts(sender.tenant, now=sender.clock())


def happened(sender: Any, name: str) -> list[Any]:
    with tenant_session(sender.tenant) as session:
        return list(session.scalars(select(Event).where(Event.name == name).order_by(Event.occurred_at)))


def conversations(sender: Any) -> dict[UUID, Conversation]:
    with tenant_session(sender.tenant) as session:
        return {each.customer_id: each for each in session.scalars(select(Conversation))}


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The statements that run meanwhile."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_reply_opens_a_conversation_and_the_next_goes_on_with_it(sender: Any) -> None:
    ((phone, customer),) = people(sender, 1).items()
    apply(sender, says(sender, phone, "Is Sunday free?"), says(sender, phone, "x" * 3_000))
    (talk,) = conversations(sender).values()
    assert (talk.customer_id, talk.channel, talk.replies, talk.status) == (customer, "whatsapp", 2, "open")
    assert talk.last_text == "x" * 1_000
    assert talk.last_at == sender.clock()
    with tenant_session(sender.tenant) as session:
        session.get_one(Conversation, (sender.tenant, customer)).status = "done"
    apply(sender, says(sender, phone, "Hello?"))
    (talk,) = conversations(sender).values()
    assert (talk.last_text, talk.replies, talk.status) == ("Hello?", 3, "open")


def test_a_reply_rings_the_bell_and_leads_to_the_desk(sender: Any) -> None:
    ((phone, customer),) = people(sender, 1).items()
    apply(sender, says(sender, phone, "Is the class full?"))
    with tenant_session(sender.tenant) as session:
        told = session.scalars(select(Notification)).one()
    assert (told.kind, told.text) == ("reply", "Asha Rao: Is the class full?")
    assert told.link == f"/desk?customer={customer}"


def test_a_reply_that_comes_late_does_not_hide_newer_words(sender: Any) -> None:
    ((phone, _),) = people(sender, 1).items()
    early, late = says(sender, phone, "first"), says(sender, phone, "second")
    apply(sender, late)
    apply(sender, early)
    (talk,) = conversations(sender).values()
    assert (talk.last_text, talk.last_at, talk.replies) == ("second", late.at, 2)


def test_a_reply_is_noted_with_the_last_message_or_with_the_one_it_quotes(sender: Any) -> None:
    ((phone, customer),) = people(sender, 1).items()
    for _ in range(2):
        sender.queue([customer], enrolment_id=new_id())
        sender.clock.now += timedelta(minutes=1)
        sender.deliver()
    first, second = sender.messages()
    apply(
        sender,
        says(sender, phone, "To the last"),
        says(sender, phone, "To the first", provider_message_id=first.provider_message_id),
    )
    last, quoting = happened(sender, "message.replied")
    assert (last.properties["message_id"], last.properties["text"]) == (str(second.id), "To the last")
    assert quoting.properties["enrolment_id"] == str(first.enrolment_id)
    assert all(message.replied_at for message in sender.messages())


def test_words_out_of_the_blue_are_an_event_too(sender: Any) -> None:
    ((phone, customer),) = people(sender, 1).items()
    apply(sender, says(sender, phone, "Do you have a class on Sunday?"))
    (event_,) = happened(sender, "message.replied")
    assert (event_.customer_id, event_.properties["message_id"]) == (customer, "")
    assert event_.properties["channel"] == "whatsapp"


def test_stop_is_no_conversation_and_the_last_wish_counts(sender: Any) -> None:
    (first, asha), (second, rohan) = people(sender, 2).items()
    apply(
        sender,
        says(sender, first, "STOP", STOP),
        says(sender, second, "STOP", STOP),
        says(sender, second, "Start", RESUME),
    )
    with tenant_session(sender.tenant) as session:
        state = {
            who: next(each.state for each in consents_of(session, who) if each.channel == "whatsapp")
            for who in (asha, rohan)
        }
        suppressed = session.scalars(select(Suppression.customer_id)).all()
    assert state == {asha: "withdrawn", rohan: "granted"}
    assert suppressed == [asha]
    assert [each.customer_id for each in happened(sender, "consent.withdrawn")] == [asha]
    assert conversations(sender) == {}


def test_many_voices_cost_as_many_statements_as_one(sender: Any) -> None:
    sender.connect_null("whatsapp")
    crowd = people(sender, 41)
    sender.queue(list(crowd.values()))
    sender.deliver()
    kinds = (STOP, RESUME, REPLY)
    phones = list(crowd)

    def batch(chosen: list[str]) -> list[Report]:
        words = [says(sender, phone, "Hello", kind) for phone in chosen for kind in kinds]
        failed = [
            Report(
                ReportKind.STATUS,
                new_id().hex,
                sender.clock(),
                Reported.FAILED,
                reference=str(message.id),
                code="131050",
            )
            for message in sender.messages()
            if message.customer_id in {crowd[phone] for phone in chosen}
        ]
        return words + failed

    few, many = batch(phones[:1]), batch(phones[1:])
    with counted_statements() as first:
        apply(sender, *few)
    with counted_statements() as second:
        apply(sender, *many)
    assert len(first) == len(second)


def test_words_of_an_unknown_provider_stop_nobody_elses(sender: Any) -> None:
    ((phone, customer),) = people(sender, 1).items()
    with tenant_session(sender.tenant) as session:
        take_receipts(session, sender.tenant, "pigeon", [says(sender, phone, "Coo")], now=sender.clock())
    apply(sender, says(sender, phone, "Hello"))
    (talk,) = conversations(sender).values()
    assert (talk.customer_id, talk.last_text, talk.replies) == (customer, "Hello", 1)
