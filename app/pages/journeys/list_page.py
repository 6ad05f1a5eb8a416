"""The list of journeys."""

import reflex as rx

from app.pages.frame import frame
from app.pages.journeys.list_query import AWAITS_APPROVAL
from app.pages.journeys.list_state import JourneysState, Row
from app.pages.journeys.row_menu import row_dialogs, row_menu
from app.pages.journeys.status import AWAITS, words_of
from app.pages.registry import Page
from app.ui import (
    Column,
    Paging,
    Sorting,
    Tone,
    badge,
    button,
    empty,
    link_button,
    page_header,
    pick,
    search_field,
    table,
)
from engine.journeys.models import JourneyStatus, Stage

STATES = [
    ("", "All states"),
    *((status.value, words_of(status)) for status in JourneyStatus),
    (AWAITS_APPROVAL, AWAITS),
]
STAGES = [("", "All stages"), *((stage.value, stage.value.capitalize()) for stage in Stage)]


def journeys() -> rx.Component:
    """The table."""
    return frame(
        page_header(
            title="Journeys",
            description="What happens to whom, and when. Draw it, publish it, watch it run.",
            actions=(link_button("Map", href="/journeys/map", look="quiet", icon="map"), _new()),
        ),
        table(
            label="Journeys",
            columns=COLUMNS,
            rows=JourneysState.rows,
            loading=JourneysState.loading,
            row_href=lambda row: row.href,
            tools=_tools(),
            sorting=Sorting(
                by=JourneysState.sort, descending=JourneysState.descending, on_sort=JourneysState.sort_by
            ),
            paging=Paging(
                summary=JourneysState.summary,
                has_previous=JourneysState.has_previous,
                has_next=JourneysState.has_next,
                on_previous=JourneysState.turn(-1),
                on_next=JourneysState.turn(1),
            ),
            empty=rx.cond(JourneysState.narrowed, _none_found(), _none_yet()),
        ),
        row_dialogs(),
        active="journeys",
    )


def _tools() -> tuple[rx.Component, ...]:
    return (
        search_field(
            label="Search journeys",
            value=JourneysState.search,
            on_change=JourneysState.look_for,
            placeholder="Search by name",
        ),
        rx.el.div(
            pick(
                label="State",
                options=STATES,
                value=JourneysState.status,
                on_change=JourneysState.only_status,
            ),
            pick(
                label="Stage", options=STAGES, value=JourneysState.stage, on_change=JourneysState.only_stage
            ),
            pick(
                label="Owner",
                options=JourneysState.owners,
                value=JourneysState.owner,
                on_change=JourneysState.only_owner,
            ),
            class_name="s-row jl-picks",
        ),
    )


def _name(row: rx.Var[Row]) -> rx.Component:
    return rx.el.span(
        rx.el.span(row.name, class_name="jl-name", dir="auto"),
        rx.el.span(
            rx.el.span(row.stage),
            rx.el.span(row.owner, dir="auto"),
            rx.el.span(row.in_progress, " in progress", class_name="jl-phone-only"),
            class_name="jl-about s-muted s-small",
        ),
        class_name="jl-cell",
    )


def _state(row: rx.Var[Row]) -> rx.Component:
    return rx.el.span(
        badge(row.status, tone=row.tone),
        rx.cond(row.awaits_approval, badge(AWAITS, tone=Tone.WAITING)),
        class_name="jl-states",
    )


def _owner(row: rx.Var[Row]) -> rx.Component:
    return rx.el.span(row.owner, title=row.owner, dir="auto", class_name="jl-owner s-above-row")


def _conversion(row: rx.Var[Row]) -> rx.Component:
    return rx.el.span(row.conversion, title=row.goal, class_name="s-above-row")


def _changed(row: rx.Var[Row]) -> rx.Component:
    return rx.el.span(
        rx.el.span(row.changed, class_name="s-number"),
        rx.cond(row.changed_by, rx.el.span(row.changed_by, class_name="jl-by", dir="auto")),
        title=row.changed_at,
        class_name="jl-cell s-muted s-above-row",
    )


COLUMNS = (
    Column("Name", _name, width="100%", sort="name"),
    Column("State", _state, sort="status"),
    Column("Stage", lambda row: row.stage, phone=False, roomy=True, sort="stage"),
    Column("Entered today", lambda row: row.entered_today, end=True, phone=False, sort="entered_today"),
    Column("In progress", lambda row: row.in_progress, end=True, phone=False, sort="in_progress"),
    Column(
        "Conversion",
        _conversion,
        end=True,
        phone=False,
        sort="conversion",
        hint="Of all who entered, the share that reached the journey's goal within the days it counts.",
    ),
    Column("Owner", _owner, phone=False, roomy=True, sort="owner"),
    Column("Last change", _changed, end=True, phone=False, sort="changed"),
    Column(rx.el.span("Actions", class_name="s-hidden"), row_menu, end=True),
)


def _new() -> rx.Component:
    return rx.cond(
        JourneysState.may_edit,
        link_button("New journey", href="/journeys/new", icon="plus"),
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
        text="None has these letters in its name and what you chose above.",
        action=button("Show all journeys", look="quiet", on_click=JourneysState.show_all),
    )


JOURNEYS = Page(
    route="/journeys",
    component=journeys,
    title="Journeys",
    description="All customer journeys of the studio and how they are doing.",
    on_load=(JourneysState.load,),
)
