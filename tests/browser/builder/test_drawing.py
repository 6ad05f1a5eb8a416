"""The builder as a person uses it: a journey drawn with the mouse, filled in, undone, saved, published, watched."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import CDPSession, Page, expect

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.models import Customer
from engine.events.record import NewEvent, record
from engine.journeys.models import Journey
from tests.browser.canvas import MOVES, Canvas, new_journey, saved_graph
from tests.browser.conftest import Studio

SCRIPT_SECONDS_A_MOVE = 0.025
"""With 200 steps on the canvas; measured 0.009 on a busy machine of two cores without a graphics card."""

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_draw_configure_undo_save_publish_and_watch(page: Page, studio: Studio) -> None:
    canvas = new_journey(page, studio, "Thank you")
    steps = canvas.draw_order_journey(field="number of orders", at_least="2", tag="first-order")
    canvas.wait_until_saved()
    page.get_by_role("button", name="Publish").click()
    dock = page.get_by_role("complementary", name="Publish")
    expect(dock.get_by_role("button", name="Publish now")).to_have_count(0)
    dock.get_by_role("button", name="choose or fill in template").click()
    expect(dock).to_have_count(0)
    canvas.choose("template_id", "thank")
    expect(canvas.node(steps.message)).to_contain_text("hank")
    preview = page.locator(".jc-preview")
    expect(preview).to_contain_text("Asha")
    preview.get_by_role("button", name="hi", exact=True).click()
    expect(preview.locator("p[lang=hi]")).to_be_visible()

    canvas.close_panel()
    before = canvas.node(steps.tag).bounding_box()
    canvas.move(steps.tag, 64, 40)
    moved = canvas.node(steps.tag).bounding_box()
    assert moved != before
    page.keyboard.press("Control+z")
    page.wait_for_timeout(200)
    assert canvas.node(steps.tag).bounding_box() == before
    page.keyboard.press("Control+Shift+z")
    page.wait_for_timeout(200)
    assert canvas.node(steps.tag).bounding_box() == moved

    canvas.wait_until_saved()
    graph = saved_graph(studio, "Thank you")
    kinds = {node["id"]: node["type"] for node in graph["nodes"]}
    ways = {(kinds[edge["source"]], edge["source_port"], kinds[edge["target"]]) for edge in graph["edges"]}
    assert ways == {
        ("trigger.event", "next", "wait.duration"),
        ("wait.duration", "next", "branch.rule"),
        ("branch.rule", "yes", "action.message"),
        ("branch.rule", "no", "action.tag"),
    }
    configs = {node["type"]: node["config"] for node in graph["nodes"]}
    assert configs["trigger.event"]["event"] == "Order Completed"
    assert configs["wait.duration"]["duration"] == {"amount": 1, "unit": "minutes"}
    assert configs["branch.rule"]["rules"]["rules"] == [
        {"field": "order_count", "operator": "gte", "value": 2}
    ]
    assert configs["action.tag"]["add"] == ["first-order"]

    canvas.publish()
    expect(page.locator(".jb-status")).to_contain_text("Live")

    customers = send_event(studio, "Order Completed", customers=3)
    expect(canvas.node(steps.trigger)).to_contain_text(f"entered{customers}", timeout=30_000)
    expect(canvas.node(steps.wait)).to_contain_text(f"here{customers}", timeout=30_000)

    canvas.node(steps.wait).get_by_role("button", name=f"{customers} here: who?").click()
    expect(page.locator(".jc-people li")).to_have_count(customers)
    expect(page.locator(".jc-people li a").first).to_have_attribute(
        "href", re.compile(r"/customers/[0-9a-f-]{36}")
    )
    page.get_by_label("Search these customers").fill("nobody")
    expect(page.get_by_text("Nobody here is found by “nobody”.")).to_be_visible()
    page.get_by_role("tab", name="Settings").click()
    expect(page.locator(".jc-duration")).to_be_visible()
    canvas.close_panel()

    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".jb-status")).to_contain_text("Paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".jb-status")).to_contain_text("Live")


def send_event(studio: Studio, name: str, *, customers: int) -> int:
    """New customers, to each of whom the event happens now."""
    now = utc_now()
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        ids = [new_id() for _ in range(customers)]
        session.add_all(Customer(id=each, tenant_id=studio.tenant_id) for each in ids)
        session.flush()
        record(
            session,
            studio.tenant_id,
            [NewEvent(each, name, "track", "api", {}, {}, now, new_id()) for each in ids],
            now=now,
        )
    return customers


def test_begin_with_a_ready_made_journey(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.app.url}/journeys")
    page.get_by_role("link", name="New journey").first.click()
    page.get_by_role("button", name="Win back quiet customers").click()
    page.get_by_role("button", name="Use this journey").click()
    canvas = Canvas(page)
    expect(canvas.nodes).to_have_count(6)
    expect(canvas.nodes.filter(has_text="Total spend is at least 5,000")).to_have_count(1)
    before = [canvas.nodes.nth(place).bounding_box() for place in range(6)]
    page.keyboard.press("t")
    expect(canvas.nodes).to_have_count(6)
    page.get_by_role("button", name="Lay out left to right").click()
    page.wait_for_timeout(1_000)
    assert [canvas.nodes.nth(place).bounding_box() for place in range(6)] != before
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Duplicate").click()
    expect(page.get_by_label("Name of the journey")).to_have_value("Win back quiet customers (copy)")
    expect(canvas.nodes).to_have_count(6)


def test_a_click_on_a_way_out_asks_what_comes_next(page: Page, studio: Studio) -> None:
    canvas = new_journey(page, studio, "Click by click")
    page.get_by_role("button", name="Event happens").last.click()
    trigger = canvas.nodes.first.get_attribute("data-id")
    canvas.close_panel()
    canvas.node(trigger).locator(".jc-out").click()
    page.get_by_role("option", name="Wait", exact=True).click()
    expect(canvas.edges).to_have_count(1)
    canvas.close_panel()
    canvas.node(trigger).locator(".jc-out").click()
    page.get_by_role("option", name="Tag", exact=True).click()
    expect(canvas.nodes).to_have_count(3)
    expect(canvas.edges).to_have_count(2)
    page.keyboard.press("Control+z")
    expect(canvas.edges).to_have_count(1)


def test_by_keyboard_alone(page: Page, studio: Studio) -> None:
    canvas = new_journey(page, studio, "By keyboard")
    page.keyboard.press("n")
    page.keyboard.type("event")
    page.keyboard.press("Enter")
    expect(canvas.nodes).to_have_count(1)
    page.keyboard.press("n")
    page.keyboard.type("exit")
    page.keyboard.press("Enter")
    expect(canvas.nodes).to_have_count(2)
    expect(canvas.edges).to_have_count(1)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(canvas.nodes).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(canvas.nodes).to_have_count(2)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_a_large_journey_moves_smoothly(page: Page, studio: Studio) -> None:
    new_journey(page, studio, "Two hundred steps")
    graph = ladder(200)
    journey_id = page.url.rsplit("/", 1)[1]
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        session.get_one(Journey, journey_id).draft = graph
        session.get_one(Journey, journey_id).revision += 1
    page.reload()
    canvas = Canvas(page)
    expect(canvas.nodes.first).to_be_visible()
    page.evaluate(WATCH_CARDS)
    measured = page.context.new_cdp_session(page)
    measured.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = script_seconds(measured)
    canvas.move("step-0", 300, 200)
    assert page.evaluate("[...window.cards_touched]") == ["step-0"]
    assert (script_seconds(measured) - before) / MOVES < SCRIPT_SECONDS_A_MOVE


def script_seconds(session: CDPSession) -> float:
    """Processor time of the page's scripts so far: other programs' load does not count."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "ScriptDuration")


def ladder(steps: int) -> dict:
    """A trigger and many waits, ten in a row."""
    nodes = [
        {"id": "start", "type": "trigger.event", "position": {"x": 0, "y": -160}, "config": {"event": "A"}}
    ]
    nodes += [
        {
            "id": f"step-{number}",
            "type": "wait.duration",
            "position": {"x": number % 10 * 300, "y": number // 10 * 160},
            "config": {},
        }
        for number in range(steps)
    ]
    ids = [node["id"] for node in nodes]
    edges = [
        {"id": f"edge-{number}", "source": source, "source_port": "next", "target": target}
        for number, (source, target) in enumerate(pairwise(ids))
    ]
    return {"schema": 1, "nodes": nodes, "edges": edges, "settings": {}}


WATCH_CARDS = """
window.cards_touched = new Set();
new MutationObserver((changes) => changes.forEach(({ target }) => {
  const card = target.closest?.(".react-flow__node");
  if (card) window.cards_touched.add(card.dataset.id);
})).observe(document.querySelector(".react-flow__nodes"), { subtree: true, attributes: true, childList: true });
"""
