"""The desk's quiet customers: who has not been seen for long, who spent most first."""

import reflex as rx

from app.pages.desk.dialog_state import ReminderDialogState
from app.pages.desk.quiet_state import DAYS_CHOICES, Quiet, QuietState
from app.ui import Column, Paging, badge, button, empty, pick, table
from app.ui.theme import Tone


def quiet() -> rx.Component:
    """The table."""
    return rx.el.div(
        table(
            label="Quiet customers",
            columns=COLUMNS,
            rows=QuietState.rows,
            loading=QuietState.loading,
            row_href=lambda row: row.href,
            tools=(
                rx.el.p("Not seen for long; who spent most stands first.", class_name="s-muted s-small"),
                pick(
                    label="Quiet for",
                    options=DAYS_CHOICES,
                    value=QuietState.days,
                    on_change=QuietState.choose_days,
                ),
            ),
            paging=Paging(
                summary=QuietState.summary,
                has_previous=QuietState.has_previous,
                has_next=QuietState.has_next,
                on_previous=QuietState.previous,
                on_next=QuietState.next,
            ),
            empty=empty(
                icon="smile",
                title="Nobody has gone quiet",
                text="Customers appear here once their last visit or order is that long ago.",
            ),
        ),
        class_name="dk-column",
    )


def _name(row: rx.Var[Quiet]) -> rx.Component:
    return rx.el.span(
        rx.el.span(row.name, class_name="cu-name", dir="auto"),
        rx.cond(row.contact, rx.el.span(row.contact, class_name="cu-contact")),
        class_name="cu-cell",
    )


def _remind(row: rx.Var[Quiet]) -> rx.Component:
    return rx.el.span(
        rx.cond(
            row.reminder,
            badge(row.reminder, tone=Tone.INFO),
            button(
                "Remind me",
                look="quiet",
                size="1",
                on_click=ReminderDialogState.begin(row.id, row.name),
                custom_attrs={"aria-label": f"Remind me of {row.name}"},
            ),
        ),
        class_name="s-above-row",
    )


COLUMNS = (
    Column("Name", _name),
    Column("Days", lambda row: row.days, end=True, width="70px"),
    Column(
        "Last seen",
        lambda row: rx.el.span(row.last_seen, class_name="s-muted"),
        end=True,
        phone=False,
        width="120px",
    ),
    Column("Orders", lambda row: row.orders, end=True, phone=False, width="80px"),
    Column("Spend", lambda row: row.spend, end=True, phone=False, width="110px"),
    Column("Follow-up", _remind, end=True, width="130px"),
)
