"""The panel on the right: a journey's settings, the controls of every kind of step, and the dialogs of the header."""

from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.models import Customer
from engine.events.record import NewEvent, record
from engine.journeys import drafts, publishing
from engine.journeys.models import Enrolment, EnrolmentStatus, Journey
from tests.browser.canvas import Canvas, new_journey
from tests.browser.conftest import Studio

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def draft(studio: Studio, name: str) -> dict[str, Any]:
    """The saved graph."""
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        return session.scalars(select(Journey.draft).where(Journey.name == name)).one()


def config_of(studio: Studio, name: str, kind: str) -> dict[str, Any]:
    """What the only step of a kind was told."""
    return next(node["config"] for node in draft(studio, name)["nodes"] if node["type"] == kind)


def add_customers(studio: Studio, *names: str, **columns: Any) -> list[UUID]:
    """Customers with an order each, so that events and their properties are known."""
    now = utc_now()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        ids = [new_id() for _ in names]
        session.add_all(
            Customer(id=each, tenant_id=studio.tenant_id, name=name, **columns)
            for each, name in zip(ids, names, strict=True)
        )
        session.flush()
        events = [
            NewEvent(each, "Order Completed", "track", "api", {"total": 900}, {}, now, new_id())
            for each in ids
        ]
        record(session, studio.tenant_id, events, now=now)
    return ids


def publish(studio: Studio, name: str, *kinds: tuple[str, str, dict[str, Any]]) -> UUID:
    """A live journey of steps in a row."""
    nodes = [
        {"id": node_id, "type": kind, "position": {"x": 0, "y": 140 * place}, "config": config}
        for place, (node_id, kind, config) in enumerate(kinds)
    ]
    ids = [node["id"] for node in nodes]
    edges = [
        {"id": f"{source}-{target}", "source": source, "source_port": "next", "target": target}
        for source, target in pairwise(ids)
    ]
    graph = {"schema": 1, "nodes": nodes, "edges": edges, "settings": {}}
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        journey = drafts.create_journey(
            session, studio.tenant_id, name, user_id=None, now=utc_now(), graph=graph
        )
        publishing.publish(session, studio.tenant_id, journey.id, user_id=None, now=utc_now())
        return journey.id


