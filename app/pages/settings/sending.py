"""Sending hours, limits and the studio's name and addresses."""

from typing import Any
from zoneinfo import available_timezones

import reflex as rx

from app.pages.settings.section import save_button, section, stored
from app.pages.settings.sending_state import SendingState
from app.ui import area_field, fields_row, form, select_field, text_field

AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
TIMEZONES = [
    (name, name.replace("_", " "))
    for name in sorted(available_timezones())
    if name.split("/")[0] in AREAS or name == "UTC"
]


def sending_sections() -> rx.Component:
    """The three sections."""
    return rx.fragment(
        section(
            "Sending hours",
            "Marketing leaves between these hours of the studio’s day. Whatever falls outside waits for the next "
            "morning.",
            _hours(),
        ),
        section(
            "Limits",
            "How much one customer hears from you, over all journeys. What is above the limit is skipped, and the "
            "journey goes on.",
            _limits(),
        ),
        section(
            "Studio",
            "How you sign your messages. The law asks for an address under e-mails.",
            _studio(),
        ),
    )


def _problem(name: str) -> rx.Var[Any]:
    return SendingState.problems[name]


def _hours() -> rx.Component:
    return form(
        stored(
            fields_row(
                text_field(
                    name="send_window_start",
                    label="From",
                    type="time",
                    default_value=SendingState.sending.send_window_start,
                    error=_problem("send_window_start"),
                ),
                text_field(
                    name="send_window_end",
                    label="Until",
                    type="time",
                    default_value=SendingState.sending.send_window_end,
                    error=_problem("send_window_end"),
                ),
            ),
            select_field(
                name="timezone",
                label="Time zone",
                options=TIMEZONES,
                default_value=SendingState.sending.timezone,
                error=_problem("timezone"),
            ),
            values=SendingState.sending.send_window_start
            + " "
            + SendingState.sending.send_window_end
            + " "
            + SendingState.sending.timezone,
        ),
        save_button(SendingState.saving == "hours"),
        on_submit=SendingState.save_hours,
    )


def _limits() -> rx.Component:
    daily, weekly = "daily_message_limit_per_customer", "weekly_message_limit_per_customer"
    return form(
        stored(
            fields_row(
                text_field(
                    name=daily,
                    label="Messages a day",
                    type="number",
                    min=0,
                    max=100,
                    hint="0 stops all marketing.",
                    default_value=SendingState.sending.daily,
                    error=_problem(daily),
                ),
                text_field(
                    name=weekly,
                    label="Messages a week",
                    type="number",
                    min=0,
                    max=500,
                    hint="Counted over the last seven days.",
                    default_value=SendingState.sending.weekly,
                    error=_problem(weekly),
                ),
            ),
            values=SendingState.sending.daily + " " + SendingState.sending.weekly,
        ),
        save_button(SendingState.saving == "limits"),
        on_submit=SendingState.save_limits,
    )


def _studio() -> rx.Component:
    return form(
        stored(
            text_field(
                name="name",
                label="Name",
                default_value=SendingState.sending.name,
                error=_problem("name"),
                max_length=120,
                auto_complete="organization",
            ),
            area_field(
                name="mailing_address",
                label="Postal address",
                optional=True,
                rows=2,
                default_value=SendingState.sending.mailing_address,
                error=_problem("mailing_address"),
                max_length=500,
            ),
            text_field(
                name="privacy_url",
                label="Privacy policy",
                hint="Address of the page on your site; forms link to it.",
                type="url",
                optional=True,
                default_value=SendingState.sending.privacy_url,
                error=_problem("privacy_url"),
                max_length=500,
            ),
            values=SendingState.sending.name
            + " "
            + SendingState.sending.mailing_address
            + " "
            + SendingState.sending.privacy_url,
        ),
        save_button(SendingState.saving == "studio"),
        on_submit=SendingState.save_studio,
    )
