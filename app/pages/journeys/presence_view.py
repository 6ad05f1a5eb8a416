"""The colleagues who have the same journey open, small in the header."""

import reflex as rx

from app.pages.journeys.presence_state import Person, PresenceState


def company() -> rx.Component:
    """Their initials in their colours; nothing while one is alone."""
    return rx.cond(
        PresenceState.company.length() > 0,
        rx.el.ul(
            rx.foreach(PresenceState.company, _person),
            class_name="jb-company",
            custom_attrs={"aria-label": "Also here"},
        ),
    )


def _person(person: rx.Var[Person]) -> rx.Component:
    return rx.el.li(
        rx.el.span(person.initials, class_name="jb-face", aria_hidden="true"),
        rx.el.span(person.words, class_name="jb-face-words"),
        title=person.words,
        custom_attrs={"data-hue": person.hue, "data-editing": person.is_editing},
    )
