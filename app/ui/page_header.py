"""The first thing on a page: its name, one sentence, and what one can do here."""

from collections.abc import Sequence

import reflex as rx

from app.ui.link import link


def page_header(
    *,
    title: rx.Var[str] | str,
    description: rx.Var[str] | str | None = None,
    actions: Sequence[rx.Component] = (),
    back: tuple[str, str] | None = None,
) -> rx.Component:
    """The page's only h1.

    Args:
        title: what this page is, or whose.
        description: one sentence below it.
        actions: buttons at the right; the main one last.
        back: label and address of the page above, e.g. `("Customers", "/customers")`.
    """
    return rx.el.header(
        rx.el.div(
            _back(*back) if back else None,
            rx.el.h1(title),
            rx.el.p(description) if description is not None else None,
        ),
        rx.el.div(*actions, class_name="s-row") if actions else None,
        class_name="s-head",
    )


def _back(label: str, href: str) -> rx.Component:
    return link(
        rx.icon("arrow-left", size=15, aria_hidden="true"),
        label,
        href=href,
        class_name="s-back",
    )
