"""Two people and one journey: they see each other, nobody overwrites the other, and one asks, the other approves."""

import itertools
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from engine.core.accounts import Role, create_user
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.tenants import update_settings
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.models import ConsentState, Customer, Purpose
from engine.events.record import NewEvent, record
from engine.journeys import drafts, publishing
from engine.journeys.models import Journey
from engine.templates.models import Template
from tests.browser.canvas import Canvas
from tests.browser.conftest import PASSWORD, WINDOW, Studio, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

GONE_MILLISECONDS = 25_000
"""A closed tab is forgotten after twelve seconds, and the others look every four."""


@pytest.fixture
def ravi(browser: Browser, studio: Studio) -> Iterator[Page]:
    """A branch manager of the studio, signed in in a browser of his own."""
    email = f"ravi-{studio.slug}@studio.test"
    with studio.app.inside():
        create_user(studio.tenant_id, email, "Ravi Menon", Role.BRANCH_MANAGER, PASSWORD)
    with browser.new_context(**WINDOW) as context, sign_in(context, studio, email) as page:
        yield page


def wait(node_id: str, days: int, place: int) -> dict[str, Any]:
    return {
        "id": node_id,
        "type": "wait.duration",
        "position": {"x": 0, "y": 150 * place},
        "config": {"duration": {"amount": days, "unit": "days"}},
    }


def graph(*waits: dict[str, Any], event: str = "Order Completed", **message: Any) -> dict[str, Any]:
    """A trigger, then these waits, then a message if one is given."""
    trigger = {"id": "t", "type": "trigger.event", "position": {"x": 0, "y": 0}, "config": {"event": event}}
    last = {"id": "m", "type": "action.message", "position": {"x": 0, "y": 600}, "config": message}
    nodes = [trigger, *waits, *([last] if message else [])]
    ids = [each["id"] for each in nodes]
    edges = [
        {"id": f"{one}-{other}", "source": one, "source_port": "next", "target": other}
        for one, other in itertools.pairwise(ids)
    ]
    return {"schema": 1, "nodes": nodes, "edges": edges, "settings": {}}


def make_journey(studio: Studio, drawn: dict[str, Any]) -> UUID:
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        journey = drafts.create_journey(
            session, studio.tenant_id, "Come back", user_id=None, now=utc_now(), graph=drawn
        )
        return journey.id


def configs(studio: Studio, journey_id: UUID) -> dict[str, Any]:
    """The saved draft's configs by step."""
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        draft = drafts.load_journey(session, journey_id).draft
        return {node["id"]: node["config"] for node in draft["nodes"]}


def open_journey(page: Page, studio: Studio, journey_id: UUID) -> Canvas:
    page.goto(f"{studio.app.url}/journeys/{journey_id}")
    expect(page.locator(".react-flow__node").first).to_be_visible()
    return Canvas(page)


def set_days(canvas: Canvas, node_id: str, number: int) -> None:
    canvas.open(node_id)
    canvas.page.fill("#jc-field-duration", str(number))
    canvas.close_panel()


def dock(page: Page, name: str) -> Locator:
    return page.get_by_role("complementary", name=name)


def test_they_see_each_other_and_neither_overwrites_the_other(page: Page, ravi: Page, studio: Studio) -> None:
    journey = make_journey(studio, graph(wait("a", 2, 1), wait("b", 3, 2)))
    hers, his = open_journey(page, studio, journey), open_journey(ravi, studio, journey)
    expect(page.get_by_label("Also here")).to_contain_text("Ravi Menon is here")
    expect(ravi.get_by_label("Also here")).to_contain_text("Meera Joshi is here")
    his.open("a")
    expect(hers.node("a")).to_contain_text("Ravi")
    his.close_panel()

    # What he saves is there without a reload, and she keeps what she has selected.
    hers.open("b")
    set_days(his, "a", 4)
    expect(hers.node("a")).to_contain_text("4 days")
    expect(page.get_by_label("Also here")).to_contain_text("Ravi Menon is editing")
    expect(hers.panel).to_be_visible()
    hers.close_panel()

    # Both change different steps while he is offline: both changes fit into one draft.
    ravi.context.set_offline(True)
    set_days(hers, "a", 6)
    hers.wait_until_saved()
    set_days(his, "b", 9)
    ravi.context.set_offline(False)
    compared = dock(ravi, "Changed by two")
    expect(compared).to_contain_text("Meera Joshi saved a change", timeout=GONE_MILLISECONDS)
    expect(compared.get_by_role("region", name="You changed")).to_contain_text("Wait 3 daysWait 9 days")
    expect(compared.get_by_role("region", name="Meera Joshi changed")).to_contain_text(
        "Wait 4 daysWait 6 days"
    )
    expect(his.node("a")).to_contain_text("4 days")
    compared.get_by_text("Theirs", exact=True).click()
    expect(his.node("a")).to_contain_text("6 days")
    expect(his.node("b")).to_contain_text("3 days")
    compared.get_by_role("button", name="Keep both").click()
    expect(his.node("b")).to_contain_text("9 days")
    his.wait_until_saved()
    expect(hers.node("b")).to_contain_text("9 days")
    saved = configs(studio, journey)
    assert [saved[each]["duration"]["amount"] for each in "ab"] == [6, 9]

    # The same step: nothing is written before he has chosen, and what he drew outlives a reload.
    ravi.context.set_offline(True)
    set_days(hers, "a", 7)
    hers.wait_until_saved()
    set_days(his, "a", 8)
    ravi.context.set_offline(False)
    expect(compared).to_contain_text("You both changed: Wait", timeout=GONE_MILLISECONDS)
    expect(compared.get_by_role("button", name="Keep both")).to_have_count(0)
    ravi.reload()
    expect(compared).to_contain_text("You both changed: Wait")
    expect(his.node("a")).to_contain_text("8 days")
    assert configs(studio, journey)["a"]["duration"]["amount"] == 7
    compared.get_by_role("button", name="Save mine as a copy").click()
    expect(his.node("a")).to_contain_text("7 days")
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        copy = session.scalars(select(Journey.draft).where(Journey.name == "Come back (copy)")).one()
    assert copy["nodes"][1]["config"]["duration"]["amount"] == 8

    ravi.context.close()
    expect(page.get_by_label("Also here")).to_have_count(0, timeout=GONE_MILLISECONDS)


