"""One customer's page: what happened at the left, who they are at the right."""

import reflex as rx

from app.pages.customers.held import BookingView, HeldView
from app.pages.customers.profile_state import ConsentView, Fact, JourneyMoment, JourneyView, ProfileState
from app.pages.customers.told import Told
from app.pages.frame import frame
from app.pages.registry import Page
from app.ui import (
    badge,
    button,
    card,
    confirm,
    empty,
    link_button,
    outside_link,
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
            rx.el.div(_contact(), _held(), _bookings(), _consents(), _tags(), class_name="s-stack cu-side"),
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
        rx.tabs.content(_journeys(), value="journeys", class_name="cu-tab"),
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


def _journeys() -> rx.Component:
    return rx.cond(
        ProfileState.journeys.length() > 0,
        rx.el.div(rx.foreach(ProfileState.journeys, _journey), class_name="s-stack-l"),
        empty(
            icon="waypoints",
            title="In no journey yet",
            text="When this customer enters one, each step is explained here: what it did, when, and why.",
        ),
    )


def _journey(journey: rx.Var[JourneyView]) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2(journey.name, class_name="cu-what"),
            badge(journey.status, tone=journey.tone),
            class_name="s-row",
        ),
        rx.el.div("Entered ", journey.entered, class_name="s-muted s-small s-number"),
        rx.el.ol(rx.foreach(journey.moments, _moment), class_name="cu-moments"),
    )


def _moment(moment: rx.Var[JourneyMoment]) -> rx.Component:
    return rx.el.li(
        rx.el.div(moment.text, dir="auto"),
        rx.el.div(moment.when, class_name="s-muted s-small s-number"),
    )


def _contact() -> rx.Component:
    return card(
        rx.cond(
            ProfileState.facts.length() > 0,
            rx.el.dl(rx.foreach(ProfileState.facts, _fact), class_name="cu-facts"),
            rx.el.p("Neither phone nor e-mail is known.", class_name="s-muted s-small"),
        ),
        rx.cond(
            ProfileState.attributes.length() > 0,
            rx.el.dl(rx.foreach(ProfileState.attributes, _fact), class_name="cu-facts cu-more"),
        ),
        title="Contact",
    )


def _fact(fact: rx.Var[Fact]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(fact.label),
        rx.el.dd(rx.cond(fact.href, outside_link(fact.value, href=fact.href), fact.value), dir="auto"),
        class_name="cu-fact",
    )


def _held() -> rx.Component:
    return rx.cond(
        ProfileState.held.length() > 0,
        card(
            rx.el.ul(rx.foreach(ProfileState.held, _held_one), class_name="cu-consents"),
            title="Memberships, packages, points",
        ),
    )


def _held_one(held: rx.Var[HeldView]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.span(held.title, class_name="cu-what", dir="auto"),
                rx.cond(held.state, badge(held.state, tone=held.tone)),
                class_name="cu-title",
            ),
            rx.cond(held.text, rx.el.div(held.text, class_name="s-muted s-small s-number")),
        ),
        class_name="cu-consent",
    )


def _bookings() -> rx.Component:
    return rx.cond(
        ProfileState.bookings.length() > 0,
        card(
            rx.el.ul(rx.foreach(ProfileState.bookings, _booking), class_name="cu-consents"),
            title="Appointments",
        ),
    )


def _booking(booking: rx.Var[BookingView]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.span(booking.service, class_name="cu-what", dir="auto"),
                badge(booking.state, tone=booking.tone),
                class_name="cu-title",
            ),
            rx.el.div(booking.when, class_name="s-muted s-small s-number"),
        ),
        class_name="cu-consent",
    )


def _consents() -> rx.Component:
    return card(
        rx.el.ul(rx.foreach(ProfileState.consents, _consent), class_name="cu-consents"),
        title="Wants to hear from you",
    )


def _consent(consent: rx.Var[ConsentView]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.span(consent.label, class_name="cu-what"),
                badge(consent.state, tone=consent.tone),
                class_name="cu-title",
            ),
            rx.cond(consent.since, rx.el.div(consent.since, class_name="s-muted s-small")),
        ),
        rx.cond(ProfileState.may_consent, rx.cond(consent.is_granted, _stop(consent), _grant(consent))),
        class_name="cu-consent",
    )


def _stop(consent: rx.Var[ConsentView]) -> rx.Component:
    return confirm(
        trigger=button("Stop", look="plain", size="1", custom_attrs={"aria-label": f"Stop {consent.label}"}),
        title=f"No more marketing by {consent.label}?",
        text="From this moment nothing leaves to this address by this channel, whatever a journey says.",
        action="Stop",
        on_confirm=ProfileState.stop_channel(consent.channel),
    )


def _grant(consent: rx.Var[ConsentView]) -> rx.Component:
    return confirm(
        trigger=button(
            "Record",
            look="plain",
            size="1",
            custom_attrs={"aria-label": f"Record consent to {consent.label}"},
        ),
        title=f"Has this customer agreed to {consent.label}?",
        text="Only with their own clear yes, in person or on paper. It is recorded under your name.",
        action="They agreed",
        on_confirm=ProfileState.grant_channel(consent.channel),
        look="main",
    )


def _tags() -> rx.Component:
    return card(
        rx.cond(
            ProfileState.tags.length() > 0,
            rx.el.ul(rx.foreach(ProfileState.tags, _tag), class_name="cu-chips"),
            rx.el.p("No tags yet.", class_name="s-muted s-small"),
        ),
        rx.cond(
            ProfileState.may_edit,
            rx.el.form(
                rx.el.input(
                    id="tag",
                    name="tag",
                    placeholder="Add a tag",
                    max_length=64,
                    auto_complete="off",
                    class_name="s-control",
                    custom_attrs={"aria-label": "Add a tag", "aria-describedby": "tag-error"},
                ),
                button("Add", type="submit", look="quiet"),
                on_submit=ProfileState.add_tag,
                reset_on_submit=True,
                class_name="cu-add",
            ),
        ),
        rx.el.div(
            rx.cond(ProfileState.tag_problem, rx.el.div(ProfileState.tag_problem, class_name="s-error")),
            id="tag-error",
            custom_attrs={"aria-live": "polite"},
        ),
        title="Tags",
    )


def _tag(name: rx.Var[str]) -> rx.Component:
    return rx.el.li(
        rx.el.span(name, dir="auto"),
        rx.cond(
            ProfileState.may_edit,
            rx.el.button(
                rx.icon("x", size=13),
                type="button",
                on_click=ProfileState.drop_tag(name),
                class_name="cu-drop",
                custom_attrs={"aria-label": f"Remove tag {name}"},
            ),
        ),
        class_name="cu-chip",
    )


PROFILE = Page(
    route="/customers/[customer_id]",
    component=profile,
    title="Customer",
    description="Who a customer is and what happened to them.",
    on_load=(ProfileState.load,),
)
