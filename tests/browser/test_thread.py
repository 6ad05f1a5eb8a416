"""The one thread, from hand to hand: a journey drawn with the mouse, an event by an independent client, the message
in the inbox, the counts on the canvas."""

import pytest
from playwright.sync_api import Page, expect
from segment.analytics.client import Client
from sqlalchemy import func, select

from engine.core.accounts import create_key
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.models import KeyKind
from engine.core.tenants import update_settings
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.models import ConsentState, Customer, Purpose
from engine.events.models import Event
from tests.browser.canvas import new_journey
from tests.browser.conftest import Studio

MINUTE = 60_000

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def test_from_the_drawn_journey_to_the_message_in_the_inbox(page: Page, studio: Studio) -> None:
    client = open_for_business(studio)
    canvas = new_journey(page, studio, "First order")
    steps = canvas.draw_order_journey(field="total spend", at_least="1000", tag="small-order")
    canvas.open(steps.message)
    canvas.choose("template_id", "thank")
    canvas.close_panel()
    canvas.wait_until_saved()
    canvas.publish()

    asha, ravi = (
        {"name": "Asha Rao", "phone": "+919876500001"},
        {"name": "Ravi Iyer", "phone": "+919876500002"},
    )
    for user_id, traits in (("c-1", asha), ("c-2", ravi)):
        client.identify(user_id, traits)
    client.flush()
    agree_to_whatsapp(studio)
    for user_id, total in (("c-1", 4_000), ("c-2", 400)):
        order = {"order_id": f"o-{user_id}", "total": total, "currency": "INR"}
        for _ in ("first", "repeated"):
            client.track(user_id, "Order Completed", order, message_id=f"order-of-{user_id}")
    client.flush()

    expect(canvas.node(steps.message)).to_contain_text("sent", timeout=2 * MINUTE)
    expect(canvas.node(steps.tag)).to_contain_text("passed1", timeout=MINUTE)
    expect(canvas.node(steps.trigger)).to_contain_text("entered2")
    page.goto(f"{studio.app.url}/inbox")
    expect(page.get_by_text("+919876500001").first).to_be_visible()
    expect(page.get_by_text("+919876500002")).to_have_count(0)
    page.get_by_text("+919876500001").first.click()
    expect(page.get_by_text("Asha").last).to_be_visible()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        orders = session.scalar(select(func.count()).where(Event.name == "Order Completed"))
        tags = {row.name: row.tags for row in session.execute(select(Customer.name, Customer.tags))}
    assert orders == 2
    assert tags == {"Asha Rao": [], "Ravi Iyer": ["small-order"]}


def open_for_business(studio: Studio) -> Client:
    """A client with the studio's write key; messages may leave at any hour."""
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        always = {"send_window_start": "00:00", "send_window_end": "23:59:59"}
        update_settings(session, studio.tenant_id, always, actor="test", now=utc_now())
        key = create_key(session, studio.tenant_id, KeyKind.WRITE, "shop", actor="test", now=utc_now())
    return Client(key, host=studio.app.url, sync_mode=False)


def agree_to_whatsapp(studio: Studio) -> None:
    """Every customer says yes to marketing by WhatsApp."""
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        wishes = [
            ConsentWish(each, "whatsapp", Purpose.MARKETING, ConsentState.GRANTED, "form")
            for each in session.scalars(select(Customer.id))
        ]
        assert len(wishes) == 2
        change_consents(session, studio.tenant_id, wishes, actor="customer", now=utc_now())
