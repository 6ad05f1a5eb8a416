"""What the pictures of `docs/screenshots` show: one entry each, and what is done before it is taken."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Locator, Page

from docs.studio_life import COLLEAGUE

DESK, SMALL, PHONE = (1440, 900), (1024, 768), (390, 844)
PATIENCE_MILLISECONDS = 30_000


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture.

    Args:
        name: its file, without the ending.
        path: where it is taken; `{name}` of a journey in braces becomes its address.
        act: what is done there before.
        size: of the window, in CSS pixels.
        dark: whether in dark colours.
    """

    name: str
    path: str
    act: Callable[[Page], None] = lambda page: None
    size: tuple[int, int] = DESK
    dark: bool = False


def _look(page: Page) -> None:
    page.get_by_role("button", name="Win back quiet customers").click()
    page.get_by_role("dialog").wait_for()


def _to_gallery(page: Page) -> None:
    page.locator("#ready-made").evaluate("(title) => title.scrollIntoView()")


def _open_step(page: Page) -> None:
    page.locator(".react-flow__node").filter(has_text="Send").first.click(position={"x": 120, "y": 20})
    page.locator(".jc-panel").wait_for()


def _on_canvas(page: Page) -> None:
    page.locator(".react-flow__node").first.wait_for()


def _compare(page: Page) -> None:
    _on_canvas(page)
    page.get_by_role("button", name="Publish changes").click()
    page.get_by_role("region", name="What changes").wait_for()


def _try(page: Page, item: str) -> Locator:
    _on_canvas(page)
    page.get_by_role("button", name="Try it").click()
    page.get_by_role("menuitem", name=item).click()
    return page.get_by_role("complementary", name=item.split()[0])


def _walk(page: Page) -> None:
    dock = _try(page, "Dry run")
    dock.get_by_role("button", name="Begin").click()
    page.locator("#dr-step").click()
    dock.get_by_text("Would be sent").first.wait_for()


def _look_back(page: Page) -> None:
    dock = _try(page, "Backtest over the past")
    dock.get_by_role("button", name="Run the backtest").click()
    dock.locator(".bt-headline").wait_for()


def _who(page: Page) -> None:
    _on_canvas(page)
    page.locator(".jc-numbers button", has_text=re.compile("[1-9]")).first.click()
    page.locator(".jc-people li").first.wait_for()


def _clash(page: Page) -> None:
    """Ravi changes one wait while this page is offline and changes the other."""
    _on_canvas(page)
    page.context.set_offline(True)
    address, (email, _, password) = page.url, COLLEAGUE
    browser = page.context.browser
    assert browser is not None
    with signed_in(browser, address.split("/journeys")[0], email, password) as ravi:
        ravi.goto(address)
        _set_wait(ravi, "hours", 4)
        ravi.locator('.jc-save[data-status="saved"]').wait_for()
        _set_wait(page, "ten", 14)
        page.context.set_offline(False)
        page.get_by_role("complementary", name="Changed by two").wait_for()


def _set_wait(page: Page, node_id: str, amount: int) -> None:
    page.locator(f'.react-flow__node[data-id="{node_id}"]').click()
    page.fill("#jc-field-duration", str(amount))
    page.locator(".jc-panel").get_by_role("button", name="Close").click()


BUSY, CHANGED = "{Abandoned cart}", "{After the purchase}"
SCENES = (
    Scene("list", "/journeys?sort=in_progress"),
    Scene("list-dark", "/journeys?sort=in_progress", dark=True),
    Scene("list-phone", "/journeys?sort=in_progress", size=PHONE),
    Scene("map", "/journeys/map"),
    Scene("map-phone", "/journeys/map", size=PHONE),
    Scene("new", "/journeys/new"),
    Scene("gallery", "/journeys/new", _to_gallery),
    Scene("gallery-look", "/journeys/new", _look),
    Scene("gallery-phone", "/journeys/new?wish=review", _to_gallery, size=PHONE),
    Scene("builder-live", f"/journeys/{BUSY}", _on_canvas),
    Scene("builder-dark", f"/journeys/{BUSY}", _on_canvas, dark=True),
    Scene("builder-phone", f"/journeys/{BUSY}", _on_canvas, size=PHONE),
    Scene("builder-small", f"/journeys/{BUSY}", _open_step, size=SMALL),
    Scene("builder-people", f"/journeys/{BUSY}", _who),
    Scene("publish", f"/journeys/{CHANGED}", _compare),
    Scene("publish-dark", f"/journeys/{CHANGED}", _compare, dark=True),
    Scene("dry-run", f"/journeys/{BUSY}", _walk),
    Scene("dry-run-phone", f"/journeys/{BUSY}", _walk, size=PHONE),
    Scene("backtest", f"/journeys/{BUSY}", _look_back),
    Scene("offers", "/offers"),
    Scene("clash", f"/journeys/{CHANGED}", _clash),
    Scene("builder-step", "/journeys/{Win back quiet customers}", _open_step),
)


@contextmanager
def signed_in(
    browser: Browser,
    url: str,
    email: str,
    password: str,
    *,
    size: tuple[int, int] = DESK,
    dark: bool = False,
) -> Iterator[Page]:
    """A page in a browser of its own, at the home page."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    page.goto(f"{url}/login")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("button[type=submit]")
    page.wait_for_url(f"{url}/")
    page.evaluate("(name) => localStorage.setItem('theme', name)", "dark" if dark else "light")
    yield page
    context.close()
