"""What lies beside the canvas, one at a time: the journey stays in view while it is tried, tested or compared.

A dock is opened by setting `FiguresState.dock` to its key; its state may draw on the canvas by `overlay`.
"""

import reflex as rx

from app.pages.journeys.figures_state import FiguresState
from app.ui import icon_button


def docked(**docks: rx.Component) -> rx.Component:
    """The one that is open, or nothing."""
    return rx.fragment(*[rx.cond(FiguresState.dock == key, shown) for key, shown in docks.items()])


def dock(
    *children: rx.Component,
    title: str,
    description: str | rx.Var[str],
    on_close: rx.EventHandler | None = None,
) -> rx.Component:
    """The frame: a column beside the canvas, on a phone a sheet over it."""
    return rx.el.aside(
        rx.el.header(
            rx.el.div(rx.el.h2(title), rx.el.p(description)),
            icon_button("Close", icon="x", on_click=on_close or FiguresState.undock),
            class_name="jd-head",
        ),
        rx.el.div(*children, class_name="jd-body"),
        class_name="jd",
        custom_attrs={"aria-label": title},
    )


def dock_part(title: str | rx.Var[str], *children: rx.Component) -> rx.Component:
    """A part of what a dock holds, with a heading."""
    return rx.el.section(
        rx.el.h3(title, class_name="s-label"),
        *children,
        class_name="jd-part",
        custom_attrs={"aria-label": title},
    )
