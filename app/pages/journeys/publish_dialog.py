"""The dialog before a new version goes live: what differs, and what becomes of the customers under way."""

import reflex as rx

from app.pages.journeys.publish_state import LEAVE, DifferenceLine, PublishState, StandingRow
from app.ui import badge, button, dialog, form_actions, notice
from app.ui.theme import Tone

CHOICES = (
    ("stay", "They stay on their version", "They go on as it was; only who enters from now on gets the new one."),
    ("move", "Move them to the new version", "You say where each of them goes on. Nobody is told anything twice."),
)  # fmt: skip
KINDS = (
    ("added", "Added", "plus"),
    ("removed", "Removed", "minus"),
    ("changed", "Changed", "pencil"),
    ("way", "Leads elsewhere", "corner-down-right"),
    ("settings", "Setting changed", "settings-2"),
)


def publish_dialog() -> rx.Component:
    """The dialog; the canvas's publish button opens it where customers are under way."""
    return dialog(
        rx.el.div(
            rx.cond(PublishState.publish_problem != "", notice(PublishState.publish_problem, tone=Tone.BAD)),
            _choice(),
            rx.cond(PublishState.moving == "move", _standing()),
            _difference(),
            form_actions(
                button("Cancel", look="quiet", on_click=PublishState.show_publish(False)),
                button(
                    rx.cond(PublishState.moving == "move", "Publish and move them", "Publish"),
                    icon="rocket",
                    on_click=PublishState.confirm_publish,
                    loading=PublishState.publishing,
                ),
            ),
            class_name="s-stack jp",
        ),
        title="Publish changes",
        description=PublishState.under_way_words,
        open=PublishState.publish_open,
        on_open_change=PublishState.show_publish,
        max_width="680px",
    )


def _choice() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend("What becomes of them?", class_name="s-label"),
        *[_option(*choice) for choice in CHOICES],
        class_name="jp-choice",
    )


def _option(value: str, label: str, hint: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="moving",
            value=value,
            checked=PublishState.moving == value,
            on_change=PublishState.choose_moving(value),
            class_name="s-check",
        ),
        rx.el.span(rx.el.span(label, class_name="jp-label"), rx.el.span(hint, class_name="s-hint")),
        class_name="jp-option",
    )


def _standing() -> rx.Component:
    heads = ("They stand at", "Customers", "And go on at")
    return rx.el.table(
        rx.el.caption("Where customers go on in the new version", class_name="s-hidden"),
        rx.el.thead(
            rx.el.tr(*[rx.el.th(text, scope="col", class_name=f"jp-{n}") for n, text in enumerate(heads)])
        ),
        rx.el.tbody(rx.foreach(PublishState.standing, _row)),
        class_name="jp-standing",
    )


def _row(row: rx.Var[StandingRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.el.span(row.sentence, dir="auto"),
            rx.cond(
                row.changed,
                rx.el.span("changed", class_name="jp-anew", title="They wait by its new settings"),
            ),
            class_name="jp-0",
        ),
        rx.el.td(row.customers, class_name="jp-1 s-number"),
        rx.el.td(
            rx.el.select(
                rx.cond(row.itself, rx.el.option(row.sentence, value=row.node_id)),
                rx.foreach(PublishState.steps, lambda step: rx.el.option(step[1], value=step[0], dir="auto")),
                rx.el.option("Leave the journey", value=LEAVE),
                value=row.target,
                on_change=lambda target: PublishState.choose_target(row.node_id, target),
                class_name="s-control s-pick",
                custom_attrs={
                    "aria-label": f"Where those at “{row.sentence}” go on",
                    "aria-invalid": rx.cond(row.problem != "", "true", "false"),
                },
            ),
            rx.cond(
                row.problem != "",
                rx.el.div(
                    rx.icon("circle-alert", size=15, aria_hidden="true"),
                    row.problem,
                    role="alert",
                    class_name="s-error",
                ),
            ),
            class_name="jp-2",
        ),
    )


def _difference() -> rx.Component:
    return rx.el.section(
        rx.el.h3("What changes", class_name="s-label"),
        rx.cond(
            PublishState.difference.length() > 0,
            rx.el.ul(rx.foreach(PublishState.difference, _line), class_name="jp-lines"),
            rx.el.p("Every step is as in the version that runs.", class_name="s-muted s-small"),
        ),
        class_name="jp-difference",
    )


def _line(line: rx.Var[DifferenceLine]) -> rx.Component:
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
        rx.el.span(
            rx.cond(line.before != "", rx.el.del_(line.before, dir="auto")),
            rx.el.span(line.sentence, dir="auto"),
            rx.cond(
                line.note != "",
                rx.el.span(
                    rx.cond(line.kind == "way", "→ ", ""), line.note, class_name="s-muted", dir="auto"
                ),
            ),
            class_name="jp-what",
        ),
    )
