"""What axe-core finds wrong with the page as it stands: for people who do not see it, or do not use a mouse."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from playwright.sync_api import ElementHandle, Locator, Page, expect

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
GRAVE = frozenset({"serious", "critical"})

RUN = """
async ([part, rules]) => {
  const options = {resultTypes: ["violations"], ...(rules && {runOnly: rules})};
  const {violations} = await axe.run(part ?? document, options);
  return violations.map(({id, impact, nodes}) =>
    ({id, impact, where: nodes.map(({target, failureSummary}) => [target.join(" "), failureSummary])}));
}
"""

SCHEMES: dict[str, list[str] | None] = {"light": None, "dark": ["color-contrast", "link-in-text-block"]}
"""The rules to judge by in each; None: all. Only colours differ between them."""

STILL = """
() => document.getAnimations().every(
  ({playState, effect}) => playState !== "running" || effect.getComputedTiming().iterations === Infinity)
"""
"""Whether nothing fades or slides any more: what is half there has the wrong colours."""


def violations(page: Page, part: Locator | None = None) -> list[str]:
    """The serious and critical ones of the page or a part of it, in light and in dark colours: rule, place, way out."""
    element = part.element_handle() if part else None
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    found = [each for scheme, rules in SCHEMES.items() for each in _in_colours(page, scheme, element, rules)]
    page.emulate_media(color_scheme="light")
    return found


def _in_colours(
    page: Page, scheme: str, part: ElementHandle | None, rules: list[str] | None
) -> Iterator[str]:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    expect(page.locator(f"html.{scheme}")).to_have_count(1)
    page.wait_for_function(STILL)
    found: list[dict[str, Any]] = page.evaluate(RUN, [part, rules])
    for each in found:
        if each["impact"] in GRAVE:
            for target, summary in each["where"]:
                yield f"{scheme}: {each['id']} at {target}: {summary}"
