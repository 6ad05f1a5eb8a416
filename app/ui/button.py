"""Buttons and links that look like them: one main action, quiet ones beside it, a red one for what is lost."""

from typing import Any

import reflex as rx

from app.ui.link import link

LOOKS: dict[str, dict[str, str]] = {
    "main": {"variant": "solid"},
    "quiet": {"variant": "surface", "color_scheme": "gray"},
    "plain": {"variant": "ghost", "color_scheme": "gray"},
    "danger": {"variant": "soft", "color_scheme": "red"},
}


def button(
    label: rx.Var[str] | str,
    *,
    look: str = "main",
    icon: str | None = None,
    loading: rx.Var[bool] | bool = False,
    **props: Any,
) -> rx.Component:
    """A button.

    Args:
        label: what happens, as a verb: "Publish", "Add customer".
        look: `main`, `quiet`, `plain` or `danger`.
        icon: name of a Lucide icon before the label.
        loading: shows a spinner and takes no clicks while true.
        props: anything Reflex' button takes, e.g. `on_click`, `type`, `disabled`, `id`.
    """
    props.setdefault("type", "button")
    props.setdefault("size", "2")
    return rx.button(
        rx.icon(icon, size=16, aria_hidden="true") if icon else None,
        label,
        loading=loading,
        **LOOKS[look],
        **props,
    )


def icon_button(label: str, *, icon: str, **props: Any) -> rx.Component:
    """A button of only an icon; `label` is what screen readers and the tooltip say."""
    props.setdefault("type", "button")
    return rx.tooltip(
        rx.icon_button(
            rx.icon(icon, size=17),
            variant="ghost",
            color_scheme="gray",
            size="2",
            custom_attrs={"aria-label": label},
            **props,
        ),
        content=label,
    )


def link_button(
    label: rx.Var[str] | str, *, href: rx.Var[str] | str, look: str = "main", icon: str | None = None
) -> rx.Component:
    """A link to another page that looks like a button."""
    content = (rx.icon(icon, size=16, aria_hidden="true") if icon else None, label)
    return rx.button(link(*content, href=href), as_child=True, size="2", **LOOKS[look])