def test_settings_stand_under_headings_and_are_kept(page: Page, studio: Studio) -> None:
    add_customers(studio, "Asha")
    canvas = new_journey(page, studio, "Rules")
    page.get_by_role("button", name="Journey settings").click()
    for heading in ("Who enters", "Goal", "Leaving", "Limits"):
        expect(canvas.panel.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(page.locator("#jc-field-goal_days")).to_have_count(0)
    page.fill("#jc-field-starts_on", "2026-10-01")
    page.fill("#jc-field-ends_on", "2026-10-31")
    canvas.choose("goal_event", "Order")
    page.fill("#jc-field-goal_days", "14")
    page.get_by_role("button", name="Condition").click()
    page.get_by_label("Property").fill("total")
    page.keyboard.press("Enter")
    page.get_by_label("Operator").select_option("gte")
    page.get_by_label("Value").fill("500")
    page.focus("#jc-field-exit_events")
    page.keyboard.type("Refunded")
    page.keyboard.press("Enter")
    page.get_by_role("switch", name="Stop when the customer replies").click()
    page.fill("#jc-field-message_limit", "3")
    canvas.wait_until_saved()
    assert draft(studio, "Rules")["settings"] == {
        "starts_on": "2026-10-01",
        "ends_on": "2026-10-31",
        "goal_event": "Order Completed",
        "goal_days": 14,
        "goal_where": [{"property": "total", "operator": "gte", "value": 500}],
        "exit_events": ["Refunded"],
        "stop_on_reply": False,
        "message_limit": 3,
    }
    page.get_by_role("button", name="Remove Refunded").click()
    canvas.wait_until_saved()
    assert draft(studio, "Rules")["settings"]["exit_events"] == []


def test_the_palette_finds_activities_by_their_own_words(page: Page, studio: Studio) -> None:
    canvas = new_journey(page, studio, "Found")
    page.get_by_label("Search steps").fill("payment failed")
    page.locator(".jc-item").filter(has_text="Payment failed").click()
    expect(canvas.nodes).to_have_count(1)
    canvas.close_panel()
    page.get_by_label("Search steps").fill("")
    page.keyboard.press("Escape")
    page.locator(".jc-stage").focus()
    page.keyboard.press("n")
    page.keyboard.type("first visit")
    page.keyboard.press("Enter")
    expect(canvas.nodes.filter(has_text="First visit completed")).to_have_count(1)
    canvas.wait_until_saved()
    activities = [node["config"]["activity"] for node in draft(studio, "Found")["nodes"]]
    assert activities == ["payment_failed", "first_visit_completed"]


def test_waits_are_told_in_sentences(page: Page, studio: Studio) -> None:
    add_customers(studio, "Asha")
    canvas = new_journey(page, studio, "Waits")
    until = canvas.drop("wait.until", 760, 200)
    page.fill("#jc-field-at", "18:30")
    page.select_option("#jc-field-days", "Monday to Friday")
    expect(canvas.node(until)).to_contain_text("Wait until 18:30, Monday to Friday")
    event = canvas.drop("wait.event", 760, 400)
    canvas.choose("event", "Order")
    page.fill("#jc-field-timeout", "3")
    expect(canvas.node(event)).to_contain_text("Wait for “Order Completed”, at most 3 days")
    page.get_by_role("button", name="Condition").click()
    page.get_by_label("Property").fill("total")
    page.keyboard.press("Enter")
    page.get_by_label("Operator").select_option("gte")
    page.get_by_label("Value").fill("500")
    expect(canvas.node(event)).to_contain_text("total is at least 500")
    birthday = canvas.drop("trigger.birthday", 1080, 200)
    page.fill("#jc-field-days", "-7")
    expect(canvas.node(birthday)).to_contain_text("7 days before the birthday, at 09:00")
    canvas.wait_until_saved()
    assert config_of(studio, "Waits", "wait.until") == {"at": "18:30", "days": "Monday to Friday"}
    assert config_of(studio, "Waits", "wait.event") == {
        "event": "Order Completed",
        "where": [{"property": "total", "operator": "gte", "value": 500}],
        "timeout": {"amount": 3, "unit": "days"},
    }


def test_cases_by_keyboard_make_ways_on(page: Page, studio: Studio) -> None:
    add_customers(studio, "Asha", city="Mumbai")
    add_customers(studio, "Ravi", city="Pune")
    canvas = new_journey(page, studio, "Cities")
    branch = canvas.drop("branch.value", 760, 240)
    page.focus("#jc-field-value")
    page.keyboard.type("city")
    page.keyboard.press("Enter")
    for city in ("Mumbai", "Pune"):
        page.get_by_role("button", name="Case", exact=True).focus()
        page.keyboard.press("Enter")
        page.locator(".jc-case").last.get_by_role("combobox").focus()
        page.keyboard.type(city)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    expect(canvas.node(branch)).to_contain_text("By city: Mumbai / Pune / other")
    expect(canvas.node(branch).locator(".jc-out")).to_have_count(3)
    page.get_by_label("Name of case 2").fill("Poona")
    expect(canvas.node(branch).locator(".jc-port-label")).to_have_text(["Mumbai", "Poona", "Other"])
    page.get_by_label("Mumbai leads to").select_option("new:exit")
    expect(canvas.edges).to_have_count(1)
    canvas.open(branch)
    page.get_by_role("button", name="Remove case 1").click()
    expect(canvas.edges).to_have_count(0)
    canvas.wait_until_saved()
    (left,) = config_of(studio, "Cities", "branch.value")["cases"]
    assert (left["label"], left["value"]) == ("Poona", "Pune")


def test_a_branch_names_the_message_it_asks_about(page: Page, studio: Studio) -> None:
    canvas = new_journey(page, studio, "Reactions")
    message = canvas.drop("action.message", 700, 200)
    canvas.choose("template_id", "thank")
    name = page.locator("#jc-field-template_id").input_value()
    page.select_option("#jc-field-fallback", "sms")
    page.focus("#jc-field-fallback-template")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="Branch", exact=True).click()
    expect(canvas.node(message).locator(".jc-port-label")).to_have_text(["Sent", "Not sent"])
    branch = canvas.drop("branch.reaction", 700, 440)
    page.locator("#jc-field-message").click()
    page.locator("#jc-field-message-list").get_by_role("option", name=name).click()
    page.select_option("#jc-field-reaction", "clicked")
    expect(canvas.node(branch)).to_contain_text(f"If they clicked “{name}” within 2 days")
    canvas.open(message)
    page.keyboard.press("Escape")
    canvas.wait_until_saved()
    assert config_of(studio, "Reactions", "branch.reaction")["message"] == message
    sent = config_of(studio, "Reactions", "action.message")
    assert sent["fallback"]["channel"] == "sms" and UUID(sent["fallback"]["template_id"])


