"""What the tables of offers have in common."""

import reflex as rx


def with_code(name: rx.Var[str], code: rx.Var[str]) -> rx.Component:
    """A cell: who or what it is, and its code beneath."""
    return rx.el.span(
        rx.el.span(name, class_name="of-name", dir="auto"),
        rx.el.span(code, class_name="of-code s-muted s-small"),
        class_name="of-cell",
    )
