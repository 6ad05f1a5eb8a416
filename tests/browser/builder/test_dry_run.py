"""The dry run beside the canvas, with mouse and keyboard in a real Chromium (J10)."""

from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.delivery.models import Message
from engine.journeys import drafts
from engine.templates.models import Template
from tests.browser.conftest import Studio
from tests.journeys.conftest import graph_of, node

pytestmark = pytest.mark.browser


def test_one_customer_walks_through_the_draft(page: Page, studio: Studio) -> None:
    journey_id = _draft(studio)
    page.goto(f"{studio.app.url}/journeys/{journey_id}")
    page.get_by_role("button", name="Try it").click()
    page.get_by_role("menuitem", name="Dry run").click()
    dock = page.get_by_role("complementary", name="Dry run")

    # A draft with a problem says which, and leads to it.
    dock.get_by_role("button", name="Give at least one tag").or_(
        dock.locator(".dr-problems button")
    ).first.click()
    expect(page.locator(".jc-panel")).to_be_visible()
    page.fill("#jc-field-add", "keen")
    page.keyboard.press("Enter")
    page.locator(".jc-panel").get_by_role("button", name="Close").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    dock.get_by_role("button", name="Look again").click()

    # Somebody invented begins; what is due at once has happened, and her message is shown as she would see it.
    dock.get_by_label("Name").fill("Kavita Rao")
    dock.get_by_label("Begins").fill("2031-03-03T11:00")
    dock.get_by_role("button", name="Begin").click()
    expect(dock.get_by_text("Mon 3 Mar 2031, 11:00")).to_be_visible()
    expect(dock.get_by_text("Hello Kavita")).to_be_visible()
    expect(dock.get_by_text("Would be sent")).to_be_visible()
    expect(_card(page, "asks")).to_have_attribute("data-mark", "here")
    expect(_card(page, "hello")).to_have_attribute("data-mark", "passed")
    expect(_card(page, "hello")).to_contain_text("11:00")

    # The focus stands on the next step: a key goes on to the end of the wait, by the way of those who did nothing.
    expect(page.locator("#dr-step")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dock.locator(".dr-passed")).to_have_text("2 days pass")
    expect(_card(page, "cold")).to_have_attribute("data-mark", "passed")
    expect(dock.get_by_text("Nothing more happens by itself.")).to_be_visible()

    # Once more, and this time she clicks.
    dock.get_by_role("button", name="Start again").click()
    expect(_card(page, "asks")).to_have_attribute("data-mark", "here")
    dock.get_by_role("button", name="Clicks the link").click()
    expect(_card(page, "keen")).to_have_attribute("data-mark", "passed")
    expect(dock.get_by_text("https://studio.example/book").last).to_be_visible()
    expect(page.locator('.jc-edge[data-mark="passed"]')).to_have_count(3)

    # Played by itself, line by line.
    dock.get_by_role("button", name="Start again").click()
    dock.get_by_role("button", name="Play").click()
    expect(_card(page, "cold")).to_have_attribute("data-mark", "passed")
    expect(dock.get_by_role("status")).to_contain_text("Came to the end")

    dock.get_by_role("button", name="Close").click()
    expect(page.locator(".jc-card[data-mark]")).to_have_count(0)
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        assert session.scalars(select(Message)).first() is None


def _card(page: Page, node_id: str) -> Locator:
    return page.locator(f'.react-flow__node[data-id="{node_id}"] .jc-card')


def _draft(studio: Studio) -> UUID:
    """Says hello, and parts those who click from those who do not; one step is not finished."""
    template = new_id()
    parts: list[dict[str, Any]] = [
        node("t", "trigger.manual"),
        node("hello", "action.message", channel="whatsapp", template_id=str(template)),
        node("asks", "branch.reaction", message="hello", reaction="clicked"),
        node("keen", "action.tag"),
        node("cold", "action.tag", add=["cold"]),
    ]
    for place, part in enumerate(parts):
        part["position"] = {"x": 0 if place < 4 else 320, "y": 140 * min(place, 3)}
    graph = graph_of(parts, "t > hello", "hello > asks", "asks.yes > keen", "asks.no > cold")
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        session.add(
            Template(
                id=template,
                tenant_id=studio.tenant_id,
                name="Hello",
                channel="whatsapp",
                template_type="promotional",
                contents={"en": {"body": "Hello {{ first_name }}, https://studio.example/book"}},
            )
        )
        session.flush()
        return drafts.create_journey(
            session, studio.tenant_id, "Tried", user_id=None, now=utc_now(), graph=graph
        ).id
