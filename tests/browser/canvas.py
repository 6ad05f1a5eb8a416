"""The hand on the canvas: what a person does with the mouse, as a test says it."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from engine.core.db import tenant_session
from engine.journeys.models import Journey
from tests.browser.conftest import Studio

MOVES = 12
"""Mouse moves in one drag."""

SETTLE_MILLISECONDS = 100
"""The view may move a little after a panel opened; hands wait for that too."""


@dataclass(frozen=True, slots=True)
class OrderSteps:
    """The ids of the steps that `Canvas.draw_order_journey` drew."""

    trigger: str
    wait: str
    branch: str
    message: str
    tag: str


MIDDLE = """([source, target]) => {
  const edges = [...document.querySelectorAll(".react-flow__edge")];
  const edge = edges.find((each) => each.getAttribute("aria-label")?.endsWith(`${source} to ${target}`));
  const path = edge.querySelector(".react-flow__edge-path");
  const point = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
  return [point.x, point.y];
}"""


def new_journey(page: Page, studio: Studio, name: str) -> "Canvas":
    """Make a journey from the list and open its canvas."""
    page.goto(f"{studio.app.url}/journeys")
    page.get_by_role("link", name="New journey").first.click()
    page.fill("#name", name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("Where does the journey begin?")).to_be_visible()
    return Canvas(page)


def saved_graph(studio: Studio, name: str) -> dict[str, Any]:
    """The draft as the database has it."""
    with studio.app.inside(), tenant_session(studio.tenant_id) as session:
        return session.scalars(select(Journey.draft).where(Journey.name == name)).one()


class Canvas:
    """The builder's canvas on an open page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.nodes = page.locator(".react-flow__node")
        self.edges = page.locator(".react-flow__edge")
        self.panel = page.locator(".jc-panel")

    def node(self, node_id: str) -> Locator:
        """The card of a step."""
        return self.page.locator(f'.react-flow__node[data-id="{node_id}"]')

    def drop(self, kind: str, x: float, y: float) -> str:
        """Drag a step from the palette to a point of the window; returns the new step's id."""
        before = self.nodes.count()
        item = self.page.locator(f'.jc-item[data-type="{kind}"]')
        item.scroll_into_view_if_needed()
        box = _box(item)
        self.page.mouse.move(box["x"] + 40, box["y"] + box["height"] / 2)
        self._drag_to(x, y)
        expect(self.nodes).to_have_count(before + 1)
        self._settle()
        node_id = self.page.locator(".react-flow__node.selected").get_attribute("data-id")
        assert node_id
        return node_id

    def take(self, kind: str) -> str:
        """Click a step in the palette: it goes behind the selected one."""
        before = self.nodes.count()
        self.page.locator(f'.jc-item[data-type="{kind}"]').first.click()
        expect(self.nodes).to_have_count(before + 1)
        return self.selected()

    def selected(self) -> str:
        """The id of the one selected thing."""
        chosen = self.page.locator(".react-flow__node.selected")
        expect(chosen).to_have_count(1)
        node_id = chosen.get_attribute("data-id")
        assert node_id
        return node_id

    def middle_of(self, source: str, target: str) -> tuple[float, float]:
        """The point of the window in the middle of an arrow."""
        x, y = self.page.evaluate(MIDDLE, [source, target])
        return x, y

    def drop_between(self, kind: str, source: str, target: str) -> str:
        """Drag a step from the palette onto an arrow."""
        before = self.edges.count()
        node_id = self.drop(kind, *self.middle_of(source, target))
        expect(self.edges).to_have_count(before + 1)
        return node_id

    def insert_between(self, label: str, source: str, target: str) -> str:
        """Click the "+" in the middle of an arrow and choose a step."""
        before = self.edges.count()
        self.page.mouse.move(*self.middle_of(source, target))
        self.page.locator(".jc-edge-plus").click()
        self.page.get_by_role("option", name=label, exact=True).click()
        expect(self.edges).to_have_count(before + 1)
        return self.selected()

    def connect(self, source: str, port: str, target: str) -> None:
        """Draw an arrow from a step's port to another step."""
        before = self.edges.count()
        handle = _box(self.node(source).locator(f'.jc-out[data-handleid="{port}"]'))
        goal = _box(self.node(target))
        self.page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
        self._drag_to(goal["x"] + goal["width"] / 2, goal["y"] + 10)
        expect(self.edges).to_have_count(before + 1)

    def draw_order_journey(self, *, field: str, at_least: str, tag: str) -> OrderSteps:
        """After an order and a minute: the message when the field is large enough, else the tag.

        Everything is filled in but the message's template.
        """
        trigger = self.drop("trigger.event", 760, 140)
        self.page.fill("#jc-field-event", "Order Completed")
        wait = self.drop("wait.duration", 760, 290)
        self.page.fill("#jc-field-duration", "1")
        self.page.locator(".jc-duration select").select_option("minutes")
        branch = self.drop("branch.rule", 760, 440)
        self.page.locator(".jc-group").get_by_role("button", name="Rule").click()
        self.page.locator(".jc-rule .jc-combo input").fill(field)
        self.page.keyboard.press("Enter")
        self.page.get_by_label("Operator").select_option("gte")
        self.page.get_by_label("Value").fill(at_least)
        message = self.drop("action.message", 620, 640)
        otherwise = self.drop("action.tag", 920, 640)
        self.page.fill("#jc-field-add", tag)
        self.page.keyboard.press("Enter")
        self.close_panel()
        self.connect(trigger, "next", wait)
        self.connect(wait, "next", branch)
        self.connect(branch, "yes", message)
        self.connect(branch, "no", otherwise)
        return OrderSteps(trigger, wait, branch, message, otherwise)

    def move(self, node_id: str, right: float, down: float) -> None:
        """Drag a card."""
        box = _box(self.node(node_id))
        x, y = box["x"] + box["width"] / 2, box["y"] + 14
        self.page.mouse.move(x, y)
        self._drag_to(x + right, y + down)

    def open(self, node_id: str) -> None:
        """Click a card, which opens its panel."""
        self.node(node_id).click(position={"x": 120, "y": 20})
        expect(self.panel).to_be_visible()
        self._settle()

    def close_panel(self) -> None:
        """Back to the whole canvas."""
        self.panel.get_by_role("button", name="Close").click()
        expect(self.panel).to_have_count(0)

    def choose(self, field: str, text: str) -> None:
        """Type into a field with suggestions and take the first that fits."""
        self.page.fill(f"#jc-field-{field}", text)
        self.page.locator(f"#jc-field-{field}-list [role=option]").first.click()

    def publish(self, version: int = 1) -> None:
        """Look at what publishing would do, and do it."""
        self.page.locator(".jb-head").get_by_role("button", name="Publish").click()
        dock = self.page.get_by_role("complementary", name="Publish")
        expect(dock.get_by_role("button", name="Publish now")).to_be_focused()
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_text(f"Version {version} is live.")).to_be_visible()
        expect(dock).to_have_count(0)

    def wait_until_saved(self) -> None:
        """Until the header says that everything is saved."""
        expect(self.page.locator('.jc-save[data-status="saved"]')).to_be_visible()

    def _drag_to(self, x: float, y: float) -> None:
        self.page.mouse.down()
        self.page.mouse.move(x, y, steps=MOVES)
        self.page.mouse.up()

    def _settle(self) -> None:
        self.page.wait_for_timeout(SETTLE_MILLISECONDS)


def _box(locator: Locator) -> dict[str, float]:
    box = locator.bounding_box()
    assert box is not None
    return dict(box)
