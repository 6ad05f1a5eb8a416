"""What stands where nothing is yet: why it is empty and what to do about it."""

import reflex as rx


def empty(
    *,
    icon: str,
    title: rx.Var[str] | str,
    text: rx.Var[str] | str,
    action: rx.Component | None = None,
) -> rx.Component:
    """An empty state; `action` is the button that fills it."""
    return rx.el.div(
        rx.el.div(
            rx.icon(icon, size=26, stroke_width=1.5),
            class_name="s-empty-icon",
            custom_attrs={"aria-hidden": "true"},
        ),
        rx.el.h2(title),
        rx.el.p(text),
        action,
        class_name="s-empty",
    )
