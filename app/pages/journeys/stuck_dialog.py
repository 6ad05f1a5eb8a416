"""The badge "3 stuck" in the builder's header, and what it opens."""

import reflex as rx

from app.pages.journeys.stuck_state import StuckRow, StuckState
from app.ui import button, dialog, form_actions, skeleton_lines, text_link


def stuck_badge() -> rx.Component:
    """The badge, while anything is stuck."""
    return rx.fragment(
        rx.cond(
            StuckState.all_stuck > 0,
            rx.el.button(
                rx.icon("octagon-pause", size=15, aria_hidden="true"),
                StuckState.all_stuck,
                rx.el.span("stuck", class_name="s-wide-only"),
                type="button",
                on_click=StuckState.show_stuck(True),
                class_name="jb-problems jb-stuck",
                custom_attrs={"aria-label": f"{StuckState.all_stuck} stuck: look at them"},
            ),
        ),
        dialog(
            rx.cond(
                StuckState.stuck_loading,
                skeleton_lines(),
                rx.fragment(
                    _part(
                        "Customers whom a step failed",
                        StuckState.customers,
                        StuckState.retry_customers,
                        many=StuckState.stuck > 1,
                    ),
                    _part(
                        "Events that could not be shown to the journeys",
                        StuckState.events,
                        StuckState.retry_events,
                        many=StuckState.events.length() > 1,
                    ),
                ),
            ),
            form_actions(button("Close", look="quiet", on_click=StuckState.show_stuck(False))),
            title="What is stuck",
            description="Everybody else goes on. Look at the reason, mend the cause, then try again.",
            open=StuckState.stuck_open,
            on_open_change=StuckState.show_stuck,
            max_width="680px",
        ),
    )


def _part(
    title: str, rows: rx.Var[list[StuckRow]], retry: rx.EventHandler, *, many: rx.Var[bool]
) -> rx.Component:
    return rx.cond(
        rows.length() > 0,
        rx.el.section(
            rx.el.header(
                rx.el.h3(title),
                rx.cond(
                    StuckState.may_retry & many,
                    button("Try all again", look="quiet", size="1", icon="rotate-cw", on_click=retry("")),
                ),
            ),
            rx.el.ul(rx.foreach(rows, lambda row: _row(row, retry))),
            class_name="jb-stuck-part",
        ),
    )


def _row(row: rx.Var[StuckRow], retry: rx.EventHandler) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                text_link(row.name, href=row.href),
                rx.el.span(row.what, class_name="jb-stuck-what"),
            ),
            rx.el.p(row.reason),
            rx.el.small("Since ", row.since),
        ),
        rx.cond(
            StuckState.may_retry,
            button("Try again", look="quiet", size="1", on_click=retry(row.id)),
        ),
    )
