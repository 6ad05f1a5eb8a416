"""The channels, and the dialog that connects one with its provider."""

import reflex as rx

from app.pages.settings.channel_views import ChannelView, FieldView
from app.pages.settings.channels_state import ChannelsState
from app.pages.settings.section import section
from app.ui import (
    badge,
    button,
    confirm,
    dialog,
    form,
    form_actions,
    notice,
    select_field,
    switch,
    text_field,
)
from app.ui.theme import Tone


def channels_section() -> rx.Component:
    """One line a channel."""
    return section(
        "Channels",
        "A channel that is off sends nothing. Until a provider is connected, messages are kept in the local inbox.",
        rx.el.ul(rx.foreach(ChannelsState.channels, _channel), class_name="st-channels"),
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
            rx.cond(ChannelsState.may_manage & channel.can_connect, _connect_buttons(channel)),
            switch(
                label=f"Send by {channel.label}",
                checked=channel.is_on,
                on_change=lambda on: ChannelsState.switch_channel(channel.key, on),
                disabled=~ChannelsState.may_manage,
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
                on_confirm=ChannelsState.disconnect(channel.key),
            ),
            button("Change", look="quiet", on_click=ChannelsState.open_connection(channel.key)),
        ),
        button("Connect", look="quiet", on_click=ChannelsState.open_connection(channel.key)),
    )


def connection_dialog() -> rx.Component:
    """The form of the provider that shall carry a channel."""
    return dialog(
        form(
            rx.cond(
                ChannelsState.connect_problems["form"],
                notice(ChannelsState.connect_problems["form"], tone=Tone.BAD),
            ),
            rx.cond(
                ChannelsState.providers.length() > 1,
                select_field(
                    name="provider",
                    label="Provider",
                    options=ChannelsState.providers,
                    value=ChannelsState.provider,
                    on_change=ChannelsState.choose_provider,
                ),
            ),
            rx.el.div(rx.foreach(ChannelsState.fields, _provider_field), class_name="s-grid st-provider"),
            rx.cond(
                ChannelsState.hook != "",
                notice(
                    rx.fragment(
                        "Enter this webhook address at the provider, so that we learn what was delivered and read: ",
                        rx.el.code(ChannelsState.hook),
                    ),
                ),
            ),
            form_actions(
                button("Cancel", look="quiet", on_click=ChannelsState.close_connection(False)),
                button("Try and connect", type="submit", loading=ChannelsState.trying),
            ),
            on_submit=ChannelsState.connect,
            auto_complete="off",
        ),
        title=ChannelsState.connect_title,
        description="We try the account without sending anything. Secrets are stored encrypted.",
        open=ChannelsState.connecting != "",
        on_open_change=ChannelsState.close_connection,
    )


def _provider_field(field: rx.Var[FieldView]) -> rx.Component:
    error = ChannelsState.connect_problems[field.name]
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
