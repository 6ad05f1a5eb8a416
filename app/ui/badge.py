"""A word with a colour: the state of a journey, the channel of a message, a tag."""

import reflex as rx

from app.ui.theme import Tone


def badge(
    label: rx.Var[str] | str, *, tone: rx.Var[str] | Tone = Tone.NEUTRAL, dot: bool = True
) -> rx.Component:
    """A badge. `tone` may be a state variable holding a `Tone`'s value; `dot=False` for tags."""
    shape = "s-badge" if dot else "s-badge s-badge-plain"
    return rx.el.span(label, class_name=f"{shape} s-tone-{tone}")
