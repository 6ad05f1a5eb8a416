"""What axe-core finds wrong with the page as it stands: for people who do not see it, or do not use a mouse."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
GRAVE = frozenset({"serious", "critical"})

RUN = """
() => axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations.map(
    ({id, impact, nodes}) =>
        ({id, impact, where: nodes.map(({target, failureSummary}) => [target.join(" "), failureSummary])})))
"""

COLOURS = """
(name) => new Promise((done) => {
  document.documentElement.classList.remove("light", "dark");
  document.documentElement.classList.add(name);
  requestAnimationFrame(() => requestAnimationFrame(() => done()));
})
"""

STILL = """
() => document.getAnimations().every(
  ({playState, effect}) => playState !== "running" || effect.getComputedTiming().iterations === Infinity)
"""
"""Whether nothing fades or slides any more: what is half there has the wrong colours."""


def violations(page: Page) -> list[str]:
    """The serious and critical ones in light and in dark colours: rule, place and the way out."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    return [found for scheme in ("light", "dark") for found in _in_colours(page, scheme)]


def _in_colours(page: Page, scheme: str) -> Iterator[str]:
    page.evaluate(COLOURS, scheme)
    page.wait_for_function(STILL)
    found: list[dict[str, Any]] = page.evaluate(RUN)
    for each in found:
        if each["impact"] in GRAVE:
            for target, summary in each["where"]:
                yield f"{scheme}: {each['id']} at {target}: {summary}"
    page.evaluate(COLOURS, "light")
