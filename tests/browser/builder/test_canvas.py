"""The canvas by hand: sixty steps drawn with the mouse alone, notes, lines, the clipboard, a hundred steps back."""

import re
from threading import Event

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.canvas import Canvas, new_journey, saved_graph
from tests.browser.conftest import Studio

STEPS = 60
UNDOABLE = 100
SMALL = {"width": 1024, "height": 768}

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_sixty_steps_by_mouse_alone(page: Page, studio: Studio) -> None:
    canvas = new_journey(page, studio, "Sixty")
    trigger = canvas.drop("trigger.event", 760, 140)
    wait = canvas.drop("wait.duration", 760, 300)
    goal = canvas.drop("action.tag", 760, 460)
    canvas.close_panel()
    canvas.connect(trigger, "next", wait)
    canvas.connect(wait, "next", goal)
    spliced = canvas.drop_between("wait.until", wait, goal)
    canvas.close_panel()
    inserted = canvas.insert_between("Tag", trigger, wait)
    canvas.close_panel()
    lone = canvas.drop("action.attribute", 1100, 240)
    canvas.close_panel()
    x, y = canvas.middle_of(inserted, wait)
    box = canvas.node(lone).bounding_box()
    assert box
    canvas.move(lone, x - box["x"] - box["width"] / 2, y - box["y"] - 14)
    expect(canvas.edges).to_have_count(5)
    canvas.open(goal)
    while canvas.nodes.count() < STEPS:
        canvas.take("branch.split" if canvas.nodes.count() % 20 == 9 else "action.tag")
    page.get_by_role("button", name="Tidy up").click()
    canvas.wait_until_saved()
    graph = saved_graph(studio, "Sixty")
    kinds = {node["id"]: node["type"] for node in graph["nodes"]}
    ways = {(edge["source"], edge["target"]) for edge in graph["edges"]}
    assert len(kinds) == STEPS and len(graph["edges"]) == STEPS - 1
    assert {(trigger, inserted), (inserted, lone), (lone, wait), (wait, spliced), (spliced, goal)} <= ways
    places = {(node["position"]["x"], node["position"]["y"]) for node in graph["nodes"]}
    assert len(places) == STEPS


def test_leaving_while_a_save_is_under_way_loses_nothing_and_is_no_clash(page: Page, studio: Studio) -> None:
    canvas = new_journey(page, studio, "Left in a hurry")
    journey = page.url
    canvas.take("trigger.event")
    canvas.wait_until_saved()
    deaf = stop_hearing(page)
    page.reload()
    expect(canvas.nodes).to_have_count(1)
    canvas.node(canvas.nodes.first.get_attribute("data-id") or "").click()
    deaf.set()
    canvas.take("wait.duration")
    while len(saved_graph(studio, "Left in a hurry")["nodes"]) < 2:
        page.wait_for_timeout(100)
    canvas.take("exit")
    page.wait_for_timeout(800)
    deaf.clear()
    page.goto(journey)
    expect(canvas.nodes).to_have_count(3)
    canvas.wait_until_saved()
    assert len(saved_graph(studio, "Left in a hurry")["nodes"]) == 3
    expect(page.get_by_text("Changed by two")).to_have_count(0)


