"""The settings page: one section below the other, what it is about at the left and its controls at the right."""

from typing import Any
from zoneinfo import available_timezones

import reflex as rx

from app.pages.frame import frame
from app.pages.registry import Page
from app.pages.settings.state import ChannelView, FieldView, KeyView, SettingsState
from app.ui import (
    Column,
    area_field,
    badge,
    button,
    card,
    confirm,
    dialog,
    empty,
    fields_row,
    form,
    form_actions,
    notice,
    page_header,
    select_field,
    skeleton_lines,
    switch,
    table,
    text_field,
)
from app.ui.theme import Tone
from engine.core.models import KeyKind

AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
TIMEZONES = [
    (name, name.replace("_", " "))
    for name in sorted(available_timezones())
    if name.split("/")[0] in AREAS or name == "UTC"
]


def settings() -> rx.Component:
    """Hours, limits, channels, studio, keys."""
    return frame(
        page_header(
            title="Settings", description="When and how often you write, through what, and who may ask."
        ),
        rx.cond(
            SettingsState.loading,
            rx.el.div(*[card(skeleton_lines(count=4)) for _ in range(3)], class_name="s-stack-l"),
            rx.el.div(
                rx.cond(
                    SettingsState.may_manage, None, notice("Only an owner of the account changes these.")
                ),
                _section(
                    "Channels",
                    "A channel that is off sends nothing. Until a provider is connected, messages are kept in "
                    "the local inbox.",
                    rx.el.ul(rx.foreach(SettingsState.channels, _channel), class_name="st-channels"),
                ),
                rx.el.fieldset(
                    _section(
                        "Sending hours",
                        "Marketing leaves between these hours of the studio’s day. Whatever falls outside waits "
                        "for the next morning.",
                        _hours(),
                    ),
                    _section(
                        "Limits",
                        "How much one customer hears from you, over all journeys. What is above the limit is "
                        "skipped, and the journey goes on.",
                        _limits(),
                    ),
                    _section(
                        "Studio",
                        "How you sign your messages. The law asks for an address under e-mails.",
                        _studio(),
                    ),
                    disabled=~SettingsState.may_manage,
                    class_name="st-fieldset",
                ),
                rx.cond(
                    SettingsState.may_manage,
                    _section(
                        "API keys",
                        "With a key, your website or booking system sends in what customers do.",
                        _keys(),
                    ),
                ),
                key=SettingsState.serial.to_string(),
                class_name="st-sections",
            ),
        ),
        _connection(),
        _new_key(),
        active="settings",
    )


def _section(title: str, text: str, content: rx.Component) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2(title, class_name="s-card-title"),
            rx.el.p(text, class_name="s-muted s-small"),
            class_name="st-about",
        ),
        rx.el.div(content, class_name="s-card st-card"),
        class_name="st-section",
        custom_attrs={"aria-label": title},
    )


def _save(part: str) -> rx.Component:
    return rx.cond(
        SettingsState.may_manage,
        form_actions(button("Save", type="submit", loading=SettingsState.saving == part)),
    )


def _problem(name: str) -> rx.Var[Any]:
    return SettingsState.problems[name]


def _hours() -> rx.Component:
    return form(
        fields_row(
            text_field(
                name="send_window_start",
                label="From",
                type="time",
                default_value=SettingsState.sending.send_window_start,
                error=_problem("send_window_start"),
            ),
            text_field(
                name="send_window_end",
                label="Until",
                type="time",
                default_value=SettingsState.sending.send_window_end,
                error=_problem("send_window_end"),
            ),
        ),
        select_field(
            name="timezone",
            label="Time zone",
            options=TIMEZONES,
            default_value=SettingsState.sending.timezone,
            error=_problem("timezone"),
        ),
        _save("hours"),
        on_submit=SettingsState.save_hours,
    )


def _limits() -> rx.Component:
    daily, weekly = "daily_message_limit_per_customer", "weekly_message_limit_per_customer"
    return form(
        fields_row(
            text_field(
                name=daily,
                label="Messages a day",
                type="number",
                min=0,
                max=100,
                hint="0 stops all marketing.",
                default_value=SettingsState.sending.daily,
                error=_problem(daily),
            ),
            text_field(
                name=weekly,
                label="Messages a week",
                type="number",
                min=0,
                max=500,
                hint="Counted over the last seven days.",
                default_value=SettingsState.sending.weekly,
                error=_problem(weekly),
            ),
        ),
        _save("limits"),
        on_submit=SettingsState.save_limits,
    )


