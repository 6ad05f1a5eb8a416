"""The dialog of a follow-up: whom, when, what and whose."""

from typing import Any

import reflex as rx

from app.pages.desk.dialog_state import Found, ReminderDialogState
from app.ui import (
    area_field,
    button,
    dialog,
    fields_row,
    form,
    form_actions,
    search_field,
    select_field,
    text_field,
)


def reminder_dialog() -> rx.Component:
    """Makes a reminder, or changes one."""
    state = ReminderDialogState
    return dialog(
        rx.el.div(
            _customer(),
            form(
                fields_row(
                    text_field(
                        name="reminder_date",
                        label="Day",
                        type="date",
                        default_value=state.on,
                        error=_problem("reminder_date"),
                    ),
                    text_field(
                        name="reminder_time",
                        label="Time",
                        type="time",
                        default_value=state.at,
                        optional=True,
                        error=_problem("reminder_time"),
                    ),
                ),
                area_field(
                    name="note",
                    label="What for",
                    default_value=state.note,
                    optional=True,
                    max_length=2000,
                    dir="auto",
                    error=_problem("note"),
                ),
                select_field(
                    name="staff_id",
                    label="Who",
                    options=state.staff,
                    default_value=state.staff_id,
                    error=_problem("staff_id"),
                ),
                form_actions(
                    button("Cancel", look="quiet", on_click=state.show(False)),
                    button(rx.cond(state.followup_id, "Save", "Remind me"), type="submit"),
                ),
                on_submit=state.save,
                key=state.serial.to_string(),
            ),
            class_name="s-stack",
        ),
        title=rx.cond(state.followup_id, "Change follow-up", "New follow-up"),
        description="It stands on the desk under Follow-ups, and turns red when its day is over.",
        open=state.is_open,
        on_open_change=state.show,
    )


def _problem(name: str) -> rx.Var[Any]:
    return ReminderDialogState.problems[name]


def _customer() -> rx.Component:
    state = ReminderDialogState
    return rx.el.div(
        rx.el.div("Customer", class_name="s-label"),
        rx.cond(
            state.customer_id,
            rx.el.div(
                rx.el.span(state.customer, class_name="dk-name", dir="auto"),
                rx.cond(
                    state.followup_id,
                    None,
                    button("Another", look="plain", size="1", on_click=state.choose("")),
                ),
                class_name="dk-chosen",
            ),
            rx.fragment(
                search_field(
                    label="Find the customer",
                    value=state.search,
                    on_change=state.look_for,
                    placeholder="Name, phone or e-mail",
                ),
                rx.cond(
                    state.found.length() > 0,
                    rx.el.ul(rx.foreach(state.found, _found), class_name="dk-found"),
                    rx.cond(state.search, rx.el.p("Nobody fits. Try fewer letters.", class_name="s-hint")),
                ),
            ),
        ),
        rx.el.div(
            rx.cond(_problem("customer"), rx.el.div(_problem("customer"), class_name="s-error")),
            custom_attrs={"aria-live": "polite"},
        ),
        class_name="s-field dk-pick",
    )


def _found(found: rx.Var[Found]) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            rx.el.span(found.name, class_name="dk-name", dir="auto"),
            rx.el.span(found.contact, class_name="s-muted s-small"),
            type="button",
            on_click=ReminderDialogState.choose(found.id),
            class_name="dk-found-one",
        ),
    )
