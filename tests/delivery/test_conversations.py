"""Conversations: who waits for an answer, what was said, and the staff's own words on their way."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.core.accounts import create_user
from engine.core.db import tenant_session
from engine.core.errors import Conflict, InvalidInput, NotFound
from engine.core.ids import key_of, new_id
from engine.core.models import Role
from engine.delivery.conversations import (
    answer,
    assign,
    close,
    count_open,
    list_conversations,
    read_conversation,
    reopen,
    thread,
)
from engine.delivery.models import Conversation
from engine.events.record import NewEvent, record
from engine.templates.models import Template

HINDI = "नमस्ते! क्या रविवार को जगह है? "


@pytest.fixture
def asha(sender: Any) -> UUID:
    """One of the staff."""
    return create_user(
        sender.tenant, f"a-{sender.tenant.hex[-8:]}@example.in", "Asha", Role.RECEPTIONIST, "a long one"
    )


def _write(
    sender: Any, customer: UUID, words: str, *, channel: str = "whatsapp", at: datetime | None = None
) -> None:
    """The customer writes: an event, and the conversation as the receipts leave it."""
    moment = at or sender.clock.now
    said = {"text": words, "channel": channel}
    event = NewEvent(customer, "message.replied", "track", "test", said, {}, moment, key_of(customer, moment))
    with tenant_session(sender.tenant) as session:
        record(session, sender.tenant, [event], now=moment)
        row = session.get(Conversation, (sender.tenant, customer)) or Conversation(
            tenant_id=sender.tenant, customer_id=customer, replies=0
        )
        row.channel, row.last_text, row.last_at, row.status = channel, words, moment, "open"
        row.replies += 1
        session.add(row)


def _said(sender: Any, customer: UUID) -> list[tuple[bool, str, str]]:
    with tenant_session(sender.tenant) as session:
        return [(each.is_ours, each.text, each.status) for each in thread(session, customer)]


def test_who_wrote_last_stands_first_until_somebody_closes_it(sender: Any) -> None:
    first, second = sender.add_customers(2)
    _write(sender, first, "Is there a class on Sunday?")
    sender.clock.now += timedelta(minutes=5)
    _write(sender, second, HINDI)
    with tenant_session(sender.tenant) as session:
        rows = list_conversations(session)
        assert [row.customer_id for row in rows] == [second, first]
        assert [row.customer_id for row in list_conversations(session, before=rows[0].last_at)] == [first]
        close(session, second)
        assert count_open(session) == 1
        assert [row.customer_id for row in list_conversations(session)] == [first]
        assert len(list_conversations(session, status=None)) == 2
        reopen(session, second)
        assert count_open(session) == 2


@pytest.mark.parametrize("search", ["sunday", "rao SUNDAY", "+91 98765 43210", "987654"])
def test_a_conversation_is_found_by_name_number_and_words(sender: Any, search: str) -> None:
    wanted, other = sender.add_customers(1, phone="+919876543210") + sender.add_customers(1, name="Rohan")
    _write(sender, wanted, "Is there a class on Sunday?")
    _write(sender, other, "Thanks")
    with tenant_session(sender.tenant) as session:
        assert [row.customer_id for row in list_conversations(session, search=search)] == [wanted]


def test_an_answer_leaves_even_without_consent_to_marketing_and_at_night(sender: Any, asha: UUID) -> None:
    sender.clock.now += timedelta(hours=10)
    (customer,) = sender.add_customers(1, consents=())
    _write(sender, customer, HINDI)
    sender.clock.now += timedelta(minutes=3)
    words = "हाँ, रविवार 11 बजे। {{ first_name }} *बिल्कुल*"
    with tenant_session(sender.tenant) as session:
        assert answer(session, sender.tenant, customer, words, user_id=asha, now=sender.clock.now) == 1
        assert thread(session, customer)[-1].author == "Asha"
    assert _said(sender, customer)[-1] == (True, words, "queued")
    sender.deliver()
    assert _said(sender, customer) == [(False, HINDI, ""), (True, words, "sent")]
    with tenant_session(sender.tenant) as session:
        row = read_conversation(session, customer)
    assert (row.status, row.assigned_name) == ("done", "Asha")


def test_a_double_click_sends_once(sender: Any, asha: UUID) -> None:
    (customer,) = sender.add_customers(1)
    _write(sender, customer, "Hello?")
    key = new_id()
    with tenant_session(sender.tenant) as session:
        sent = [
            answer(session, sender.tenant, customer, "Yes", user_id=asha, key=key, now=sender.clock.now)
            for _ in range(2)
        ]
    assert sent == [1, 0]


def test_words_that_came_while_we_wrote_keep_the_conversation_open(sender: Any, asha: UUID) -> None:
    (customer,) = sender.add_customers(1)
    read = sender.clock.now
    _write(sender, customer, "Hello?")
    sender.clock.now += timedelta(seconds=20)
    _write(sender, customer, "And on Monday?")
    with tenant_session(sender.tenant) as session:
        answer(session, sender.tenant, customer, "Yes", user_id=asha, read_until=read, now=sender.clock.now)
        assert count_open(session) == 1
        close(session, customer, read_until=sender.clock.now)
        assert count_open(session) == 0


def test_after_a_day_whatsapp_takes_no_free_text_and_the_error_says_what_does(
    sender: Any, asha: UUID
) -> None:
    quiet, mailing = sender.add_customers(2)
    _write(sender, quiet, "Hello?")
    _write(sender, mailing, "Hello?", channel="email")
    now = sender.clock.now + timedelta(hours=24)
    with tenant_session(sender.tenant) as session:
        with pytest.raises(Conflict, match="template"):
            answer(session, sender.tenant, quiet, "Yes", user_id=asha, now=now)
        assert answer(session, sender.tenant, mailing, "Yes", user_id=asha, now=now) == 1
        assert read_conversation(session, mailing).free_until is None
        assert read_conversation(session, quiet).free_until == now
        assert count_open(session) == 1


@pytest.mark.parametrize("words", ["", "  \n ", "x" * 4097])
def test_an_answer_has_words_and_not_too_many(sender: Any, asha: UUID, words: str) -> None:
    (customer,) = sender.add_customers(1)
    _write(sender, customer, "Hello?")
    with tenant_session(sender.tenant) as session, pytest.raises(InvalidInput, match="text"):
        answer(session, sender.tenant, customer, words, user_id=asha, now=sender.clock.now)


def test_who_has_not_written_cannot_be_answered(sender: Any, asha: UUID) -> None:
    (customer,) = sender.add_customers(1)
    with tenant_session(sender.tenant) as session:
        assert thread(session, customer) == []
        for act in (
            lambda: answer(session, sender.tenant, customer, "Hi", user_id=asha, now=sender.clock.now),
            lambda: close(session, customer),
            lambda: assign(session, customer, asha),
        ):
            with pytest.raises(NotFound, match="not written"):
                act()
        with pytest.raises(NotFound, match="no such customer"):
            thread(session, new_id())


def test_a_conversation_is_given_to_somebody_and_back(sender: Any, asha: UUID) -> None:
    (customer,) = sender.add_customers(1)
    _write(sender, customer, "Hello?")
    with tenant_session(sender.tenant) as session:
        assign(session, customer, asha)
        assert [row.assigned_name for row in list_conversations(session, assigned_to=asha)] == ["Asha"]
        assign(session, customer, None)
        assert list_conversations(session, assigned_to=asha) == []
        with pytest.raises(InvalidInput, match="user_id"):
            assign(session, customer, new_id())


def test_the_thread_holds_both_sides_in_order_and_goes_back(sender: Any) -> None:
    (customer,) = sender.add_customers(1)
    sender.queue([customer])
    sender.deliver()
    for number in range(3):
        sender.clock.now += timedelta(minutes=1)
        _write(sender, customer, f"Reply {number}")
    said = _said(sender, customer)
    assert [ours for ours, _, _ in said] == [True, False, False, False]
    assert said[0][1].startswith("Hello Asha")
    with tenant_session(sender.tenant) as session:
        last = thread(session, customer, limit=2)
        assert [each.text for each in last] == ["Reply 1", "Reply 2"]
        earlier = thread(session, customer, before=last[0].at)
        assert [each.text for each in earlier][-1] == "Reply 0"


def test_the_staff_may_sign_their_answers(sender: Any, asha: UUID) -> None:
    (customer,) = sender.add_customers(1)
    _write(sender, customer, "Hello?")
    with tenant_session(sender.tenant) as session:
        answer(session, sender.tenant, customer, "Yes", user_id=asha, now=sender.clock.now)
        template = session.get_one(Template, key_of("answer of the staff", sender.tenant, "whatsapp"))
        assert (template.is_system, template.is_active) == (True, False)
        template.contents = {"en": {"body": "{{ text }}\n– {{ staff_name }}"}}
        template.version += 1
    sender.deliver()
    assert _said(sender, customer)[-1] == (True, "Yes\n– Asha", "sent")
