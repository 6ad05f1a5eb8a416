"""The look's one source: Radix' theme, our style sheets, and the names of tokens for those who need them in Python.

Values live in `assets/styles/tokens.css`, where light and dark stand side by side. Pages use parts and class
names; where a part needs a token in a property (a chart's line), it takes it from here.
"""

from enum import StrEnum

import reflex as rx

SHEETS = (
    "tokens", "base", "shell", "parts", "pages", "journeys", "journey_map", "docks", "dry_run", "backtest", "publish",
    "settings", "inbox", "desk", "customers", "templates", "message", "offers",
)  # fmt: skip
STYLESHEETS = [f"/styles/{name}.css" for name in SHEETS]


class Tone(StrEnum):
    """What a colour says; the only way to colour a badge, notice or chart."""

    NEUTRAL = "neutral"
    ACCENT = "accent"
    GOOD = "good"
    WAITING = "waiting"
    BAD = "bad"
    INFO = "info"


class Token(StrEnum):
    """CSS variables for properties that cannot be a class, e.g. of charts and React libraries."""

    INK = "var(--s-ink)"
    MUTED = "var(--s-muted)"
    LINE = "var(--s-line)"
    SURFACE = "var(--s-surface)"
    HOVER = "var(--s-hover)"
    ACCENT = "var(--s-accent)"
    MARK = "var(--s-mark)"
    GOOD = "var(--s-good)"
    BAD = "var(--s-bad)"


CHART_COLOURS = tuple(f"var(--s-chart-{number})" for number in range(1, 6))


def radix_theme() -> rx.Component:
    """Radix' theme: its components take size, radius and greys from here and the accent from our tokens."""
    return rx.theme(
        accent_color="teal",
        gray_color="sand",
        radius="medium",
        panel_background="solid",
        has_background=True,
        appearance="inherit",
    )


FONT_SHEET = rx.asset("fonts.css", shared=True).importable_path


class Fonts(rx.Fragment):
    """Loads the typefaces of `fonts.css`; stands once on every page."""

    lib_dependencies: list[str] = [
        "@fontsource-variable/anek-devanagari@5.3.0",
        "@fontsource/tiro-devanagari-hindi@5.3.0",
    ]

    def add_imports(self) -> dict[str, list[str]]:
        """The style sheet, imported for its effect only."""
        return {"": [FONT_SHEET]}
