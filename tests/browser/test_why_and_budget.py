"""Why a customer was told something or not, on their page (J14); what messages cost, in the settings (D6, F5)."""

import time
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from engine.channels.interface import Channel
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.models import AuditEntry, Branch
from engine.core.tenants import get_settings
from engine.customers.models import Customer
from engine.delivery.models import MessageRate
from engine.delivery.spend import Charge, book, month_of
from engine.journeys import drafts, publishing
from engine.journeys.by_hand import enrol_by_hand
from engine.journeys.models import Enrolment
from tests.browser.conftest import Studio

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

ARRIVAL_SECONDS = 30


def graph(trigger: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    """A trigger and one step behind it."""
    nodes = [
        {"id": "t", "position": {"x": 0, "y": 0}, **trigger},
        {"id": "s", "position": {"x": 0, "y": 150}, **step},
    ]
    way = {"id": "t-s", "source": "t", "source_port": "next", "target": "s"}
    return {"schema": 1, "nodes": nodes, "edges": [way], "settings": {}}


WAITING = graph(
    {"type": "trigger.manual", "config": {}},
    {"type": "wait.duration", "config": {"duration": {"amount": 2, "unit": "days"}}},
)
LISTENING = graph(
    {"type": "trigger.event", "config": {"event": "Order Completed"}},
    {"type": "action.tag", "config": {"add": ["bought"]}},
)


@pytest.fixture
def customer(studio: Studio) -> UUID:
    """A customer who waits in one journey and is not in another."""
    customer_id = new_id()
    with studio.app.inside():
        with tenant_session(studio.tenant_id) as session:
            session.add(Customer(id=customer_id, tenant_id=studio.tenant_id, name="Asha Rao"))
            ids = {}
            for name, drawn in (("Come back", WAITING), ("Thank you", LISTENING)):
                journey = drafts.create_journey(
                    session, studio.tenant_id, name, user_id=None, now=utc_now(), graph=drawn
                )
                ids[name] = journey.id
                publishing.publish(session, studio.tenant_id, journey.id, user_id=None, now=utc_now())
        with tenant_session(studio.tenant_id) as session:
            enrol_by_hand(
                session,
                studio.tenant_id,
                ids["Come back"],
                [customer_id],
                data={},
                key="once",
                now=utc_now(),
            )
        end = time.monotonic() + ARRIVAL_SECONDS
        while time.monotonic() < end and not _waits(studio):
            time.sleep(0.2)
    return customer_id


def test_a_profile_explains_the_journeys_and_why_they_are_not_in_others(
    page: Page, studio: Studio, customer: UUID
) -> None:
    page.goto(f"{studio.app.url}/customers/{customer}")
    page.get_by_role("tab", name="Journeys").click()
    tab = page.get_by_role("tabpanel", name="Journeys")
    expect(tab.get_by_role("heading", name="Come back")).to_be_visible()
    expect(tab.locator(".cu-moments .cu-moment-day").first).to_have_text("Today")
    lines = tab.locator(".cu-moments > li")
    expect(lines.first).to_contain_text("When added by hand, by the API or by another journey")
    expect(lines.last).to_contain_text("Wait 2 days")
    expect(lines.last).to_contain_text("Waiting until")

    expect(tab.get_by_role("heading", name="Not in these journeys")).to_be_visible()
    expect(tab.locator(".cu-absence")).to_have_count(1)
    tab.get_by_role("button", name="Why not Thank you?").click()
    expect(tab.locator(".cu-reasons")).to_have_text(
        "When “Order Completed” happens: that has never happened to them."
    )


@pytest.fixture
def branch(studio: Studio) -> UUID:
    """A branch, and messages of this month paid for it."""
    branch_id = new_id()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        session.add(Branch(id=branch_id, tenant_id=studio.tenant_id, name="Bandra"))
        month = month_of(utc_now(), "Asia/Kolkata")
        charges = [
            Charge(month, branch_id, Channel.WHATSAPP, "marketing", 300_000_000, 300),
            Charge(month, None, Channel.SMS, "marketing", 100_000_000, 500),
        ]
        book(session, studio.tenant_id, charges)
    return branch_id


def test_budgets_are_set_and_the_bar_shows_what_is_left(page: Page, studio: Studio, branch: UUID) -> None:
    page.goto(f"{studio.app.url}/settings")
    section = page.get_by_role("region", name="Budget")
    expect(section).to_contain_text("₹400.00")
    expect(section).to_contain_text("No budget is set")
    expect(section.locator(".st-parts li").first).to_contain_text("WhatsApp300 messages₹300.00")

    section.get_by_label("For a month").fill("lots")
    section.get_by_role("button", name="Save").click()
    expect(section.get_by_text("Write an amount, like 1500 or 99.50.")).to_be_visible()
    expect(section.get_by_label("For a month")).to_have_attribute("aria-invalid", "true")
    section.get_by_label("For a month").fill("500.50")
    section.get_by_label("Tell the staff at").fill("75")
    section.get_by_label("Bandra").fill("250")
    section.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Budgets saved.")).to_be_visible()
    expect(section).to_contain_text("79 % of ₹500.50")
    expect(section).to_contain_text("₹100.50 left")
    expect(section).to_contain_text("You are told at 75 %")
    expect(section).to_contain_text("₹300.00 of ₹250.00, 120 %")
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        kept = get_settings(session)
        assert (kept.monthly_budget_minor, kept.budget_alert_threshold_percent) == (50_050, 75)
        assert session.get_one(Branch, branch).monthly_budget_minor == 25_000
        actions = set(session.scalars(select(AuditEntry.action)))
    assert {"settings.changed", "budget.branches"} <= actions

    page.reload()
    expect(section.get_by_label("For a month")).to_have_value("500.50")
    section.get_by_label("For a month").fill("")
    section.get_by_label("Bandra").fill("")
    section.get_by_role("button", name="Save").click()
    expect(section).to_contain_text("No budget is set")


def test_own_prices_stand_in_place_of_the_usual_ones(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.app.url}/settings")
    section = page.get_by_role("region", name="Prices")
    india = section.get_by_label("SMS, Marketing, India")
    expect(india).to_have_attribute("placeholder", "0.2")
    india.fill("0.18")
    section.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Prices saved.")).to_be_visible()
    section.get_by_role("button", name="Another country").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Channel").select_option("sms")
    dialog.get_by_label("Kind").select_option("transactional")
    dialog.get_by_label("Country").select_option("AE")
    dialog.get_by_label("Price of one message").fill("2.5")
    dialog.get_by_role("button", name="Add").click()
    expect(section.get_by_label("SMS, Transactional, United Arab Emirates")).to_have_value("2.5")
    expect(india).to_have_value("0.18")
    assert _own_prices(studio) == {("marketing", "IN", 180_000), ("transactional", "AE", 2_500_000)}

    india.fill("a lot")
    section.get_by_role("button", name="Save").click()
    expect(section.get_by_text("Write a price, like 0.85.")).to_be_visible()
    india.fill("")
    section.get_by_role("button", name="Save").click()
    expect(section.get_by_text("Write a price, like 0.85.")).to_have_count(0)
    end = time.monotonic() + ARRIVAL_SECONDS
    while len(_own_prices(studio)) > 1 and time.monotonic() < end:
        time.sleep(0.2)
    assert _own_prices(studio) == {("transactional", "AE", 2_500_000)}


def _waits(studio: Studio) -> bool:
    with tenant_session(studio.tenant_id) as session:
        return session.scalars(select(Enrolment.node_id)).one() == "s"


def _own_prices(studio: Studio) -> set[tuple[str, str, int]]:
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        return {
            (each.category, each.country, each.price_micro) for each in session.scalars(select(MessageRate))
        }
