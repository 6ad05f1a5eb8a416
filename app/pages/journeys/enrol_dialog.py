"""“Add customers…” in the header of a live journey that can be entered by hand."""

import reflex as rx

from app.pages.journeys.enrol_state import EnrolState, Person
from app.ui import button, dialog, form_actions, icon_button, search_field, select_field


def enrol_button() -> rx.Component:
    """The button, where the running version has the manual trigger, and its dialog."""
    return rx.fragment(
        rx.cond(
            EnrolState.by_hand,
            rx.fragment(
                rx.el.span(
                    button(
                        "Add customers…",
                        look="quiet",
                        icon="user-plus",
                        on_click=EnrolState.show_enrol(True),
                    ),
                    class_name="jb-roomy",
                ),
                rx.el.span(
                    icon_button("Add customers…", icon="user-plus", on_click=EnrolState.show_enrol(True)),
                    class_name="jb-tight",
                ),
            ),
        ),
        dialog(
            rx.el.div(
                search_field(
                    label="Search customers",
                    value=EnrolState.search,
                    on_change=EnrolState.find,
                    placeholder="Name, number or e-mail address",
                ),
                _found(),
                _chosen(),
                select_field(
                    name="enrol-segment",
                    label="Or everybody of a segment",
                    options=EnrolState.segments,
                    value=EnrolState.segment,
                    on_change=EnrolState.choose_segment,
                    optional=True,
                ),
                form_actions(
                    button("Cancel", look="quiet", on_click=EnrolState.show_enrol(False)),
                    button(
                        EnrolState.enrol_label,
                        on_click=EnrolState.enrol,
                        loading=EnrolState.enrolling,
                        disabled=(EnrolState.chosen.length() == 0) & (EnrolState.segment == ""),
                    ),
                ),
                class_name="s-stack jb-enrol-form",
            ),
            title="Add customers",
            description="They enter now, under the journey's own rules: who is in it already does not enter twice.",
            open=EnrolState.enrol_open,
            on_open_change=EnrolState.show_enrol,
        ),
    )


def _found() -> rx.Component:
    return rx.cond(
        EnrolState.found.length() > 0,
        rx.el.ul(
            rx.foreach(EnrolState.found, _person),
            class_name="jb-people",
            custom_attrs={"aria-label": "Customers found"},
        ),
        rx.el.p("No customer is called so.", class_name="s-muted"),
    )


def _person(person: rx.Var[Person]) -> rx.Component:
    return rx.el.li(
        rx.el.label(
            rx.el.input(
                type="checkbox",
                class_name="s-check",
                checked=person.chosen,
                on_change=lambda _: EnrolState.choose(person.id),
                disabled=EnrolState.segment != "",
            ),
            rx.el.span(person.name),
            rx.el.span(person.contact, class_name="s-muted s-small"),
        )
    )


def _chosen() -> rx.Component:
    return rx.cond(
        (EnrolState.chosen.length() > 0) & (EnrolState.segment == ""),
        rx.el.ul(
            rx.foreach(
                EnrolState.chosen,
                lambda person: rx.el.li(
                    person.name,
                    rx.el.button(
                        rx.icon("x", size=13, aria_hidden="true"),
                        type="button",
                        on_click=EnrolState.choose(person.id),
                        custom_attrs={"aria-label": f"Remove {person.name}"},
                    ),
                ),
            ),
            class_name="jb-chosen",
            custom_attrs={"aria-label": "Chosen"},
        ),
    )
