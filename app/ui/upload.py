"""Choosing a file: drop it, or open the system's dialog by click or key."""

from typing import Any

import reflex as rx


def file_drop(
    *,
    name: str,
    label: str,
    title: rx.Var[str] | str,
    hint: rx.Var[str] | str,
    on_file: Any,
    disabled: rx.Var[bool] | bool = False,
) -> rx.Component:
    """A field for one file.

    Args:
        name: id of the field, to give to `rx.upload_files`.
        label: what screen readers say.
        title: what one can do here; may change while the file is read.
        hint: a line below the title.
        on_file: event handler that takes a list with the one file.
        disabled: takes no file while true.
    """
    zone = rx.upload(
        rx.el.span(
            rx.icon("file-up", size=26, stroke_width=1.5),
            class_name="s-empty-icon",
            custom_attrs={"aria-hidden": "true"},
        ),
        rx.el.span(title, class_name="s-drop-title"),
        rx.el.span(hint, class_name="s-muted s-small"),
        id=name,
        multiple=False,
        max_files=1,
        on_drop=on_file(rx.upload_files(upload_id=name)),
        disabled=disabled,
        class_name="s-drop",
        custom_attrs={"role": "button", "aria-label": label},
    )
    _name_inputs(zone, label)
    return zone


def _name_inputs(component: rx.Component, label: str) -> None:
    """Name the file input Reflex puts into the zone, which takes no properties of ours."""
    for child in component.children:
        if isinstance(child, rx.Component):
            if child.tag == "input":
                child.custom_attrs["aria-label"] = label
            _name_inputs(child, label)
