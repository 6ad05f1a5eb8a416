"""Forms: every control has a label; a hint before and an error after, both tied to it for screen readers.

Controls are uncontrolled (`default_value` and a `name`): typing costs no round trip, and the form's `on_submit`
receives a dict of names and values.
"""

from collections.abc import Sequence
from typing import Any

import reflex as rx


def form(*children: rx.Component, on_submit: Any, **props: Any) -> rx.Component:
    """A form whose fields stand below each other. The browser's own validation is left on."""
    return rx.el.form(*children, on_submit=on_submit, class_name="s-stack", **props)


def form_actions(*buttons: rx.Component) -> rx.Component:
    """The row of buttons at a form's end; the main one last."""
    return rx.el.div(
        *buttons, class_name="s-row", style={"justify_content": "flex-end", "margin_top": "var(--s-2)"}
    )


def fields_row(*fields: rx.Component) -> rx.Component:
    """Fields side by side where there is room."""
    return rx.el.div(*fields, class_name="s-grid")


def field(
    control: rx.Component,
    *,
    name: rx.Var[str] | str,
    label: rx.Var[str] | str,
    hint: rx.Var[str] | str | None = None,
    error: rx.Var[str] | str | None = None,
    optional: rx.Var[bool] | bool = False,
) -> rx.Component:
    """A label, a control whose id is `name`, a hint and an error.

    Give a control of your own `id=name` and `custom_attrs=described(name)`.
    """
    return rx.el.div(
        rx.el.label(
            label,
            rx.cond(optional, rx.el.span("optional", class_name="s-optional")),
            html_for=name,
            class_name="s-label",
        ),
        control,
        rx.el.div(hint, id=f"{name}-hint", class_name="s-hint") if hint is not None else None,
        _error(name, error),
        class_name="s-field",
    )


def text_field(
    *,
    name: rx.Var[str] | str,
    label: rx.Var[str] | str,
    hint: rx.Var[str] | str | None = None,
    error: rx.Var[str] | str | None = None,
    optional: rx.Var[bool] | bool = False,
    **props: Any,
) -> rx.Component:
    """One line of text. `props`: `type` (email, number, date …), `default_value`, `placeholder`, `on_change` …"""
    control = rx.el.input(
        id=name,
        name=name,
        required=_opposite(optional),
        class_name="s-control",
        custom_attrs=described(name, error=error),
        **props,
    )
    return field(control, name=name, label=label, hint=hint, error=error, optional=optional)


def area_field(
    *,
    name: rx.Var[str] | str,
    label: rx.Var[str] | str,
    hint: rx.Var[str] | str | None = None,
    error: rx.Var[str] | str | None = None,
    optional: rx.Var[bool] | bool = False,
    **props: Any,
) -> rx.Component:
    """Several lines of text."""
    control = rx.el.textarea(
        id=name,
        name=name,
        required=_opposite(optional),
        class_name="s-control",
        custom_attrs=described(name, error=error),
        **props,
    )
    return field(control, name=name, label=label, hint=hint, error=error, optional=optional)


def select_field(
    *,
    name: rx.Var[str] | str,
    label: rx.Var[str] | str,
    options: Sequence[tuple[str, str]] | rx.Var[list[tuple[str, str]]],
    hint: rx.Var[str] | str | None = None,
    error: rx.Var[str] | str | None = None,
    optional: rx.Var[bool] | bool = False,
    **props: Any,
) -> rx.Component:
    """One of several. `options` are (value, label) pairs, given or in a state variable."""
    control = rx.el.select(
        *_choices(options),
        id=name,
        name=name,
        required=_opposite(optional),
        class_name="s-control",
        custom_attrs=described(name, error=error),
        **props,
    )
    return field(control, name=name, label=label, hint=hint, error=error, optional=optional)


def check_field(
    *, name: rx.Var[str] | str, label: rx.Var[str] | str, hint: rx.Var[str] | str | None = None, **props: Any
) -> rx.Component:
    """On or off. `props`: `default_checked`, or `checked` with `on_change`. A form sends it only when it is on."""
    return rx.el.label(
        rx.el.input(type="checkbox", id=name, name=name, class_name="s-check", **props),
        rx.el.span(
            rx.el.span(label),
            rx.el.span(hint, class_name="s-hint", style={"display": "block"}) if hint is not None else None,
        ),
        class_name="s-check-row",
    )


def switch(*, label: rx.Var[str] | str, **props: Any) -> rx.Component:
    """On or off, in force at once. `label` is for screen readers; props: `checked`, `on_change`, `disabled`."""
    return rx.el.input(
        type="checkbox", role="switch", class_name="s-switch", custom_attrs={"aria-label": label}, **props
    )


def pick(
    *,
    label: str,
    options: Sequence[tuple[str, str]] | rx.Var[list[tuple[str, str]]],
    value: rx.Var[str] | str,
    on_change: Any,
    **props: Any,
) -> rx.Component:
    """A small choice among a table's tools that takes effect at once; `label` is for screen readers."""
    return rx.el.select(
        *_choices(options),
        value=value,
        on_change=on_change,
        class_name="s-control s-pick",
        custom_attrs={"aria-label": label},
        **props,
    )


def search_field(
    *, label: str, value: rx.Var[str], on_change: Any, placeholder: str = "Search"
) -> rx.Component:
    """A search box that waits for a pause in typing before it tells the state."""
    return rx.el.div(
        rx.icon("search", aria_hidden="true"),
        rx.debounce_input(
            rx.el.input(
                type="search",
                value=value,
                on_change=on_change,
                placeholder=placeholder,
                class_name="s-control",
                custom_attrs={"aria-label": label},
            ),
            debounce_timeout=250,
        ),
        class_name="s-search",
        role="search",
    )


def described(name: rx.Var[str] | str, *, error: rx.Var[str] | str | None = None) -> dict[str, Any]:
    """Attributes that tie a control to its hint and error."""
    attributes: dict[str, Any] = {"aria-describedby": f"{name}-hint {name}-error"}
    if error is not None:
        attributes["aria-invalid"] = rx.cond(error, "true", "false")
    return attributes


def _choices(options: Sequence[tuple[str, str]] | rx.Var[list[tuple[str, str]]]) -> list[rx.Component]:
    if isinstance(options, rx.Var):
        return [rx.foreach(options, lambda option: rx.el.option(option[1], value=option[0]))]
    return [rx.el.option(text, value=value) for value, text in options]


def _opposite(flag: rx.Var[bool] | bool) -> rx.Var[bool] | bool:
    return ~flag if isinstance(flag, rx.Var) else not flag


def _error(name: rx.Var[str] | str, error: rx.Var[str] | str | None) -> rx.Component | None:
    if error is None:
        return None
    shown = rx.el.div(rx.icon("circle-alert", size=15, aria_hidden="true"), error, class_name="s-error")
    return rx.el.div(rx.cond(error, shown), id=f"{name}-error", custom_attrs={"aria-live": "polite"})
