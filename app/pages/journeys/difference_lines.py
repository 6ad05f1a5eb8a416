"""A difference between two graphs as the lines that people read, and how they are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import reflex as rx

from app.ui import badge
from engine.journeys.difference import Difference, StepChange, WayChange

KINDS = (
    ("added", "Added", "plus"),
    ("removed", "Removed", "minus"),
    ("changed", "Changed", "pencil"),
    ("way", "Leads elsewhere", "corner-down-right"),
    ("settings", "Setting changed", "settings-2"),
)


@dataclass
class DifferenceLine:
    """A line of the difference; `kind` is `added`, `removed`, `changed`, `way` or `settings`."""

    kind: str
    sentence: str
    before: str = ""
    note: str = ""
    node_id: str = ""


def lines_of(difference: Difference) -> list[DifferenceLine]:
    """All of it, what is new first."""
    return [
        *(DifferenceLine("added", each.sentence, node_id=each.node_id) for each in difference.added),
        *(DifferenceLine("removed", each.sentence, node_id=each.node_id) for each in difference.removed),
        *(_changed_line(each) for each in difference.changed),
        *(_way_line(each) for each in difference.ways),
        *(DifferenceLine("settings", each) for each in difference.settings_changed),
    ]


def difference_list(lines: rx.Var[list[DifferenceLine]], *, on_look: rx.EventHandler) -> rx.Component:
    """The lines; a click on one looks at the step."""
    return rx.el.ul(rx.foreach(lines, lambda line: _line(line, on_look)), class_name="jp-lines")


def _line(line: rx.Var[DifferenceLine], on_look: rx.EventHandler) -> rx.Component:
    return rx.el.li(
        rx.match(
            line.kind,
            *[
                (
                    kind,
                    rx.el.span(
                        rx.icon(icon, size=14, aria_hidden="true"), label, class_name=f"jp-kind jp-{kind}"
                    ),
                )
                for kind, label, icon in KINDS
            ],
            badge(line.kind),
        ),
        rx.cond(
            (line.node_id != "") & (line.kind != "removed"),
            rx.el.button(*_what(line), type="button", on_click=on_look(line.node_id), class_name="jp-what"),
            rx.el.span(*_what(line), class_name="jp-what"),
        ),
    )


def _what(line: rx.Var[DifferenceLine]) -> tuple[rx.Component, ...]:
    return (
        rx.cond(line.before != "", rx.el.del_(line.before, dir="auto")),
        rx.el.span(line.sentence, dir="auto"),
        rx.cond(
            line.note != "",
            rx.el.span(rx.cond(line.kind == "way", "→ ", ""), line.note, class_name="s-muted", dir="auto"),
        ),
    )


def _changed_line(change: StepChange) -> DifferenceLine:
    if change.before != change.after:
        return DifferenceLine("changed", change.after, before=change.before, node_id=change.node_id)
    return DifferenceLine("changed", change.after, note=_listed(change.fields), node_id=change.node_id)


def _way_line(way: WayChange) -> DifferenceLine:
    where = f"{way.sentence}, “{way.port}”" if way.port else way.sentence
    return DifferenceLine("way", where, note=way.after or "the end", node_id=way.node_id)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name.lower() for name in names)
