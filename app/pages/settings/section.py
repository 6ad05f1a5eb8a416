"""A section of the settings page: what it is about at the left, its controls at the right."""

import reflex as rx

from app.pages.settings.state import SettingsState
from app.ui import button, form_actions


def section(title: str, text: str, *content: rx.Component) -> rx.Component:
    """A section with one card, or several below each other."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2(title, class_name="s-card-title"),
            rx.el.p(text, class_name="s-muted s-small"),
            class_name="st-about",
        ),
        rx.el.div(*[rx.el.div(each, class_name="s-card st-card") for each in content], class_name="st-cards"),
        class_name="st-section",
        custom_attrs={"aria-label": title},
    )


def owners_only(*sections: rx.Component) -> rx.Component:
    """Sections whose controls only an owner may use; others read them."""
    return rx.el.fieldset(*sections, disabled=~SettingsState.may_manage, class_name="st-fieldset")


def save_button(saving: rx.Var[bool]) -> rx.Component:
    """The end of a section's form."""
    return rx.cond(SettingsState.may_manage, form_actions(button("Save", type="submit", loading=saving)))


def stored(*fields: rx.Component, values: rx.Var[str]) -> rx.Component:
    """A form's fields, made anew only when the stored `values` change: reading them again loses nothing typed."""
    return rx.el.div(*fields, key=values, class_name="s-stack")