def test_one_asks_and_the_other_approves_what_differs(page: Page, ravi: Page, studio: Studio) -> None:
    template = reach_one_customer(studio)
    journey = make_journey(studio, graph(wait("a", 2, 1), wait("b", 3, 2), template_id=template))
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        publishing.publish(session, studio.tenant_id, journey, user_id=None, now=utc_now())
        changed = graph(wait("a", 5, 1), template_id=template)
        drafts.save_draft(session, journey, changed, revision=1, now=utc_now())

    his = open_journey(ravi, studio, journey)
    ravi.get_by_role("button", name="Publish changes").click()
    asking = dock(ravi, "Publish")
    expect(asking).to_contain_text("1customers enter1can be written to")
    expect(his.node("a").locator(".jc-card")).to_have_attribute("data-mark", "changed")
    expect(his.node("b").locator(".jc-card")).to_have_attribute("data-mark", "removed")
    expect(asking.get_by_role("region", name="What changes").get_by_role("listitem")).to_contain_text(
        ["RemovedWait 3 days", "ChangedWait 2 daysWait 5 days", "Leads elsewhere"]
    )
    asking.get_by_role("button", name="Ask for approval").click()
    expect(ravi.get_by_role("button", name="Waits for approval")).to_be_visible()
    expect(his.node("b")).to_have_count(0)

    hers = open_journey(page, studio, journey)
    page.get_by_role("button", name="Waits for approval").click()
    deciding = dock(page, "Publish")
    expect(deciding).to_contain_text("Ravi Menon asked for approval")
    expect(hers.node("b").locator(".jc-card")).to_have_attribute("data-mark", "removed")
    deciding.get_by_role("button", name="Reject").click()
    deciding.get_by_label("What should change?").fill("Wait a week, please")
    deciding.get_by_role("button", name="Reject").click()
    expect(deciding).to_have_count(0)

    ravi.reload()
    ravi.get_by_role("button", name="Not approved").click()
    expect(asking).to_contain_text("Wait a week, please")
    asking.get_by_role("button", name="Cancel").click()
    set_days(his, "a", 7)
    his.wait_until_saved()
    ravi.get_by_role("button", name="Publish changes").click()
    asking.get_by_role("button", name="Ask for approval").click()
    expect(ravi.get_by_role("button", name="Waits for approval")).to_be_visible()

    page.reload()
    page.get_by_role("button", name="Waits for approval").click()
    deciding.get_by_role("button", name="Approve and publish").click()
    expect(page.get_by_text("Version 2 is live.")).to_be_visible()
    expect(page.get_by_role("button", name="Waits for approval")).to_have_count(0)


def reach_one_customer(studio: Studio) -> str:
    """One reachable customer who has ordered, and a rule by which one is enough to need approval."""
    now, customer = utc_now(), new_id()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        session.add(Customer(id=customer, tenant_id=studio.tenant_id, name="Asha", phone="+919876500001"))
        session.flush()
        agreed = ConsentWish(customer, "whatsapp", Purpose.MARKETING, ConsentState.GRANTED, "form")
        change_consents(session, studio.tenant_id, [agreed], actor="customer", now=now)
        order = NewEvent(customer, "Order Completed", "track", "test", {}, {}, now, new_id())
        record(session, studio.tenant_id, [order], now=now)
        rule = {"campaign_approval_threshold_recipients": 1}
        update_settings(session, studio.tenant_id, rule, actor="test", now=now)
        found = session.scalars(select(Template.id).where(Template.channel == "whatsapp")).first()
        return str(found)
