"""The desk: replies to answer, follow-ups to do, customers who have gone quiet (C9)."""

import reflex as rx

from app.pages.desk.dialog import reminder_dialog
from app.pages.desk.quiet import quiet
from app.pages.desk.reminders import reminders
from app.pages.desk.reminders_state import RemindersState
from app.pages.desk.replies import replies
from app.pages.desk.replies_state import RepliesState
from app.pages.desk.state import DeskState
from app.pages.frame import frame
from app.pages.registry import Page
from app.ui import poll


def desk() -> rx.Component:
    """Three tabs that fill the window."""
    return frame(
        rx.tabs.root(
            rx.el.header(
                rx.el.h1("Desk"),
                rx.tabs.list(
                    _tab("replies", "Replies", RepliesState.waiting),
                    _tab("followups", "Follow-ups", RemindersState.due),
                    rx.tabs.trigger("Quiet customers", value="quiet"),
                    class_name="dk-tabs",
                ),
                class_name="dk-head",
            ),
            rx.tabs.content(replies(), value="replies", class_name="dk-pane", tab_index=-1),
            rx.tabs.content(reminders(), value="followups", class_name="dk-pane", tab_index=-1),
            rx.tabs.content(quiet(), value="quiet", class_name="dk-pane", tab_index=-1),
            value=DeskState.tab,
            on_change=DeskState.choose,
            class_name="dk",
        ),
        reminder_dialog(),
        poll(seconds=5, on_tick=RepliesState.refresh),
        active="desk",
        wide=True,
    )


def _tab(value: str, label: str, number: rx.Var[int]) -> rx.Component:
    return rx.tabs.trigger(
        label, rx.cond(number > 0, rx.el.span(number, class_name="dk-count s-number")), value=value
    )


DESK = Page(
    route="/desk",
    component=desk,
    title="Desk",
    description="Replies to answer, follow-ups to do, customers who have gone quiet.",
    on_load=(DeskState.load,),
)
"""Opened with `?customer=<id>` it shows their conversation, with `?tab=followups` or `?tab=quiet` that tab."""
