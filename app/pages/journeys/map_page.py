"""The journey map: a customer's whole path, stage after stage, with all that works in each (J13)."""

import reflex as rx

from app.pages.frame import frame
from app.pages.journeys.board import board
from app.pages.journeys.list_page import STATES
from app.pages.journeys.map_state import Card, Column, MapState
from app.pages.journeys.status import AWAITS
from app.pages.registry import Page
from app.ui import Tone, badge, bone, link, link_button, menu, page_header, pick
from engine.journeys.models import Stage

ENTRIES = "Every time a customer entered. Whoever came twice counts twice."
REVENUE = (
    "What customers who reached the goal bought after entering, within the days the goal counts. "
    "An order that belongs to two journeys counts in both."
)


def journey_map() -> rx.Component:
    """The five columns."""
    return frame(
        page_header(
            title="Journey map",
            description="The path your customers take, and what you do for them on the way.",
            back=("Journeys", "/journeys"),
            actions=(
                pick(label="State", options=STATES, value=MapState.status, on_change=MapState.only_status),
                rx.cond(MapState.may_edit, link_button("New journey", href="/journeys/new", icon="plus")),
            ),
        ),
        rx.el.p("The large figures are those of the last 30 days.", class_name="s-muted s-small"),
        rx.cond(
            MapState.loading,
            rx.el.div(
                *[_waiting() for _ in Stage], class_name="jm-board", custom_attrs={"aria-busy": "true"}
            ),
            board(
                rx.foreach(MapState.columns, _column),
                enabled=MapState.may_edit,
                on_move=MapState.move_to,
            ),
        ),
        active="journeys",
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        bone(width="60%"), bone(width="90%"), bone(width="90%"), class_name="jm-column jm-waiting"
    )


def _column(column: rx.Var[Column]) -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(column.name),
            rx.el.p(column.meaning, class_name="s-muted s-small"),
            rx.el.p(column.summary, class_name="jm-summary"),
            rx.cond(column.total > 0, _figures(column)),
        ),
        rx.cond(
            column.total > 0,
            rx.el.ul(rx.foreach(column.cards, _card), class_name="jm-cards"),
            _nothing(column),
        ),
        rx.cond(column.more, link(column.more, href=column.more_href, class_name="s-link jm-more")),
        class_name="jm-column",
        custom_attrs={"data-column": column.stage, "aria-label": column.name},
    )


def _nothing(column: rx.Var[Column]) -> rx.Component:
    return rx.el.div(
        rx.el.p(f"Nothing for {column.stage} yet.", class_name="s-muted"),
        rx.cond(
            MapState.may_edit,
            link("Begin with a ready-made one", href=column.begin_href, class_name="s-link"),
        ),
        class_name="jm-nothing",
    )


def _card(card: rx.Var[Card]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(
                badge(card.status, tone=card.tone),
                rx.cond(card.awaits_approval, badge(AWAITS, tone=Tone.WAITING)),
                class_name="jl-states",
            ),
            rx.cond(MapState.may_edit, _menu(card)),
            class_name="jm-card-head",
        ),
        link(card.name, href=card.href, class_name="jm-name", dir="auto", draggable=False),
        _figures(card),
        class_name="jm-card",
        draggable=MapState.may_edit,
        custom_attrs={"data-card": card.id},
    )


def _figures(of: rx.Var[Card] | rx.Var[Column]) -> rx.Component:
    return rx.el.dl(
        rx.el.div(
            rx.el.dt("Entries"),
            rx.el.dd(of.entered, rx.el.span(of.entered_ever, " ever"), class_name="s-number"),
            title=ENTRIES,
        ),
        rx.el.div(
            rx.el.dt("Revenue"),
            rx.el.dd(of.revenue, rx.el.span(of.revenue_ever, " ever"), class_name="s-number"),
            title=REVENUE,
        ),
        class_name="jm-figures",
    )


def _menu(card: rx.Var[Card]) -> rx.Component:
    places = [
        rx.cond(
            card.stage != stage.value,
            rx.menu.item(f"Move to {stage.value}", on_select=MapState.move_to(card.id, stage.value)),
        )
        for stage in Stage
    ]
    return menu(
        rx.el.button(
            rx.icon("arrow-left-right", size=15, aria_hidden="true"),
            type="button",
            class_name="jm-move",
            title="Move to…",
            custom_attrs={"aria-label": f"Move {card.name} to another stage"},
        ),
        *places,
    )


MAP = Page(
    route="/journeys/map",
    component=journey_map,
    title="Journey map",
    description="All journeys by the stage of the customer's path.",
    on_load=(MapState.load,),
)
