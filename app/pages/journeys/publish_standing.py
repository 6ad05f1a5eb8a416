"""What becomes of the customers under way, in the dock for publishing."""

import reflex as rx

from app.pages.journeys.dock import dock_part
from app.pages.journeys.outlook_rows import LEAVE, StandingRow
from app.pages.journeys.publish_state import PublishState

CHOICES = (
    ("stay", "They stay on their version", "They go on as it was; only who enters from now on gets the new one."),
    ("move", "Move them to the new version", "You say where each of them goes on. Nobody is told anything twice."),
)  # fmt: skip


def under_way_part() -> rx.Component:
    """The choice, and where each of them goes on; nothing while nobody is under way."""
    return rx.cond(
        PublishState.under_way > 0,
        dock_part(
            "What becomes of those under way?",
            rx.el.p(PublishState.under_way_words, class_name="s-muted"),
            rx.el.fieldset(
                rx.el.legend("What becomes of them?", class_name="s-hidden"),
                *[_option(*choice) for choice in CHOICES],
                class_name="jp-choice",
            ),
            rx.cond(PublishState.moving == "move", _standing()),
        ),
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
        rx.el.thead(rx.el.tr(*[rx.el.th(text, scope="col") for text in heads])),
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
