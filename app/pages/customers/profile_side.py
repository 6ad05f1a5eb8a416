"""Who a customer is: the cards at the side of their page."""

import reflex as rx

from app.pages.customers.held import BookingView, HeldView
from app.pages.customers.profile_state import ProfileState
from app.pages.customers.profile_views import ConsentView, Fact
from app.ui import badge, button, card, confirm, outside_link


def side() -> rx.Component:
    """Contact, what they hold, appointments, consents, tags."""
    return rx.el.div(_contact(), _held(), _bookings(), _consents(), _tags(), class_name="s-stack cu-side")


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
