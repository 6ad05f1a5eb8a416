"""A backtest beside the canvas: run, watched, cancelled, found again after a reload, read down to one customer."""

from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import insert, select

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import key_of, new_id
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.models import ConsentState, Customer, Purpose
from engine.delivery.models import Message
from engine.events.record import NewEvent, record
from engine.journeys import drafts
from engine.journeys.models import Enrolment
from engine.templates.models import Template
from tests.browser.canvas import Canvas
from tests.browser.conftest import Studio

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

NAME = "सौदामिनी वेंकटसुब्रमण्यम श्रीवास्तव"
CUSTOMERS = 40


@pytest.fixture
def journey(studio: Studio) -> UUID:
    """A draft that thanks for orders and asks again later, and two months of orders of forty customers."""
    random, now = Random(7), utc_now()
    people = [new_id() for _ in range(CUSTOMERS)]
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        rows = [
            {
                "id": who,
                "tenant_id": studio.tenant_id,
                "name": NAME if number == 0 else f"Customer {number:02}",
                "phone": None if number % 8 == 7 else f"+9198200{number:05}",
            }
            for number, who in enumerate(people)
        ]
        session.execute(insert(Customer), rows)
        wishes = [
            ConsentWish(who, "whatsapp", Purpose.MARKETING, ConsentState.GRANTED, "form")
            for number, who in enumerate(people)
            if number % 5 or not number
        ]
        change_consents(session, studio.tenant_id, wishes, actor="customer", now=now - timedelta(days=80))
        for who in people:
            for _ in range(3):
                at = now - timedelta(days=60 * random.random() + 1)
                bought = {"total": random.randint(300, 3_000), "currency": "INR"}
                event = NewEvent(who, "Order Completed", "track", "test", bought, {}, at, key_of(who, at))
                record(session, studio.tenant_id, [event], now=now)
        template = session.scalars(
            select(Template.id).where(Template.channel == "whatsapp", Template.name.icontains("thank"))
        ).first()
        step = {"channel": "whatsapp", "template_id": str(template)}
        nodes = [
            {"id": "t", "type": "trigger.event", "config": {"event": "Order Completed"}},
            {"id": "m", "type": "action.message", "config": step},
            {"id": "w", "type": "wait.duration", "config": {"duration": {"amount": 2, "unit": "days"}}},
            {"id": "again", "type": "action.message", "config": step},
        ]
        places = [node | {"position": {"x": 0, "y": 160 * at}} for at, node in enumerate(nodes)]
        ways = [
            {"id": f"{source}-{target}", "source": source, "source_port": "next", "target": target}
            for source, target in (("t", "m"), ("m", "w"), ("w", "again"))
        ]
        settings = {"reentry": "always", "goal_event": "Order Completed", "goal_days": 14}
        graph = {"schema": 1, "nodes": places, "edges": ways, "settings": settings}
        return drafts.create_journey(
            session, studio.tenant_id, "Thanks again", user_id=None, now=now, graph=graph
        ).id


def choose(dock: Locator, length: str) -> None:
    """Over how long it shall be played."""
    dock.get_by_role("radio", name=length).click()
    expect(dock.get_by_role("radio", name=length)).to_be_checked()


def test_a_backtest_is_run_watched_read_and_found_again(page: Page, studio: Studio, journey: UUID) -> None:
    page.goto(f"{studio.app.url}/journeys/{journey}")
    canvas = Canvas(page)
    expect(canvas.node("again")).to_be_visible()
    page.get_by_role("button", name="Try it").click()
    page.get_by_role("menuitem", name="Backtest over the past").click()
    dock = page.get_by_role("complementary", name="Backtest")

    # a year takes a while: it shows how far it is, and can be cancelled
    choose(dock, "A year")
    dock.get_by_role("button", name="Run the backtest").click()
    expect(dock.get_by_role("progressbar", name="Progress of the backtest")).to_be_visible()
    dock.get_by_role("button", name="Cancel").click()

    # ninety days are played to the end
    choose(dock, "90 days")
    dock.get_by_role("button", name="Run the backtest").click()
    expect(dock.get_by_text("customers would have entered")).to_be_visible(timeout=60_000)
    expect(dock).to_contain_text("40 customers would have entered")
    expect(dock).to_contain_text("No consent to marketing by whatsapp")
    expect(canvas.node("m").locator(".jc-numbers")).to_contain_text("sent")
    expect(canvas.node("m").locator(".jc-numbers")).to_contain_text("skipped")
    expect(page.locator('.jc[data-overlay="backtest"]')).to_be_visible()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        assert not session.scalars(select(Message.id)).all()
        assert not session.scalars(select(Enrolment.id)).all()

    # one customer's way
    dock.get_by_label("Search these customers").fill("सौदामिनी")
    one = dock.get_by_role("button", name=NAME).first
    expect(dock.get_by_role("button", name="Customer 01")).to_have_count(0)
    one.click()
    expect(dock.locator(".bt-story").first).to_contain_text("Sent by WhatsApp")

    # a reload finds it again; a changed draft makes it stale; closed, the live figures are back
    page.reload()
    expect(canvas.node("again")).to_be_visible()
    if not dock.is_visible():
        page.get_by_role("button", name="Try it").click()
        page.get_by_role("menuitem", name="Backtest over the past").click()
    expect(dock).to_contain_text("40 customers would have entered")
    expect(page.locator('.jc[data-overlay="backtest"]')).to_be_visible()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        now = drafts.load_journey(session, journey)
        drafts.save_draft(session, journey, now.draft, revision=now.revision, now=utc_now())
    expect(dock.get_by_text("The draft was changed since.")).to_be_visible()
    dock.get_by_role("button", name="Close").click()
    expect(page.locator('.jc[data-overlay="backtest"]')).to_have_count(0)
