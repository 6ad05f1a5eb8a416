"""From the outbox into the customer's hand, on a real database and a real mail server."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.channels.accounts import channel_status
from engine.channels.inbox import list_inbox, read_inbox
from engine.channels.models import ChannelAccount
from engine.core.accounts import create_tenant
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.tenants import update_settings
from engine.customers.consent import opt_out
from engine.customers.models import Suppression
from engine.delivery import handover
from engine.delivery.models import MessageStatus, TrackedLink
from engine.delivery.outbox import hold_journey, release_journey, skip_journey
from engine.templates.models import Template


def states(sender: Any) -> list[str]:
    return [message.status for message in sender.messages()]


def test_a_message_is_queued_once_for_each_key(sender: Any) -> None:
    (customer,) = sender.add_customers(1)
    key = new_id()
    assert sender.queue([customer], key=key) == 1
    assert sender.queue([customer], key=key) == 0


def test_without_a_provider_messages_land_in_the_local_inbox(sender: Any) -> None:
    customers = sender.add_customers(3)
    sender.queue(customers)
    sender.queue(customers[:1], channel="email")
    assert sender.deliver() == 4
    with tenant_session(sender.tenant) as session:
        page = list_inbox(session)
    assert page.total == 4
    assert {row.channel for row in page.rows} == {"whatsapp", "email"}
    assert all(row.preview.startswith("Hello") for row in page.rows)
    assert states(sender) == ["sent"] * 4


def test_links_are_tracked_and_marketing_mail_can_be_unsubscribed_with_one_click(sender: Any) -> None:
    sender.queue(sender.add_customers(1), channel="email")
    sender.deliver()
    with tenant_session(sender.tenant) as session:
        (row,) = list_inbox(session).rows
        link = session.scalars(select(TrackedLink)).one()
        mail = read_inbox(session, row.id, now=sender.clock())
    assert link.url == "https://studio.example/new"
    assert f"/l/{link.code}" in mail.body
    assert "https://studio.example/new" not in mail.body
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/u/" in mail.headers["List-Unsubscribe"]
    assert "/o/" in (mail.html or "")


def test_a_third_message_of_a_day_is_held_until_tomorrow(sender: Any) -> None:
    (customer,) = sender.add_customers(1)
    for _ in range(3):
        sender.queue([customer])
    sender.deliver()
    assert states(sender) == ["sent", "sent", "queued"]
    held = sender.messages()[2]
    assert held.held_code == "MARKETING_051"
    assert held.due_at == datetime.fromisoformat("2026-03-03T09:00:00+05:30")
    sender.clock.now = held.due_at
    sender.deliver()
    assert states(sender) == ["sent"] * 3


def test_nobody_is_written_to_at_night(sender: Any) -> None:
    sender.clock.now = datetime.fromisoformat("2026-03-02T23:00:00+05:30")
    sender.queue(sender.add_customers(2))
    sender.deliver()
    assert states(sender) == ["queued"] * 2
    assert {message.held_code for message in sender.messages()} == {"MARKETING_050"}


def test_opt_out_stops_a_message_already_queued(sender: Any) -> None:
    stays, leaves = sender.add_customers(2)
    sender.queue([stays, leaves])
    with tenant_session(sender.tenant) as session:
        opt_out(
            session,
            sender.tenant,
            leaves,
            channel="whatsapp",
            source="staff",
            actor="test",
            now=sender.clock(),
        )
    sender.deliver()
    by_customer = {message.customer_id: message for message in sender.messages()}
    assert by_customer[stays].status == "sent"
    assert (by_customer[leaves].status, by_customer[leaves].code) == ("skipped", "MARKETING_011")


def test_a_template_that_fails_for_one_customer_fails_only_that_message(sender: Any) -> None:
    with tenant_session(sender.tenant) as session:
        template = session.get_one(Template, sender.templates["sms"])
        template.contents = {"en": {"body": "{{ 10 | divided_by: customer.visits }} visits to go"}}
        template.version = 2
    good = sender.add_customers(1, attributes={"visits": 2})
    bad = sender.add_customers(1, attributes={"visits": 0})
    sender.queue(good + bad, channel="sms")
    sender.deliver()
    by_customer = {message.customer_id: message for message in sender.messages()}
    assert by_customer[good[0]].status == "sent"
    assert (by_customer[bad[0]].status, by_customer[bad[0]].code) == ("failed", "SAFAR_012")


def test_a_paused_journeys_messages_wait_and_leave_when_it_is_resumed(sender: Any) -> None:
    journey = new_id()
    sender.queue(sender.add_customers(2), journey_id=journey)
    with tenant_session(sender.tenant) as session:
        hold_journey(session, journey)
    assert sender.deliver() == 0
    with tenant_session(sender.tenant) as session:
        release_journey(session, journey, now=sender.clock())
    assert sender.deliver() == 2


def test_a_stopped_journeys_messages_never_leave(sender: Any) -> None:
    journey = new_id()
    sender.queue(sender.add_customers(1), journey_id=journey)
    with tenant_session(sender.tenant) as session:
        skip_journey(session, journey, "The journey was stopped")
    assert sender.deliver() == 0
    assert states(sender) == ["skipped"]


def test_mail_reaches_a_real_server_once_each(sender: Any, mail_server: Any) -> None:
    sender.connect_smtp(mail_server.port)
    sender.queue(sender.add_customers(120), channel="email")
    assert sender.deliver() == 120
    assert len({mail["To"] for mail in mail_server.received}) == len(mail_server.received) == 120
    mail = mail_server.received[0]
    assert mail["From"] == "hello@studio.example"
    assert mail["Subject"] == "News for Asha"
    assert mail["List-Unsubscribe"].startswith("<http")
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}
    assert all(message.provider_message_id for message in sender.messages())


def test_a_dead_mailbox_is_suppressed_and_a_busy_server_is_tried_again(sender: Any, mail_server: Any) -> None:
    sender.connect_smtp(mail_server.port)
    dead, busy = sender.add_customers(2)
    refusals = {
        f"{dead.hex}@example.in": "550 5.1.1 No such user",
        f"{busy.hex}@example.in": "451 4.3.0 Busy",
    }
    mail_server.answer = lambda envelope: refusals.get(envelope.rcpt_tos[0])
    sender.queue([dead, busy], channel="email")
    sender.deliver()
    by_customer = {message.customer_id: message for message in sender.messages()}
    assert (by_customer[dead].status, by_customer[dead].code) == ("failed", "SAFAR_020")
    assert by_customer[busy].status == "queued"
    assert by_customer[busy].due_at > sender.clock()
    with tenant_session(sender.tenant) as session:
        assert session.scalars(select(Suppression.reason)).all() == ["hard_bounce"]
    mail_server.answer = lambda envelope: None
    sender.clock.now = by_customer[busy].due_at
    sender.deliver()
    assert len(mail_server.received) == 1


def test_an_unreachable_server_loses_nothing(sender: Any, mail_server: Any) -> None:
    sender.connect_smtp(1)
    sender.queue(sender.add_customers(30), channel="email")
    sender.deliver()
    assert states(sender) == ["queued"] * 30
    sender.connect_smtp(mail_server.port)
    sender.clock.now += timedelta(minutes=5)
    sender.deliver()
    assert len(mail_server.received) == 30


def test_a_refused_account_is_shown_and_its_messages_wait(sender: Any, mail_server: Any) -> None:
    sender.connect_smtp(mail_server.port)
    with tenant_session(sender.tenant) as session:
        account = session.get_one(ChannelAccount, (sender.tenant, "email"))
        account.options = {**account.options, "username": "studio"}
    sender.queue(sender.add_customers(2), channel="email")
    sender.deliver()
    assert states(sender) == ["queued"] * 2
    with tenant_session(sender.tenant) as session:
        (email,) = (status for status in channel_status(session) if status.channel == "email")
    assert "sign us in" in email.trouble


def test_an_opt_out_during_a_hand_over_stops_everything_that_follows_it(
    sender: Any, mail_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hand-over holds the consents: the opt-out commits after the transaction, and nothing leaves afterwards."""
    sender.connect_smtp(mail_server.port)
    (customer,) = sender.add_customers(1)
    committed, in_call = Event(), Event()
    received_when_committed: list[int] = []

    def refuse_nothing(envelope: Any) -> None:
        in_call.set()
        committed.wait(0.3)

    mail_server.answer = refuse_nothing

    def leave() -> None:
        in_call.wait(10)
        with tenant_session(sender.tenant) as session:
            opt_out(
                session,
                sender.tenant,
                customer,
                channel=None,
                source="link",
                actor="customer",
                now=sender.clock(),
            )
        received_when_committed.append(len(mail_server.received))
        committed.set()

    thread = Thread(target=leave)
    thread.start()
    sender.queue([customer], channel="email")
    sender.deliver()
    thread.join()
    sender.queue([customer], channel="email")
    sender.deliver()
    assert received_when_committed == [1]
    assert len(mail_server.received) == 1
    assert states(sender) == ["sent", "skipped"]


