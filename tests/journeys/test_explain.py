"""Why a customer was told something, or was not (J14)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.core.db import tenant_session
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.models import ConsentState, Purpose
from engine.delivery.handover import close_journal, deliver_due
from engine.journeys import drafts, moves, publishing
from engine.journeys.absence import explain_absence, journeys_without
from engine.journeys.entries import route_events
from engine.journeys.explain import explain_customer
from engine.journeys.interpreter import advance_due


@pytest.fixture
def rich_way(studio: Any, build: Any, step: Any) -> Any:
    """Trigger, branch on spend, two messages; published."""
    template = {"channel": "whatsapp", "template_id": str(studio.template)}
    rules = {"operator": "AND", "conditions": [{"field": "total_spend", "op": "gt", "value": 100_000}]}
    return build(
        [
            step("t", "trigger.event", event="Order Completed"),
            step("b", "branch.rule", rules=rules),
            step("m", "action.message", **template),
            step("x", "exit"),
        ],
        "t > b",
        "b.yes > m",
        "b.no > x",
    )


def start(studio: Any, graph: Any, **settings: Any) -> UUID:
    with tenant_session(studio.tenant) as session:
        journey = drafts.create_journey(
            session,
            studio.tenant,
            "Journey",
            user_id=None,
            now=studio.now,
            graph=graph | {"settings": settings},
        )
        publishing.publish(session, studio.tenant, journey.id, user_id=None, now=studio.now)
        return journey.id


def told(studio: Any, customer: UUID) -> list[str]:
    with tenant_session(studio.tenant) as session:
        return [moment.text for moment in explain_customer(session, customer)[0].moments]


def why_not(studio: Any, journey: UUID, customer: UUID) -> list[str]:
    with tenant_session(studio.tenant) as session:
        return explain_absence(session, journey, customer, now=studio.now)


def test_a_branch_tells_the_value_it_was_decided_by(studio: Any, rich_way: Any) -> None:
    customer, poor = (
        studio.add_customers(1, total_spend_minor=12_000_000)[0],
        studio.add_customers(1, total_spend_minor=500_050)[0],
    )
    start(studio, rich_way)
    studio.send_event("Order Completed", [customer, poor])
    route_events(studio.tenant, now=studio.now)
    advance_due(studio.tenant, now=studio.now)
    assert "The rules fit: total spend > ₹1,00,000 (₹1,20,000)" in told(studio, customer)
    assert "The rules do not fit: total spend > ₹1,00,000 (₹5,000.50)" in told(studio, poor)


def test_a_held_message_tells_until_when_and_why(studio: Any, rich_way: Any) -> None:
    customer = studio.add_customers(1, total_spend_minor=12_000_000, phone="+919800000001", name="Asha")[0]
    with tenant_session(studio.tenant) as session:
        wish = ConsentWish(customer, "whatsapp", Purpose.MARKETING, ConsentState.GRANTED, "form")
        change_consents(session, studio.tenant, [wish], actor="customer", now=studio.now)
    start(studio, rich_way)
    studio.send_event("Order Completed", [customer])
    night = studio.now + timedelta(hours=7)
    route_events(studio.tenant, now=night)
    advance_due(studio.tenant, now=night)
    deliver_due(studio.tenant, worker="test", clock=lambda: night)
    deliver_due(studio.tenant, worker="test", clock=lambda: night + timedelta(hours=11))
    close_journal()
    lines = told(studio, customer)
    held = next(line for line in lines if line.startswith("Held until 03 Mar 09:00: Quiet hours"))
    assert "MARKETING_050" in held
    assert lines[-1] == "Message by WhatsApp: sent"


def test_a_message_that_was_not_sent_tells_the_rule_that_forbade_it(studio: Any, rich_way: Any) -> None:
    customer = studio.add_customers(1, total_spend_minor=12_000_000, phone="+919800000002")[0]
    start(studio, rich_way)
    studio.send_event("Order Completed", [customer])
    route_events(studio.tenant, now=studio.now)
    advance_due(studio.tenant, now=studio.now)
    deliver_due(studio.tenant, worker="test", clock=lambda: studio.now)
    close_journal()
    assert told(studio, customer)[-1].startswith("Message by WhatsApp: not sent (MARKETING_010: No consent")


def test_absence_names_what_keeps_a_customer_out(studio: Any, rich_way: Any) -> None:
    customer = studio.add_customers(1, total_spend_minor=90_000)[0]
    rules = {"operator": "AND", "conditions": [{"field": "total_spend", "op": "gte", "value": 1_000}]}
    journey = start(studio, rich_way, entry_rules=rules, ends_on="2026-02-28")
    assert why_not(studio, journey, customer) == [
        "The journey's last day was 28 Feb 2026.",
        "The journey's entry rules do not fit: total spend ≥ ₹1,000 (₹900).",
        "When “Order Completed” happens: that has never happened to them.",
    ]


def test_who_was_there_before_and_may_not_come_again_is_told_so(studio: Any, rich_way: Any) -> None:
    customer = studio.add_customers(1)[0]
    journey = start(studio, rich_way)
    studio.send_event("Order Completed", [customer])
    route_events(studio.tenant, now=studio.now)
    advance_due(studio.tenant, now=studio.now)
    assert why_not(studio, journey, customer) == ["They were in it on 02 Mar 2026, and nobody enters twice."]


def test_what_happened_before_the_journey_was_published_does_not_count(studio: Any, rich_way: Any) -> None:
    customer = studio.add_customers(1)[0]
    studio.send_event("Order Completed", [customer], at=studio.now - timedelta(days=9))
    journey = start(studio, rich_way)
    assert why_not(studio, journey, customer) == [
        "When “Order Completed” happens: last on 21 Feb 2026, before the journey was published."
    ]


def test_journeys_without_a_customer_are_the_live_ones_they_are_not_under_way_in(
    studio: Any, build: Any, step: Any
) -> None:
    customer = studio.add_customers(1)[0]
    wait = step("w", "wait.duration", duration={"amount": 1, "unit": "days"})
    studio.publish(build([step("t", "trigger.event", event="Signed Up"), wait], "t > w"), "inside")
    way = build([step("t", "trigger.event", event="Order Completed"), wait], "t > w")
    outside = studio.publish(way, "outside")
    paused = studio.publish(way, "paused")
    with tenant_session(studio.tenant) as session:
        moves.move(session, studio.tenant, paused.id, "pause", user_id=None, now=studio.now)
    studio.send_event("Signed Up", [customer])
    route_events(studio.tenant, now=studio.now)
    with tenant_session(studio.tenant) as session:
        absences = journeys_without(session, customer)
    assert [(each.journey_id, each.journey) for each in absences] == [(outside.id, "outside")]
