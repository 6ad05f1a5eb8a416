"""The list of journeys."""

import reflex as rx

from app.pages.frame import frame
from app.pages.journeys.gallery import gallery
from app.pages.journeys.list_state import JourneysState, Row
from app.pages.registry import Page
from app.ui import (
    Column,
    badge,
    button,
    check_field,
    dialog,
    empty,
    form,
    form_actions,
    page_header,
    search_field,
    table,
    text_field,
)


def journeys() -> rx.Component:
    """The table, and the dialog for a new one."""
    return frame(
        page_header(
            title="Journeys",
            description="What happens to whom, and when. Draw it, publish it, watch it run.",
            actions=(_new(),),
        ),
        table(
            label="Journeys",
            columns=COLUMNS,
            rows=JourneysState.rows,
            loading=JourneysState.loading,
            row_href=lambda row: row.href,
            tools=(
                search_field(
                    label="Search journeys",
                    value=JourneysState.search,
                    on_change=JourneysState.look_for,
                    placeholder="Search by name",
                ),
                check_field(
                    name="archived",
                    label="Archived",
                    checked=JourneysState.archived,
                    on_change=JourneysState.show_archived,
                ),
            ),
            empty=rx.cond(JourneysState.archived | (JourneysState.search != ""), _none_found(), _none_yet()),
        ),
        _dialog(),
        active="journeys",
    )


def _changed(row: rx.Var[Row]) -> rx.Component:
    return rx.el.span(row.changed, class_name="s-muted s-number")


COLUMNS = (
    Column("Name", lambda row: row.name),
    Column("State", lambda row: badge(row.status, tone=row.tone), width="120px"),
    Column("Entered today", lambda row: row.entered_today, end=True, phone=False, width="130px"),
    Column("On their way", lambda row: row.in_progress, end=True, width="120px"),
    Column("Completed", lambda row: row.completed, end=True, phone=False, width="120px"),
    Column("Changed", _changed, end=True, phone=False, width="120px"),
)


def _new() -> rx.Component:
    return rx.cond(
        JourneysState.may_edit,
        button("New journey", icon="plus", on_click=JourneysState.ask_name(True)),
    )


def _none_yet() -> rx.Component:
    return empty(
        icon="waypoints",
        title="No journeys yet",
        text="A journey begins with something a customer does and leads, step by step, to what you want to say.",
        action=_new(),
    )


def _none_found() -> rx.Component:
    return empty(
        icon="search-x",
        title="No journey fits",
        text="None has these letters in its name. Try fewer of them, or look among the others.",
    )


def _dialog() -> rx.Component:
    return dialog(
        form(
            text_field(
                name="name",
                label="Name",
                hint="What it is for, e.g. “Welcome after the first visit”. You can change it later.",
                error=JourneysState.problem,
                max_length=100,
                auto_focus=True,
                auto_complete="off",
            ),
            form_actions(
                button("Cancel", look="quiet", on_click=JourneysState.ask_name(False)),
                button("Create", type="submit"),
            ),
            on_submit=JourneysState.create,
        ),
        rx.el.div("or begin with a ready-made one", class_name="jl-or"),
        gallery(),
        title="New journey",
        description="It stays a draft until you publish it.",
        max_width="900px",
        open=JourneysState.naming,
        on_open_change=JourneysState.ask_name,
    )


JOURNEYS = Page(
    route="/journeys",
    component=journeys,
    title="Journeys",
    description="All customer journeys of the studio and how they are doing.",
    on_load=(JourneysState.load,),
)