def _studio() -> rx.Component:
    return form(
        text_field(
            name="name",
            label="Name",
            default_value=SettingsState.sending.name,
            error=_problem("name"),
            max_length=120,
            auto_complete="organization",
        ),
        area_field(
            name="mailing_address",
            label="Postal address",
            optional=True,
            rows=2,
            default_value=SettingsState.sending.mailing_address,
            error=_problem("mailing_address"),
            max_length=500,
        ),
        text_field(
            name="privacy_url",
            label="Privacy policy",
            hint="Address of the page on your site; forms link to it.",
            type="url",
            optional=True,
            default_value=SettingsState.sending.privacy_url,
            error=_problem("privacy_url"),
            max_length=500,
        ),
        _save("studio"),
        on_submit=SettingsState.save_studio,
    )


def _channel(channel: rx.Var[ChannelView]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.match(
                channel.key,
                ("whatsapp", rx.icon("message-circle", size=20)),
                ("email", rx.icon("mail", size=20)),
                rx.icon("message-square-text", size=20),
            ),
            class_name="st-channel-icon",
            custom_attrs={"aria-hidden": "true"},
        ),
        rx.el.div(
            rx.el.div(
                rx.el.span(channel.label, class_name="st-channel-name"),
                rx.cond(
                    channel.trouble,
                    badge("Refused", tone=Tone.BAD),
                    rx.cond(
                        channel.is_connected,
                        badge("Connected", tone=Tone.GOOD),
                        badge("Local inbox", tone=Tone.NEUTRAL),
                    ),
                ),
                class_name="s-row",
                style={"gap": "var(--s-2)"},
            ),
            rx.el.div(
                rx.cond(channel.is_connected, rx.fragment(channel.carrier, " · "), None),
                channel.detail,
                class_name="s-muted s-small",
            ),
            rx.cond(channel.trouble, rx.el.div(channel.trouble, class_name="s-error")),
            class_name="st-channel-text",
        ),
        rx.el.div(
            rx.cond(SettingsState.may_manage & channel.can_connect, _connect_buttons(channel)),
            switch(
                label=f"Send by {channel.label}",
                checked=channel.is_on,
                on_change=lambda on: SettingsState.switch_channel(channel.key, on),
                disabled=~SettingsState.may_manage,
            ),
            class_name="s-row st-channel-end",
        ),
        class_name="st-channel",
    )


def _connect_buttons(channel: rx.Var[ChannelView]) -> rx.Component:
    return rx.cond(
        channel.is_connected,
        rx.fragment(
            confirm(
                trigger=button("Disconnect", look="plain"),
                title=f"Disconnect {channel.label}?",
                text="Its keys are forgotten here. Messages are kept in the local inbox until you connect again.",
                action="Disconnect",
                on_confirm=SettingsState.disconnect(channel.key),
            ),
            button("Change", look="quiet", on_click=SettingsState.open_connection(channel.key)),
        ),
        button("Connect", look="quiet", on_click=SettingsState.open_connection(channel.key)),
    )


def _connection() -> rx.Component:
    return dialog(
        form(
            rx.cond(
                SettingsState.connect_problems["form"],
                notice(SettingsState.connect_problems["form"], tone=Tone.BAD),
            ),
            rx.cond(
                SettingsState.providers.length() > 1,
                select_field(
                    name="provider",
                    label="Provider",
                    options=SettingsState.providers,
                    value=SettingsState.provider,
                    on_change=SettingsState.choose_provider,
                ),
            ),
            rx.el.div(rx.foreach(SettingsState.fields, _provider_field), class_name="s-grid st-provider"),
            rx.cond(
                SettingsState.hook != "",
                notice(
                    rx.fragment(
                        "Enter this webhook address at the provider, so that we learn what was delivered and read: ",
                        rx.el.code(SettingsState.hook),
                    ),
                ),
            ),
            form_actions(
                button("Cancel", look="quiet", on_click=SettingsState.close_connection(False)),
                button("Try and connect", type="submit", loading=SettingsState.trying),
            ),
            on_submit=SettingsState.connect,
            auto_complete="off",
        ),
        title=SettingsState.connect_title,
        description="We try the account without sending anything. Secrets are stored encrypted.",
        open=SettingsState.connecting != "",
        on_open_change=SettingsState.close_connection,
    )


