"""The Journeys tab of a customer's page."""

import reflex as rx

from app.pages.customers.profile_journeys_state import (
    AbsenceView,
    JourneyMoment,
    JourneyView,
    ProfileJourneysState,
)
from app.ui import badge, button, empty, text_link


def journeys_tab() -> rx.Component:
    """The journeys they are or were in, each explained; below, those they are not in."""
    return rx.el.div(
        rx.cond(
            ProfileJourneysState.journeys.length() > 0,
            rx.foreach(ProfileJourneysState.journeys, _journey),
            empty(
                icon="waypoints",
                title="In no journey yet",
                text="When this customer enters one, each step is explained here: what it did, when, and why.",
            ),
        ),
        rx.cond(ProfileJourneysState.absences.length() > 0, _absences()),
        class_name="cu-journeys",
    )


def _journey(journey: rx.Var[JourneyView]) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2(text_link(journey.name, href=journey.href), class_name="cu-what", dir="auto"),
            badge(journey.status, tone=journey.tone),
            class_name="cu-title",
        ),
        rx.el.div("Entered ", journey.entered, class_name="s-muted s-small s-number"),
        rx.el.ol(rx.foreach(journey.moments, _moment), class_name="cu-moments"),
    )


def _moment(moment: rx.Var[JourneyMoment]) -> rx.Component:
    return rx.el.li(
        rx.cond(moment.day != "", rx.el.h3(moment.day, class_name="cu-moment-day")),
        rx.el.div(
            rx.el.div(
                rx.cond(moment.step != "", rx.el.div(moment.step, class_name="cu-step", dir="auto")),
                rx.el.div(moment.text, class_name="cu-why", dir="auto"),
                class_name="cu-told",
            ),
            rx.el.time(moment.time, class_name="cu-time s-number"),
            class_name=rx.cond(moment.step != "", "cu-moment cu-bead", "cu-moment"),
        ),
    )


def _absences() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Not in these journeys", class_name="cu-what"),
        rx.el.ul(rx.foreach(ProfileJourneysState.absences, _absence), class_name="cu-absences"),
    )


def _absence(absence: rx.Var[AbsenceView]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            text_link(absence.name, href=absence.href),
            rx.cond(
                absence.reasons.length() > 0,
                rx.el.ul(
                    rx.foreach(absence.reasons, lambda reason: rx.el.li(reason, dir="auto")),
                    class_name="cu-reasons",
                ),
            ),
            custom_attrs={"aria-live": "polite"},
        ),
        rx.cond(
            absence.reasons.length() == 0,
            button(
                "Why not?",
                look="quiet",
                size="1",
                on_click=ProfileJourneysState.why_not(absence.id),
                loading=ProfileJourneysState.asking == absence.id,
                custom_attrs={"aria-label": f"Why not {absence.name}?"},
            ),
        ),
        class_name="cu-absence",
    )
