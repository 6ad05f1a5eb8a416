"""What axe-core finds wrong with the page as it stands: for people who do not see it, or do not use a mouse."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page, expect

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
GRAVE = frozenset({"serious", "critical"})

RUN = """
() => axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations.map(
    ({id, impact, nodes}) =>
        ({id, impact, where: nodes.map(({target, failureSummary}) => [target.join(" "), failureSummary])})))
"""

SCHEMES = ("light", "dark")

STILL = """
() => document.getAnimations().every(
  ({playState, effect}) => playState !== "running" || effect.getComputedTiming().iterations === Infinity)
"""
"""Whether nothing fades or slides any more: what is half there has the wrong colours."""


def violations(page: Page) -> list[str]:
    """The serious and critical ones in light and in dark colours: rule, place and the way out."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    found = [each for scheme in SCHEMES for each in _in_colours(page, scheme)]
    page.emulate_media(color_scheme="light")
    return found


def _in_colours(page: Page, scheme: str) -> Iterator[str]:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    expect(page.locator(f"html.{scheme}")).to_have_count(1)
    page.wait_for_function(STILL)
    found: list[dict[str, Any]] = page.evaluate(RUN)
    for each in found:
        if each["impact"] in GRAVE:
            for target, summary in each["where"]:
                yield f"{scheme}: {each['id']} at {target}: {summary}"
