"""The list of templates."""

import reflex as rx

from app.pages.frame import frame
from app.pages.registry import Page
from app.pages.templates.list_state import LONGEST_NAME, Row, TemplatesState
from app.pages.templates.words import CHANNEL_CHOICES
from app.ui import (
    Column,
    badge,
    button,
    confirm,
    dialog,
    empty,
    form,
    form_actions,
    page_header,
    pick,
    search_field,
    select_field,
    table,
    text_field,
)

CHANNELS = [("", "All channels"), *CHANNEL_CHOICES]


def templates() -> rx.Component:
    """The table, and the dialog for a new one."""
    return frame(
        page_header(
            title="Templates",
            description="What your messages say, in every language your customers speak.",
            actions=(_new(),),
        ),
        table(
            label="Templates",
            columns=COLUMNS,
            rows=TemplatesState.rows,
            loading=TemplatesState.loading,
            row_href=lambda row: row.href,
            tools=(
                search_field(
                    label="Search templates",
                    value=TemplatesState.search,
                    on_change=TemplatesState.look_for,
                    placeholder="Search by name",
                ),
                pick(
                    label="Channel",
                    options=CHANNELS,
                    value=TemplatesState.channel,
                    on_change=TemplatesState.choose_channel,
                ),
            ),
            empty=rx.cond(TemplatesState.is_filtered, _none_found(), _none_yet()),
        ),
        _dialog(),
        active="templates",
    )


def _name(row: rx.Var[Row]) -> rx.Component:
    return rx.el.span(
        rx.el.span(row.name, class_name="tp-name"),
        rx.cond(row.description, rx.el.span(row.description, class_name="tp-about")),
        class_name="tp-cell",
    )


def _actions(row: rx.Var[Row]) -> rx.Component:
    return rx.cond(
        TemplatesState.may_edit,
        rx.el.div(
            button(
                "Copy",
                look="plain",
                size="1",
                on_click=TemplatesState.copy(row.id),
                custom_attrs={"aria-label": f"Copy {row.name}"},
            ),
            rx.cond(
                row.is_system,
                None,
                confirm(
                    trigger=button(
                        "Delete", look="plain", size="1", custom_attrs={"aria-label": f"Delete {row.name}"}
                    ),
                    title=f"Delete “{row.name}”?",
                    text="It cannot be brought back. A template that a journey uses is kept.",
                    action="Delete",
                    on_confirm=TemplatesState.delete(row.id),
                ),
            ),
            class_name="s-above-row tp-actions",
        ),
    )


COLUMNS = (
    Column("Name", _name),
    Column("Channel", lambda row: badge(row.channel, tone=row.channel_tone), width="116px"),
    Column(
        "Languages", lambda row: rx.el.span(row.languages, class_name="s-muted"), phone=False, width="170px"
    ),
    Column("State", lambda row: badge(row.state, tone=row.state_tone, dot=False), phone=False, width="100px"),
    Column(
        "Changed",
        lambda row: rx.el.span(row.changed, class_name="s-muted s-number"),
        end=True,
        phone=False,
        width="100px",
    ),
    Column("", _actions, end=True, phone=False, width="150px"),
)


def _new() -> rx.Component:
    return rx.cond(
        TemplatesState.may_edit, button("New template", icon="plus", on_click=TemplatesState.ask(True))
    )


def _none_yet() -> rx.Component:
    return empty(
        icon="file-pen-line",
        title="No templates yet",
        text="A template is what a message step of a journey sends: a text with places for names and amounts.",
        action=_new(),
    )


def _none_found() -> rx.Component:
    return empty(
        icon="search-x",
        title="No template fits",
        text="None has these letters in its name on this channel. Try fewer of them, or all channels.",
    )


def _dialog() -> rx.Component:
    return dialog(
        form(
            text_field(
                name="name",
                label="Name",
                hint="Only you and your colleagues see it.",
                error=TemplatesState.problems["name"],
                max_length=LONGEST_NAME,
                auto_focus=True,
                auto_complete="off",
            ),
            select_field(
                name="channel",
                label="Channel",
                hint="It stays for good.",
                options=CHANNEL_CHOICES,
                error=TemplatesState.problems["form"],
            ),
            form_actions(
                button("Cancel", look="quiet", on_click=TemplatesState.ask(False)),
                button("Create", type="submit", loading=TemplatesState.busy),
            ),
            on_submit=TemplatesState.create,
        ),
        title="New template",
        open=TemplatesState.naming,
        on_open_change=TemplatesState.ask,
    )


TEMPLATES = Page(
    route="/templates",
    component=templates,
    title="Templates",
    description="What the studio's messages say.",
    on_load=(TemplatesState.load,),
)
