"""Keys for programs, and the dialogs that make one and show it once."""

import reflex as rx

from app.pages.settings.keys_state import KeysState, KeyView
from app.pages.settings.section import section
from app.ui import (
    Column,
    button,
    confirm,
    dialog,
    empty,
    form,
    form_actions,
    select_field,
    table,
    text_field,
)
from engine.core.models import KeyKind


def keys_section() -> rx.Component:
    """The keys, for who may make them."""
    return rx.cond(
        KeysState.may_manage,
        section(
            "API keys",
            "With a key, your website or booking system sends in what customers do.",
            _keys(),
        ),
    )


def _keys() -> rx.Component:
    return rx.el.div(
        table(
            label="API keys",
            columns=KEY_COLUMNS,
            rows=KeysState.keys,
            empty=empty(
                icon="key-round",
                title="No keys yet",
                text="A key lets another program speak for your studio.",
                action=button("New key", icon="plus", on_click=KeysState.ask_key(True)),
            ),
        ),
        rx.cond(
            KeysState.keys.length() > 0,
            form_actions(button("New key", icon="plus", look="quiet", on_click=KeysState.ask_key(True))),
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
        on_confirm=KeysState.revoke(key.id),
    )


KEY_COLUMNS = (
    Column("Key", _key_name),
    Column("Made", lambda key: rx.el.span(key.created, class_name="s-muted"), phone=False, width="110px"),
    Column("Last used", lambda key: rx.el.span(key.used, class_name="s-muted"), phone=False, width="110px"),
    Column("", _revoke, end=True, width="100px"),
)


def new_key_dialog() -> rx.Component:
    """Name a key, then see it this once."""
    return dialog(
        rx.cond(KeysState.secret, _secret(), _key_form()),
        title=rx.cond(KeysState.secret, "Your new key", "New API key"),
        description=rx.cond(
            KeysState.secret,
            "Copy it now: it is not stored and cannot be shown again.",
            "Name it after the program that will use it.",
        ),
        open=KeysState.naming_key,
        on_open_change=KeysState.ask_key,
    )


def _key_form() -> rx.Component:
    return form(
        text_field(
            name="key_name",
            label="Name",
            placeholder="Website",
            error=KeysState.key_problem,
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
            button("Cancel", look="quiet", on_click=KeysState.ask_key(False)),
            button("Make key", type="submit"),
        ),
        on_submit=KeysState.make_key,
    )


def _secret() -> rx.Component:
    return rx.el.div(
        rx.el.code(KeysState.secret, class_name="st-secret", tab_index=0),
        form_actions(
            button(
                "Copy",
                look="quiet",
                icon="copy",
                on_click=[rx.set_clipboard(KeysState.secret), rx.toast.success("Copied.")],
            ),
            button("Done", on_click=KeysState.ask_key(False)),
        ),
        class_name="s-stack",
    )