def test_an_opt_out_between_the_two_transactions_stops_the_message(
    sender: Any, mail_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.connect_smtp(mail_server.port)
    (customer,) = sender.add_customers(1)
    sender.queue([customer], channel="email")
    hand_over = handover._hand_over

    def opt_out_before_the_second(*args: Any) -> int:
        with tenant_session(sender.tenant) as session:
            opt_out(
                session,
                sender.tenant,
                customer,
                channel="email",
                source="link",
                actor="customer",
                now=sender.clock(),
            )
        return hand_over(*args)

    monkeypatch.setattr(handover, "_hand_over", opt_out_before_the_second)
    sender.deliver()
    assert states(sender) == ["skipped"]
    assert mail_server.received == []


def test_messages_whose_window_closes_while_others_leave_wait_for_the_morning(
    sender: Any, mail_server: Any
) -> None:
    sender.connect_smtp(mail_server.port)
    sender.queue(sender.add_customers(40), channel="email")
    sender.clock.now = datetime.fromisoformat("2026-03-02T20:59:55+05:30")
    sender.clock.step = timedelta(milliseconds=100)
    sender.deliver()
    sent = [message for message in sender.messages() if message.status == "sent"]
    held = [message for message in sender.messages() if message.status == "queued"]
    assert len(sent) + len(held) == 40
    assert len(sent) == len(mail_server.received)
    assert held and {message.held_code for message in held} == {"MARKETING_050"}
    assert all(message.admitted_at is None for message in held)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    queued=st.lists(st.integers(0, 5), min_size=5, max_size=40),
    batch=st.integers(1, 10),
    daily=st.integers(0, 3),
    weekly=st.integers(0, 4),
)
def test_the_caps_hold_under_any_interleaving_of_workers(
    sender: Any, queued: list[int], batch: int, daily: int, weekly: int
) -> None:
    """Four workers share few customers with many messages; whoever is first, nobody gets more than the caps."""
    customers = sender.add_customers(6)
    with tenant_session(sender.tenant) as session:
        limits = {"daily_message_limit_per_customer": daily, "weekly_message_limit_per_customer": weekly}
        update_settings(session, sender.tenant, limits, actor="test", now=sender.clock())
    for number in queued:
        sender.queue([customers[number]])

    def work(_: int) -> None:
        for _ in range(len(queued)):
            handover.deliver_due(sender.tenant, worker="test", clock=sender.clock, limit=batch)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    sent = [message.customer_id for message in sender.messages() if message.status == MessageStatus.SENT]
    for index, customer in enumerate(customers):
        assert sent.count(customer) == min(queued.count(index), daily, weekly)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    queued=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=4, max_size=30),
    batch=st.integers(1, 10),
    daily=st.integers(1, 2),
)
def test_the_more_important_message_wins_under_any_interleaving_of_workers(
    sender: Any, queued: list[tuple[int, int]], batch: int, daily: int
) -> None:
    customers = sender.add_customers(4)
    with tenant_session(sender.tenant) as session:
        limits = {"daily_message_limit_per_customer": daily, "weekly_message_limit_per_customer": 9}
        update_settings(session, sender.tenant, limits, actor="test", now=sender.clock())
    for number, priority in queued:
        sender.queue([customers[number]], priority=priority)

    def work(_: int) -> None:
        for _ in range(len(queued)):
            handover.deliver_due(sender.tenant, worker="test", clock=sender.clock, limit=batch)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    for customer in customers:
        own = [message for message in sender.messages() if message.customer_id == customer]
        sent = sorted(message.priority for message in own if message.status == MessageStatus.SENT)
        held = [message for message in own if message.status == MessageStatus.QUEUED]
        assert sent == sorted((message.priority for message in own), reverse=True)[:daily][::-1]
        for message in held:
            lost = sum(priority > message.priority for priority in sent)
            assert message.held_code == ("SAFAR_025" if lost else "MARKETING_051")


def test_a_receipt_for_an_order_does_not_wait_behind_two_thousand_offers(sender: Any) -> None:
    offers = sender.add_customers(2_000)
    (buyer,) = sender.add_customers(1)
    sender.queue(offers)
    sender.clock.now += timedelta(seconds=1)
    sender.queue([buyer], purpose="transactional")
    handover.deliver_due(sender.tenant, worker="test", clock=sender.clock, limit=10)
    sent = [message.customer_id for message in sender.messages() if message.status == MessageStatus.SENT]
    assert buyer in sent
    assert len(sent) == 10


def test_two_tenants_do_not_share_their_inbox(sender: Any, tenant: UUID) -> None:
    other = create_tenant(f"other-{tenant.hex[:8]}", "Other")
    sender.queue(sender.add_customers(1))
    sender.deliver()
    with tenant_session(other) as session:
        assert list_inbox(session).total == 0
        assert not any(status.is_connected for status in channel_status(session))
