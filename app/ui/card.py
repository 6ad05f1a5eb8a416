"""Surfaces: a card around one subject, a stat card around one number, a notice around one sentence."""

from collections.abc import Sequence

import reflex as rx

from app.ui.link import link
from app.ui.theme import Tone


def card(
    *children: rx.Component | rx.Var[str] | str,
    title: rx.Var[str] | str | None = None,
    actions: Sequence[rx.Component] = (),
) -> rx.Component:
    """A card; with a title it is a section of its own."""
    head = rx.el.div(
        rx.el.h2(title, class_name="s-card-title"),
        rx.el.div(*actions, class_name="s-row") if actions else None,
        class_name="s-card-head",
    )
    return rx.el.section(head if title is not None else None, *children, class_name="s-card")


def stat_card(
    *,
    label: str,
    value: rx.Var[str] | rx.Var[int] | str,
    hint: rx.Var[str] | str | None = None,
    icon: str | None = None,
    href: str | None = None,
) -> rx.Component:
    """One number: what it is, how much, and a line on how to read it. With `href` it leads to its details."""
    content = (
        rx.el.span(rx.icon(icon, aria_hidden="true") if icon else None, label, class_name="s-stat-label"),
        rx.el.span(value, class_name="s-stat-value s-number"),
        rx.el.span(hint, class_name="s-muted s-small") if hint is not None else None,
    )
    if href:
        return link(*content, href=href, class_name="s-card s-stat")
    return rx.el.div(*content, class_name="s-card s-stat")


def stat_row(*stats: rx.Component) -> rx.Component:
    """Stat cards side by side, as many as fit."""
    return rx.el.div(*stats, class_name="s-grid s-stats")


NOTICE_ICONS = {
    Tone.NEUTRAL: "info",
    Tone.ACCENT: "sparkles",
    Tone.GOOD: "circle-check",
    Tone.WAITING: "clock",
    Tone.BAD: "circle-alert",
    Tone.INFO: "info",
}


def notice(message: rx.Component | rx.Var[str] | str, *, tone: Tone = Tone.INFO) -> rx.Component:
    """A sentence the reader should see before going on; a `BAD` one is announced by screen readers."""
    return rx.el.div(
        rx.icon(NOTICE_ICONS[tone], aria_hidden="true"),
        rx.el.div(message),
        role="alert" if tone is Tone.BAD else "status",
        class_name=f"s-notice s-tone-{tone}",
    )
