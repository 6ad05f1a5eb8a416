"""Beside the canvas when two people changed the same draft: what each did, and the choice."""

import reflex as rx

from app.pages.journeys.builder_state import BuilderState
from app.pages.journeys.clash_state import ClashState
from app.pages.journeys.difference_lines import DifferenceLine, difference_list
from app.pages.journeys.dock import dock, dock_part
from app.ui import button, notice
from app.ui.theme import Tone

SIDES = (("mine", "Mine"), ("theirs", "Theirs"))


def clash_dock() -> rx.Component:
    """The dock; opens by itself when a save meets somebody else's."""
    return dock(
        rx.el.div(
            rx.el.div(
                *[_side(*side) for side in SIDES],
                role="radiogroup",
                class_name="jk-sides",
                custom_attrs={"aria-label": "Shown on the canvas"},
            ),
            _changes("You changed", ClashState.my_lines),
            _changes(ClashState.their_name + " changed", ClashState.their_lines),
            rx.cond(
                ClashState.may_merge,
                notice("You changed different things, so both fit into one draft.", tone=Tone.GOOD),
                rx.cond(ClashState.met_at.length() > 0, _met()),
            ),
            class_name="jp",
        ),
        rx.el.footer(
            rx.cond(
                ClashState.may_merge,
                button("Keep both", icon="merge", on_click=ClashState.merge_both, auto_focus=True),
            ),
            button("Keep mine", look="quiet", on_click=ClashState.keep_mine),
            button("Take theirs", look="quiet", on_click=ClashState.take_theirs),
            button("Save mine as a copy", look="quiet", icon="copy", on_click=ClashState.save_as_copy),
            class_name="jp-actions jk-actions",
        ),
        title="Changed by two",
        description=ClashState.clash_words + " Yours is not saved yet, and not lost.",
        on_close=ClashState.close,
    )


def _side(value: str, label: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="side",
            value=value,
            checked=ClashState.shown == value,
            on_change=ClashState.show(value),
            class_name="s-hidden",
        ),
        rx.el.span(label),
    )


def _changes(title: str | rx.Var[str], lines: rx.Var[list[DifferenceLine]]) -> rx.Component:
    return dock_part(
        title,
        rx.cond(
            lines.length() > 0,
            difference_list(lines, on_look=BuilderState.look_at),
            rx.el.p("Only where steps stand.", class_name="s-muted"),
        ),
    )


def _met() -> rx.Component:
    return notice(
        rx.el.span(
            "You both changed: ",
            rx.foreach(ClashState.met_at, lambda words: rx.el.span(words, class_name="jk-met", dir="auto")),
        ),
        tone=Tone.WAITING,
    )
