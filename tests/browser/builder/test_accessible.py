"""The filled builder, looked at by axe-core in light and in dark: canvas, panel, docks, bars and lists."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.models import ConsentState, Customer, Purpose
from engine.events.record import NewEvent, record
from engine.journeys.drafts import create_journey, save_draft
from engine.journeys.publishing import publish
from engine.templates.models import Template
from tests.browser.accessibility import violations
from tests.browser.canvas import Canvas
from tests.browser.conftest import Studio
from tests.journeys.conftest import graph_of, node

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CUSTOMERS = 3
NOTE = {
    "id": "note",
    "position": {"x": 330, "y": 0},
    "width": 220,
    "height": 120,
    "text": "Ask Meera before",
    "colour": "yellow",
}


def draw(message: str, *, days: int, last: str) -> dict[str, Any]:
    """After an order: a message, a wait, then a tag; `days` and `last` are what the draft changes."""
    parts = [
        node("t", "trigger.event", event="Order Completed"),
        node("m", "action.message", channel="whatsapp", template_id=message),
        node("w", "wait.duration", duration={"amount": days, "unit": "days"}),
        node(last, "action.tag", add=[last]),
    ]
    for place, part in enumerate(parts):
        part["position"] = {"x": 0, "y": 170 * place}
    ids = [part["id"] for part in parts]
    graph = graph_of(parts, *[f"{one} > {other}" for one, other in pairwise(ids)])
    return graph | {"notes": [NOTE]}


@pytest.fixture
def journey(studio: Studio) -> UUID:
    """Live, with three customers on the way and their orders of the past; its draft differs."""
    now = utc_now()
    people = [new_id() for _ in range(CUSTOMERS)]
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        tenant = studio.tenant_id
        session.add_all(
            Customer(id=who, tenant_id=tenant, name=f"Customer {place}", phone=f"+9198765000{place:02}")
            for place, who in enumerate(people)
        )
        session.flush()
        agreed = [
            ConsentWish(who, "whatsapp", Purpose.MARKETING, ConsentState.GRANTED, "form") for who in people
        ]
        change_consents(session, tenant, agreed, actor="customer", now=now - timedelta(days=80))
        bought = {"total": 1_200, "currency": "INR"}

        def order(who: UUID, days_ago: int) -> NewEvent:
            at = now - timedelta(days=days_ago)
            return NewEvent(who, "Order Completed", "track", "test", bought, {}, at, new_id())

        record(session, tenant, [order(who, 20) for who in people], now=now - timedelta(days=20))
        template = str(
            session.scalars(
                select(Template.id).where(Template.channel == "whatsapp", Template.name.icontains("thank"))
            ).first()
        )
        old, new = draw(template, days=2, last="asked"), draw(template, days=5, last="thanked")
        made = create_journey(session, tenant, "Thanks", user_id=None, now=now, graph=old)
        publish(session, tenant, made.id, user_id=None, now=now)
        save_draft(session, made.id, new, revision=made.revision, now=now)
        record(session, tenant, [order(who, 0) for who in people], now=now)
        return made.id


def test_axe_finds_nothing_grave_in_the_filled_builder(page: Page, studio: Studio, journey: UUID) -> None:
    page.goto(f"{studio.app.url}/journeys/{journey}")
    canvas = Canvas(page)
    expect(canvas.node("w").locator(".jc-numbers")).to_contain_text("here3", timeout=60_000)
    found: dict[str, list[str]] = {}

    def look(name: str, part: Locator | None = None) -> None:
        found[name] = violations(page, part)

    look("canvas")
    for name, keys, shown in OVER:
        page.locator(".react-flow__pane").click(position={"x": 40, "y": 300})
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator(shown)).to_be_visible()
        look(name, page.locator(shown))
        page.keyboard.press("Escape")
    canvas.node("note").click()
    look("note", canvas.node("note"))

    canvas.open("w")
    look("settings of a step", canvas.panel)
    canvas.panel.get_by_role("tab", name="Customers").click()
    expect(canvas.panel.get_by_role("link", name="Customer 1")).to_be_visible()
    look("customers of a step", canvas.panel)
    canvas.close_panel()

    for name, item, steps in DOCKS:
        if item:
            page.get_by_role("button", name="Try it").click()
            expect(page.get_by_role("menuitem", name=item)).to_be_visible()
            look(f"menu with {name}")
            page.get_by_role("menuitem", name=item).click()
        else:
            page.get_by_role("button", name="Publish changes").click()
        dock = page.get_by_role("complementary", name=name)
        for place, step in enumerate(steps):
            step(page, dock)
            look(f"{name} {place}", dock)
        look(f"the page beside {name}")
        dock.get_by_role("button", name="Close").click()
    assert {name: each for name, each in found.items() if each} == {}


def _differs(page: Page, dock: Locator) -> None:
    expect(dock.get_by_role("region", name="What changes").get_by_role("listitem")).to_have_count(4)
    dock.get_by_text("Move them to the new version").click()
    expect(dock.get_by_role("table")).to_be_visible()


def _asks(page: Page, dock: Locator) -> None:
    expect(dock.get_by_role("button", name="Begin")).to_be_visible()


def _plays(page: Page, dock: Locator) -> None:
    dock.get_by_role("button", name="Begin").click()
    expect(dock.get_by_text("Thank you, Asha")).to_be_visible()


def _offers(page: Page, dock: Locator) -> None:
    expect(dock.get_by_role("button", name="Run the backtest")).to_be_visible()


def _tells(page: Page, dock: Locator) -> None:
    dock.get_by_role("button", name="Run the backtest").click()
    expect(dock.locator(".bt-headline")).to_be_visible(timeout=60_000)


Act = Callable[[Page, Locator], None]
DOCKS: tuple[tuple[str, str, tuple[Act, ...]], ...] = (
    ("Publish", "", (_differs,)),
    ("Dry run", "Dry run", (_asks, _plays)),
    ("Backtest", "Backtest over the past", (_offers, _tells)),
)
OVER = (
    ("shortcuts", ("?",), ".jc-keys"),
    ("finder", ("/",), ".jc-finder"),
    ("align bar", ("Control+a",), ".jc-align"),
)
"""What is opened over the canvas: its name, the keys, and how one knows it is there."""