def _provider_field(field: rx.Var[FieldView]) -> rx.Component:
    error = SettingsState.connect_problems[field.name]
    return rx.cond(
        field.choices.length() > 0,
        select_field(
            name=field.name,
            label=field.label,
            hint=field.hint,
            options=field.choices,
            default_value=field.value,
            error=error,
        ),
        text_field(
            name=field.name,
            label=field.label,
            hint=field.hint,
            type=field.type,
            default_value=field.value,
            placeholder=field.placeholder,
            optional=field.optional,
            error=error,
            auto_complete="off",
        ),
    )


def _keys() -> rx.Component:
    return rx.el.div(
        table(
            label="API keys",
            columns=KEY_COLUMNS,
            rows=SettingsState.keys,
            empty=empty(
                icon="key-round",
                title="No keys yet",
                text="A key lets another program speak for your studio.",
                action=button("New key", icon="plus", on_click=SettingsState.ask_key(True)),
            ),
        ),
        rx.cond(
            SettingsState.keys.length() > 0,
            form_actions(button("New key", icon="plus", look="quiet", on_click=SettingsState.ask_key(True))),
        ),
        class_name="s-stack st-keys",
    )


def _key_name(key: rx.Var[KeyView]) -> rx.Component:
    return rx.el.div(
        rx.el.div(key.name),
        rx.el.div(key.kind, " · ", rx.el.code(key.hint), class_name="s-muted s-small"),
    )


def _revoke(key: rx.Var[KeyView]) -> rx.Component:
    return confirm(
        trigger=button("Revoke", look="plain", size="1", custom_attrs={"aria-label": f"Revoke {key.name}"}),
        title=f"Revoke “{key.name}”?",
        text="Programs that use it are refused at once. This cannot be undone.",
        action="Revoke",
        on_confirm=SettingsState.revoke(key.id),
    )


KEY_COLUMNS = (
    Column("Key", _key_name),
    Column("Made", lambda key: rx.el.span(key.created, class_name="s-muted"), phone=False, width="110px"),
    Column("Last used", lambda key: rx.el.span(key.used, class_name="s-muted"), phone=False, width="110px"),
    Column("", _revoke, end=True, width="100px"),
)


def _new_key() -> rx.Component:
    return dialog(
        rx.cond(SettingsState.secret, _secret(), _key_form()),
        title=rx.cond(SettingsState.secret, "Your new key", "New API key"),
        description=rx.cond(
            SettingsState.secret,
            "Copy it now: it is not stored and cannot be shown again.",
            "Name it after the program that will use it.",
        ),
        open=SettingsState.naming_key,
        on_open_change=SettingsState.ask_key,
    )


def _key_form() -> rx.Component:
    return form(
        text_field(
            name="key_name",
            label="Name",
            placeholder="Website",
            error=SettingsState.key_problem,
            max_length=100,
            auto_focus=True,
            auto_complete="off",
        ),
        select_field(
            name="key_kind",
            label="What it may do",
            options=[
                (KeyKind.WRITE.value, "Send events only (for a website)"),
                (KeyKind.API.value, "Read and change everything (for your own servers)"),
            ],
        ),
        form_actions(
            button("Cancel", look="quiet", on_click=SettingsState.ask_key(False)),
            button("Make key", type="submit"),
        ),
        on_submit=SettingsState.make_key,
    )


def _secret() -> rx.Component:
    return rx.el.div(
        rx.el.code(SettingsState.secret, class_name="st-secret", tab_index=0),
        form_actions(
            button(
                "Copy",
                look="quiet",
                icon="copy",
                on_click=[rx.set_clipboard(SettingsState.secret), rx.toast.success("Copied.")],
            ),
            button("Done", on_click=SettingsState.ask_key(False)),
        ),
        class_name="s-stack",
    )


SETTINGS = Page(
    route="/settings",
    component=settings,
    title="Settings",
    description="Sending hours, limits, channels and keys of the studio.",
    on_load=(SettingsState.load,),
)