def stop_hearing(page: Page) -> Event:
    """From the next page on: while this is set, what the server says does not reach the page."""
    deaf = Event()

    def relay(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(lambda message: None if deaf.is_set() else socket.send(message))

    page.route_web_socket(re.compile("_event"), relay)
    return deaf


def test_notes_lines_and_the_clipboard(page: Page, studio: Studio) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    canvas = new_journey(page, studio, "Noted")
    page.set_viewport_size(SMALL)
    trigger = canvas.drop("trigger.event", 700, 140)
    wait = canvas.take("wait.duration")
    exit_step = canvas.take("exit")
    canvas.close_panel()

    page.get_by_role("button", name="Stick a note").click()
    page.keyboard.type("Why a day? ग्राहक सो रहे हैं")
    page.keyboard.press("Escape")
    note = page.locator(".jc-note")
    page.get_by_role("button", name="blue paper").click()
    expect(note).to_have_attribute("data-colour", "blue")
    corner = page.locator(".jc-note-corner.bottom.right").bounding_box()
    assert corner
    page.mouse.move(corner["x"] + 4, corner["y"] + 4)
    page.mouse.down()
    page.mouse.move(corner["x"] + 84, corner["y"] + 44, steps=6)
    page.mouse.up()
    canvas.wait_until_saved()
    (kept,) = saved_graph(studio, "Noted")["notes"]
    assert kept["text"] == "Why a day? ग्राहक सो रहे हैं" and kept["colour"] == "blue"
    assert kept["width"] > 240 and kept["height"] > 136
    expect(page.get_by_role("group", name="Note: Why a day?")).to_be_attached()

    canvas.node(wait).click(position={"x": 120, "y": 20})
    canvas.close_panel()
    canvas.move(wait, 90, 0)
    page.keyboard.press("Control+a")
    expect(page.get_by_role("toolbar", name="4 selected")).to_be_visible()
    page.keyboard.press("Escape")
    select_frame(page, canvas, [trigger, exit_step])
    page.get_by_role("button", name="Align left").click()
    lefts = {round(canvas.node(each).bounding_box()["x"]) for each in (trigger, wait, exit_step)}  # type: ignore[index]
    assert len(lefts) == 1
    page.keyboard.press("Escape")

    box = canvas.node(exit_step).bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 12)
    page.mouse.down()
    for right in (2, 100, 20, 4):
        page.mouse.move(box["x"] + 60 + right, box["y"] + 12, steps=4)
        page.wait_for_timeout(60)
    expect(page.locator(".jc-guide").first).to_be_visible()
    page.mouse.up()
    expect(page.locator(".jc-guide")).to_have_count(0)
    assert {round(canvas.node(each).bounding_box()["x"]) for each in (wait, exit_step)} == lefts  # type: ignore[index]

    page.keyboard.press("Control+a")
    expect(page.get_by_role("toolbar", name="4 selected")).to_be_visible()
    page.keyboard.press("Control+c")
    other = new_journey(page, studio, "Copied")
    page.locator(".jc-stage").click(position={"x": 30, "y": 30})
    page.keyboard.press("Control+v")
    expect(other.nodes).to_have_count(4)
    expect(other.edges).to_have_count(2)
    other.wait_until_saved()
    graph = saved_graph(studio, "Copied")
    assert [each["text"] for each in graph["notes"]] == [kept["text"]]
    assert not {node["id"] for node in graph["nodes"]} & {trigger, wait, exit_step}


def select_frame(page: Page, canvas: Canvas, corners: list[str]) -> None:
    """Draw a frame with Shift around two cards and what lies between."""
    first, last = (canvas.node(each).bounding_box() for each in corners)
    assert first and last
    left = min(first["x"], last["x"])
    page.keyboard.down("Shift")
    page.mouse.move(left - 12, first["y"] - 8)
    page.mouse.down()
    page.mouse.move(left + 150, last["y"] + 20, steps=6)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.locator(".react-flow__node.selected")).to_have_count(3)


def test_a_hundred_steps_back_and_a_walk_along_the_arrows(page: Page, studio: Studio) -> None:
    canvas = new_journey(page, studio, "Far back")
    trigger = canvas.drop("trigger.event", 760, 140)
    branch = canvas.take("branch.split")
    first = canvas.take("wait.duration")
    canvas.open(branch)
    second = canvas.take("exit")
    canvas.close_panel()
    said = page.locator(".jc-said")
    expect(said).to_have_text(re.compile("Connected .* to Exit"))
    canvas.node(trigger).focus()
    for key, arrived in (
        ("Down", branch),
        ("Down", first),
        ("Right", second),
        ("Left", first),
        ("Up", branch),
    ):
        page.keyboard.press(f"Alt+Arrow{key}")
        expect(canvas.node(arrived)).to_be_focused()
    page.keyboard.press("Escape")

    canvas.open(second)
    canvas.close_panel()
    canvas.node(second).focus()
    page.keyboard.press("Enter")
    page.locator(".jc-stage").focus()
    for _ in range(UNDOABLE // 2 + 1):
        page.keyboard.press("Control+x")
        page.keyboard.press("Control+v")
    expect(canvas.nodes).to_have_count(4)
    last = canvas.selected()
    for _ in range(UNDOABLE):
        page.keyboard.press("Control+z")
    expect(canvas.node(last)).to_have_count(0)
    expect(canvas.nodes).to_have_count(4)
    expect(canvas.edges).to_have_count(2)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    expect(said).to_have_text(re.compile("^Undone"))
    for _ in range(UNDOABLE):
        page.keyboard.press("Control+Shift+z")
    expect(canvas.node(last)).to_be_visible()
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()
