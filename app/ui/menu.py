"""The one menu: a button that opens a short list of things to do."""

import reflex as rx


def menu(trigger: rx.Component, *items: rx.Component) -> rx.Component:
    """A menu that opens below its button.

    It does not lock the page: what is locked is hidden from screen readers while its own focus guards are not
    (axe: `aria-hidden-focus`).
    """
    return rx.menu.root(
        rx.menu.trigger(trigger),
        rx.menu.content(*items, size="2"),
        modal=False,
    )


def menu_item(label: rx.Var[str] | str, *, icon: str, on_select: rx.event.EventType[()]) -> rx.Component:
    """One thing to do."""
    return rx.menu.item(rx.icon(icon, size=16, aria_hidden="true"), label, on_select=on_select)
