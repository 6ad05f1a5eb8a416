"""Windows over the page: a form in a dialog, and the question before something is lost."""

from typing import Any

import reflex as rx

from app.ui.button import button


def dialog(
    *children: rx.Component,
    title: rx.Var[str] | str,
    open: rx.Var[bool],
    on_open_change: Any,
    description: rx.Var[str] | str | None = None,
    max_width: str = "540px",
) -> rx.Component:
    """A dialog the state opens and closes; focus stays in it and Escape closes it.

    Args:
        children: its content, usually a form with its own buttons.
        title: what it is for.
        open: state variable.
        on_open_change: event handler that takes a bool.
        description: one sentence below the title.
        max_width: CSS width.
    """
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(title, class_name="s-card-title"),
            rx.dialog.description(description, class_name="s-muted", margin_bottom="var(--s-4)")
            if description is not None
            else None,
            *children,
            max_width=max_width,
        ),
        open=open,
        on_open_change=on_open_change,
    )


def confirm(
    *,
    trigger: rx.Component,
    title: rx.Var[str] | str,
    text: rx.Var[str] | str,
    action: str,
    on_confirm: Any,
    look: str = "danger",
) -> rx.Component:
    """Ask before doing what cannot be undone. `action` is the verb on the button: "Delete", "Stop journey"."""
    return rx.alert_dialog.root(
        rx.alert_dialog.trigger(trigger),
        rx.alert_dialog.content(
            rx.alert_dialog.title(title, class_name="s-card-title"),
            rx.alert_dialog.description(text, class_name="s-muted"),
            rx.el.div(
                rx.alert_dialog.cancel(button("Cancel", look="quiet")),
                rx.alert_dialog.action(button(action, look=look, on_click=on_confirm)),
                class_name="s-row",
                style={"justify_content": "flex-end", "margin_top": "var(--s-5)"},
            ),
            max_width="440px",
        ),
    )
