"""Grey shapes in place of what is still loading, so that nothing jumps when it arrives."""

import reflex as rx

WIDTHS = ("62%", "88%", "74%", "52%", "81%")


def bone(*, width: str = "100%") -> rx.Component:
    """One line."""
    return rx.el.span(class_name="s-bone", style={"width": width}, custom_attrs={"aria-hidden": "true"})


def skeleton_lines(*, count: int = 3) -> rx.Component:
    """Some lines of text."""
    return rx.el.div(
        rx.el.span("Loading", class_name="s-hidden", role="status"),
        *[bone(width=WIDTHS[index % len(WIDTHS)]) for index in range(count)],
        class_name="s-stack",
    )


def skeleton_rows(*, columns: int, count: int = 6) -> rx.Component:
    """Rows of a table's body."""
    return rx.el.tbody(
        *[
            rx.el.tr(*[rx.el.td(bone(width=WIDTHS[(row + cell) % len(WIDTHS)])) for cell in range(columns)])
            for row in range(count)
        ],
        custom_attrs={"aria-hidden": "true"},
    )


def skeleton_cards(*, count: int = 3) -> rx.Component:
    """Cards side by side."""
    return rx.el.div(
        *[rx.el.div(skeleton_lines(count=2), class_name="s-card") for _ in range(count)], class_name="s-grid"
    )
