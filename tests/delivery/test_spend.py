"""What messages cost, and that a budget is never exceeded, whoever sends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.channels.interface import Channel
from engine.channels.rates import Category, Rate
from engine.channels.reports import Report, Reported, ReportKind
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.core.ids import new_id
from engine.core.models import AuditEntry, Branch, Notification
from engine.core.tenants import update_settings
from engine.delivery.budgets import release_budget
from engine.delivery.handover import deliver_due
from engine.delivery.journal import Journal
from engine.delivery.log import message_holds
from engine.delivery.prices import Prices, list_rates, load_prices, set_rates
from engine.delivery.receipts import apply_receipts, take_receipts
from engine.delivery.recovery import recover_sending
from engine.delivery.spend import SpendSummary, spend_summary

MARCH = date(2026, 3, 1)
WHATSAPP = 863_100
"""A marketing message to India."""


def spent(sender: Any, month: date = MARCH) -> SpendSummary:
    with tenant_session(sender.tenant) as session:
        return spend_summary(session, month)


def set_budget(sender: Any, minor: int | None) -> None:
    with tenant_session(sender.tenant) as session:
        wish = {"monthly_budget_minor": minor}
        update_settings(session, sender.tenant, wish, actor="test", now=sender.clock())


def add_branch(sender: Any, name: str, budget: int | None = None) -> UUID:
    branch = new_id()
    with tenant_session(sender.tenant) as session:
        session.add(Branch(id=branch, tenant_id=sender.tenant, name=name, monthly_budget_minor=budget))
    return branch


def price(sender: Any, *rates: Rate) -> None:
    with tenant_session(sender.tenant) as session:
        set_rates(session, sender.tenant, rates, actor="test", now=sender.clock())


def states(sender: Any) -> list[str]:
    return [message.status for message in sender.messages()]


def test_prices_go_by_channel_kind_country_and_day(sender: Any) -> None:
    with tenant_session(sender.tenant) as session:
        now = load_prices(session, currency="INR", on=MARCH)
        before = load_prices(session, currency="INR", on=date(2025, 12, 31))
        abroad = load_prices(session, currency="EUR", on=MARCH)
    assert now.price("whatsapp", "marketing", "+919876543210") == WHATSAPP
    assert before.price("whatsapp", "marketing", "+919876543210") == 784_600
    assert now.price("whatsapp", "transactional", "+919876543210") == 115_000
    assert now.price("whatsapp", "marketing", "+4915112345678") == 6_000_000
    assert now.price("email", "marketing", "asha@example.in") == 10_000
    assert abroad.price("whatsapp", "marketing", "+919876543210") == 0


def test_own_prices_go_before_the_usual_and_a_country_before_all_others(sender: Any) -> None:
    price(
        sender,
        Rate(Channel.SMS, Category.MARKETING, "*", 900_000),
        Rate(Channel.SMS, Category.MARKETING, "IN", 180_000),
    )
    with tenant_session(sender.tenant) as session:
        prices = load_prices(session, currency="INR", on=MARCH)
    assert prices.price("sms", "marketing", "+919876543210") == 180_000
    assert prices.price("sms", "marketing", "+4915112345678") == 900_000
    assert prices.price("sms", "transactional", "+919876543210") == 150_000
    own = [row for row in list_rates(prices) if row.is_own]
    assert [(row.country, row.price_micro) for row in own] == [("*", 900_000), ("IN", 180_000)]
    price(sender)
    with tenant_session(sender.tenant) as session:
        assert not load_prices(session, currency="INR", on=MARCH).own


@pytest.mark.parametrize(
    ("rate", "field"),
    [
        (Rate(Channel.WHATSAPP, Category.TRANSACTIONAL, "IN", 1), "rates.0.category"),
        (Rate(Channel.SMS, Category.MARKETING, "india", 1), "rates.0.country"),
        (Rate(Channel.SMS, Category.MARKETING, "IN", -1), "rates.0.price_micro"),
    ],
)
def test_a_price_that_cannot_be_is_refused_by_name(sender: Any, rate: Rate, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        price(sender, rate)
    assert refused.value.details == {"field": field}


@given(st.text(max_size=20))
def test_any_address_has_a_price(address: str) -> None:
    assert Prices("INR", {}, {}).price("sms", "marketing", address) == 0


def test_every_message_books_its_cost_by_month_branch_channel_and_kind(sender: Any) -> None:
    branch = add_branch(sender, "Koregaon Park")
    sender.queue(sender.add_customers(3, branch_id=branch))
    sender.queue(sender.add_customers(1))
    sender.queue(sender.add_customers(1), purpose="transactional")
    sender.queue(sender.add_customers(1), channel="email")
    sender.deliver()
    summary = spent(sender)
    booked = {(line.branch, line.channel, line.category): line for line in summary.lines}
    assert booked["Koregaon Park", "whatsapp", "marketing"].cost_micro == 3 * WHATSAPP
    assert booked["Koregaon Park", "whatsapp", "marketing"].messages == 3
    assert booked["", "whatsapp", "utility"].cost_micro == 115_000
    assert booked["", "email", "marketing"].cost_micro == 10_000
    assert summary.total_micro == 4 * WHATSAPP + 125_000
    assert summary.messages == 6
    assert {message.currency for message in sender.messages()} == {"INR"}
    assert sum(message.cost_micro for message in sender.messages()) == summary.total_micro
    assert {message.branch_id for message in sender.messages()} == {branch, None}


def test_the_month_is_the_studios(sender: Any) -> None:
    sender.clock.now = datetime(2026, 3, 31, 19, 0, tzinfo=UTC)
    sender.queue(sender.add_customers(1), purpose="transactional")
    sender.deliver()
    assert spent(sender).messages == 0
    assert spent(sender, date(2026, 4, 1)).messages == 1


def test_what_does_not_leave_costs_nothing(sender: Any, mail_server: Any) -> None:
    sender.connect_smtp(mail_server.port)
    refused, taken = sender.add_customers(2)
    address = f"{refused.hex}@example.in"
    mail_server.answer = lambda envelope: "550 5.1.1 Nobody" if envelope.rcpt_tos == [address] else None
    sender.queue([refused, taken], channel="email")
    sender.queue(sender.add_customers(1, consents=()), channel="email")
    sender.deliver()
    assert (spent(sender).total_micro, spent(sender).messages) == (10_000, 1)
    assert sorted(message.cost_micro or 0 for message in sender.messages()) == [0, 0, 10_000]


def test_what_is_tried_again_is_paid_once(sender: Any, mail_server: Any) -> None:
    sender.connect_smtp(1)
    sender.queue(sender.add_customers(5), channel="email")
    sender.deliver()
    assert spent(sender).total_micro == 0
    sender.connect_smtp(mail_server.port)
    sender.clock.now += timedelta(minutes=5)
    sender.deliver()
    assert (spent(sender).total_micro, spent(sender).messages) == (50_000, 5)


@pytest.mark.parametrize(("leaves", "cost"), [(True, 10_000), (False, 0)])
def test_doubt_keeps_its_cost_and_what_never_left_gives_it_back(
    sender: Any, mail_server: Any, monkeypatch: pytest.MonkeyPatch, leaves: bool, cost: int
) -> None:
    sender.connect_smtp(mail_server.port)
    sender.queue(sender.add_customers(1), channel="email")

    def die(*args: Any) -> None:
        raise ConnectionError("the database went away")

    with monkeypatch.context() as broken:
        broken.setattr("engine.delivery.handover._hand_over", die)
        with pytest.raises(ConnectionError):
            sender.deliver()
    assert spent(sender).total_micro == 10_000
    (message,) = sender.messages()
    dead = Journal(now=sender.clock())
    with tenant_session(sender.tenant) as session:
        session.merge(message).claimed_by = dead.name
    if leaves:
        dead.leaving(message.id)
    dead.abandon()
    recover_sending(sender.tenant, now=sender.clock() + timedelta(minutes=1))
    assert states(sender) == ["uncertain" if leaves else "queued"]
    assert spent(sender).total_micro == cost


def test_a_late_failure_gives_its_cost_back_once_to_the_month_that_paid(sender: Any) -> None:
    sender.connect_null("whatsapp")
    sender.queue(sender.add_customers(2))
    sender.deliver()
    (first, _) = sender.messages()
    sender.clock.now = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
    for key in ("1", "2"):
        failed = Report(
            ReportKind.STATUS, key, sender.clock(), Reported.FAILED, reference=str(first.id), code="131026"
        )
        with tenant_session(sender.tenant) as session:
            take_receipts(session, sender.tenant, "whatsapp_cloud", [failed], now=sender.clock())
        apply_receipts(sender.tenant, now=sender.clock())
    assert (spent(sender).total_micro, spent(sender).messages) == (WHATSAPP, 1)
    assert spent(sender, date(2026, 4, 1)).messages == 0


def test_a_spent_budget_holds_marketing_until_next_month_and_says_why(sender: Any) -> None:
    set_budget(sender, 200)
    sender.queue(sender.add_customers(4))
    sender.queue(sender.add_customers(1), purpose="transactional")
    sender.deliver()
    held = [message for message in sender.messages() if message.status == "queued"]
    assert states(sender).count("sent") == 3
    assert {message.held_code for message in held} == {"MARKETING_023"}
    assert {message.due_at for message in held} == {datetime.fromisoformat("2026-04-01T09:00:00+05:30")}
    with tenant_session(sender.tenant) as session:
        (hold,) = message_holds(session, [held[0].id])[held[0].id]
    assert hold.reason == ("Monthly budget of ₹2.00 used up: ₹1.84 spent in March, this message costs ₹0.86")
    assert spent(sender).budget is not None


def test_a_branchs_budget_holds_only_its_own_customers(sender: Any) -> None:
    poor, rich = add_branch(sender, "Poor", 100), add_branch(sender, "Rich", 100_000)
    sender.queue(sender.add_customers(2, branch_id=poor))
    sender.queue(sender.add_customers(2, branch_id=rich))
    sender.queue(sender.add_customers(2))
    sender.deliver()
    assert states(sender).count("queued") == 1
    lines = {line.name: line for line in spent(sender).branch_budgets}
    assert (lines["Poor"].percent, lines["Rich"].percent) == (86, 0)
    with tenant_session(sender.tenant) as session:
        (held,) = (message for message in sender.messages() if message.status == "queued")
        (hold,) = message_holds(session, [held.id])[held.id]
    assert hold.reason.startswith("Poor's monthly budget of ₹1.00 used up")


def test_the_staff_is_told_once_at_the_threshold_and_once_at_the_end(sender: Any) -> None:
    set_budget(sender, 500)
    for _ in range(7):
        sender.queue(sender.add_customers(1))
        sender.deliver()
    with tenant_session(sender.tenant) as session:
        told = session.scalars(select(Notification.text).order_by(Notification.id)).all()
        audited = session.scalars(
            select(AuditEntry.details).where(AuditEntry.action == "budget.alert").order_by(AuditEntry.id)
        ).all()
    assert told == [
        "The message budget of ₹5.00 for March is 86 % spent (₹4.32).",
        "The message budget of ₹5.00 for March is used up (₹4.32 spent). "
        "Marketing waits for next month or a higher budget.",
    ]
    assert [entry["level"] for entry in audited] == ["threshold", "end"]


def test_a_higher_budget_lets_those_leave_that_waited_for_money(sender: Any) -> None:
    set_budget(sender, 100)
    sender.queue(sender.add_customers(3))
    sender.deliver()
    assert states(sender).count("queued") == 2
    set_budget(sender, None)
    with tenant_session(sender.tenant) as session:
        release_budget(session, sender.tenant, sender.clock())
    sender.deliver()
    assert states(sender) == ["sent"] * 3


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    budget=st.integers(0, 1200),
    branch_budget=st.one_of(st.none(), st.integers(0, 600)),
    queued=st.lists(st.integers(0, 2), min_size=5, max_size=30),
    batch=st.integers(1, 8),
)
def test_no_budget_is_exceeded_under_any_number_of_workers(
    sender: Any, budget: int, branch_budget: int | None, queued: list[int], batch: int
) -> None:
    """Each example has a month of its own."""
    month = (sender.clock.now.replace(day=1) + timedelta(days=32)).replace(day=2)
    sender.clock.now = month
    branch = add_branch(sender, new_id().hex, branch_budget)
    set_budget(sender, budget)
    for kind in queued:
        columns = {"branch_id": branch} if kind == 1 else {}
        sender.queue(sender.add_customers(1, **columns), channel="sms" if kind == 2 else "whatsapp")

    def work(_: int) -> None:
        for _ in range(len(queued)):
            deliver_due(sender.tenant, worker="test", clock=sender.clock, limit=batch)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    summary = spent(sender, month.date().replace(day=1))
    assert summary.budget is not None
    assert summary.total_micro <= summary.budget.limit_micro
    for line in summary.branch_budgets:
        assert line.spent_micro <= line.limit_micro
    own = [message for message in sender.messages() if message.created_at == month]
    assert summary.total_micro == sum(message.cost_micro or 0 for message in own)
    held = [message for message in own if message.status == "queued"]
    if held and branch_budget is None:
        assert summary.total_micro + WHATSAPP > summary.budget.limit_micro
