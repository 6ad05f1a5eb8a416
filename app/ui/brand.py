"""The mark: a path from one stop to the next."""

import reflex as rx


def mark(*, size: int = 30) -> rx.Component:
    """The logo in the current text colour; decorative, so hidden from screen readers."""
    return rx.el.svg(
        rx.el.path(
            d="M6 24c8 0 4-9 10-9s3-9 10-9",
            stroke="currentColor",
            stroke_width="2.4",
            stroke_linecap="round",
            fill="none",
        ),
        rx.el.circle(cx="6", cy="24", r="3.2", fill="currentColor"),
        rx.el.circle(cx="26", cy="6", r="3.2", fill="var(--s-mark)"),
        width=str(size),
        height=str(size),
        view_box="0 0 32 30",
        custom_attrs={"aria-hidden": "true"},
    )


def brand(*, tenant: rx.Var[str] | str = "") -> rx.Component:
    """Mark and name, with the tenant's name below it."""
    return rx.el.div(
        mark(),
        rx.el.div(
            rx.el.div("Safar", class_name="s-brand-name"),
            rx.el.div(tenant, class_name="s-brand-tenant") if not isinstance(tenant, str) or tenant else None,
        ),
        class_name="s-brand",
    )