def test_who_is_stuck_shows_in_the_header_and_goes_on(page: Page, studio: Studio) -> None:
    journey = publish(
        studio,
        "Stuck",
        ("t", "trigger.event", {"event": "Order Completed"}),
        ("w", "wait.duration", {"duration": {"amount": 1, "unit": "days"}}),
    )
    add_customers(studio, "Asha", "Ravi")
    page.goto(f"{studio.app.url}/journeys/{journey}")
    canvas = Canvas(page)
    expect(canvas.node("w")).to_contain_text("here2", timeout=30_000)
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        session.execute(
            update(Enrolment)
            .where(Enrolment.journey_id == journey)
            .values(
                status=EnrolmentStatus.QUARANTINED,
                due_at=None,
                finished_at=utc_now() - timedelta(hours=1),
                reason="This step could not be done: boom",
            )
        )
    page.get_by_role("button", name="2 stuck").click()
    dialog = page.get_by_role("dialog", name="What is stuck")
    expect(dialog.get_by_text("This step could not be done: boom")).to_have_count(2)
    dialog.get_by_role("listitem").filter(has_text="Asha").get_by_role("button", name="Try again").click()
    expect(page.get_by_text("1 customer goes on.")).to_be_visible()
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    dialog.get_by_role("button", name="Try again").press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="stuck")).to_have_count(0)
    expect(canvas.node("w")).to_contain_text("here2", timeout=30_000)


def test_customers_are_added_by_hand(page: Page, studio: Studio) -> None:
    journey = publish(
        studio,
        "By hand",
        ("t", "trigger.manual", {}),
        ("w", "wait.duration", {"duration": {"amount": 1, "unit": "days"}}),
    )
    add_customers(studio, "Asha Rao", "Ravi Iyer")
    page.goto(f"{studio.app.url}/journeys/{journey}")
    canvas = Canvas(page)
    for _ in range(2):
        page.get_by_role("button", name="Add customers…").click()
        dialog = page.get_by_role("dialog", name="Add customers")
        dialog.get_by_label("Search customers").fill("asha")
        expect(dialog.get_by_role("checkbox")).to_have_count(1)
        dialog.get_by_role("checkbox", name="Asha Rao").click()
        dialog.get_by_role("button", name="Let 1 customer in").click()
        expect(dialog).to_have_count(0)
    expect(page.get_by_text("1 customer entered.")).to_be_visible()
    expect(page.get_by_text("in this journey already")).to_be_visible()
    expect(canvas.node("t")).to_contain_text("entered1", timeout=30_000)
