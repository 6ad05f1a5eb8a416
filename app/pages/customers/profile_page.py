"""One customer's page: what happened at the left, who they are at the right."""

import reflex as rx

from app.pages.customers.profile_journeys import journeys_tab
from app.pages.customers.profile_journeys_state import ProfileJourneysState
from app.pages.customers.profile_side import side
from app.pages.customers.profile_state import ProfileState
from app.pages.customers.told import Told
from app.pages.frame import frame
from app.pages.registry import Page
from app.ui import (
    badge,
    button,
    card,
    empty,
    link_button,
    page_header,
    skeleton_cards,
    skeleton_lines,
    stat_card,
    stat_row,
)

ICONS = (
    ("order", "shopping-bag"),
    ("appointment", "calendar-check"),
    ("consent", "shield-check"),
    ("whatsapp", "message-circle"),
    ("sms", "message-square-text"),
    ("email", "mail"),
)


def profile() -> rx.Component:
    """The page, or that there is no such customer."""
    return frame(
        rx.cond(
            ProfileState.missing,
            empty(
                icon="user-round-x",
                title="No such customer",
                text=ProfileState.missing,
                action=link_button("All customers", href="/customers"),
            ),
            rx.cond(ProfileState.loading, _loading(), _profile()),
        ),
        active="customers",
    )


def _loading() -> rx.Component:
    return rx.el.div(
        skeleton_cards(count=4),
        rx.el.div(card(skeleton_lines(count=9)), card(skeleton_lines(count=5)), class_name="cu-panes"),
        class_name="s-stack-l",
    )


def _profile() -> rx.Component:
    totals = ProfileState.totals
    return rx.fragment(
        page_header(
            title=rx.el.bdi(ProfileState.name),
            description=rx.fragment("Known since ", ProfileState.since),
            back=("Customers", "/customers"),
        ),
        stat_row(
            stat_card(label="Spent", value=totals.spend, icon="wallet"),
            stat_card(label="Orders", value=totals.orders, icon="shopping-bag"),
            stat_card(label="Last order", value=totals.last_order, icon="clock"),
            stat_card(label="Visits", value=totals.visits, icon="footprints"),
        ),
        rx.el.div(
            rx.el.div(_tabs(), class_name="s-card cu-main"),
            side(),
            class_name="cu-panes",
        ),
    )


def _tabs() -> rx.Component:
    return rx.tabs.root(
        rx.tabs.list(
            rx.tabs.trigger("Timeline", value="timeline"),
            rx.tabs.trigger("Journeys", value="journeys"),
        ),
        rx.tabs.content(_timeline(), value="timeline", class_name="cu-tab"),
        rx.tabs.content(journeys_tab(), value="journeys", class_name="cu-tab"),
        default_value="timeline",
    )


def _timeline() -> rx.Component:
    return rx.cond(
        ProfileState.lines.length() > 0,
        rx.fragment(
            rx.el.ol(rx.foreach(ProfileState.lines, _told), class_name="cu-lines"),
            rx.cond(
                ProfileState.has_earlier,
                rx.el.div(
                    button("Show earlier", look="quiet", on_click=ProfileState.earlier),
                    class_name="cu-earlier",
                ),
            ),
        ),
        empty(
            icon="history",
            title="Nothing yet",
            text="Orders, visits, consents and messages will be told here, the newest first.",
        ),
    )


def _told(line: rx.Var[Told]) -> rx.Component:
    return rx.el.li(
        rx.cond(line.day, rx.el.h2(line.day, class_name="cu-day")),
        rx.el.div(
            rx.el.span(
                rx.match(
                    line.kind,
                    *[(kind, rx.icon(icon, size=16)) for kind, icon in ICONS],
                    rx.icon("activity", size=16),
                ),
                class_name="cu-icon",
                custom_attrs={"aria-hidden": "true"},
            ),
            rx.el.div(
                rx.el.div(
                    rx.el.span(line.title, class_name="cu-what", dir="auto"),
                    rx.cond(line.state, badge(line.state, tone=line.tone)),
                    class_name="cu-title",
                ),
                rx.cond(line.text, rx.el.div(line.text, class_name="cu-text", dir="auto")),
                rx.cond(line.note, rx.el.div(line.note, class_name="cu-note")),
                class_name="cu-told",
            ),
            rx.el.time(line.time, class_name="cu-time s-number"),
            class_name="cu-line",
        ),
    )


PROFILE = Page(
    route="/customers/[customer_id]",
    component=profile,
    title="Customer",
    description="Who a customer is and what happened to them.",
    on_load=(ProfileState.load, ProfileJourneysState.load),
)
