"""What a month of the journey would bring, in the dock for publishing."""

import reflex as rx

from app.pages.journeys.dock import dock_part
from app.pages.journeys.outlook_rows import ChannelRow, EntryRow
from app.pages.journeys.publish_state import PublishState


def estimate_part() -> rx.Component:
    """The figures, the budget, and what they rest on; nothing while there is no estimate."""
    found = PublishState.estimate
    return rx.cond(
        found.is_there,
        dock_part(
            "In a month, about",
            rx.el.div(
                _figure(found.customers, "customers enter"),
                _figure(found.recipients, "can be written to"),
                _figure(found.messages, "messages at most"),
                _figure(found.cost, "at most"),
                class_name="jp-figures",
            ),
            rx.cond(
                found.at_once != "",
                rx.el.p(
                    rx.el.b(found.at_once), " of them enter as soon as you publish.", class_name="jp-line"
                ),
            ),
            rx.cond(found.budget != "", _budget()),
            rx.el.details(
                rx.el.summary("What this rests on"),
                rx.el.ul(rx.foreach(found.triggers, _entry), class_name="jp-basis"),
                rx.cond(
                    found.channels.length() > 0,
                    rx.el.ul(rx.foreach(found.channels, _channel), class_name="jp-basis"),
                ),
                rx.el.p(
                    "An estimate: as if the next 30 days were like the last, everybody went the dearest way, and no "
                    "limit or quiet hour held anything back. Prices are those of your price table.",
                    class_name="s-hint",
                ),
                class_name="jp-details",
            ),
        ),
    )


def _figure(number: rx.Var[str], label: str) -> rx.Component:
    return rx.el.div(rx.el.strong(number), rx.el.span(label))


def _entry(row: rx.Var[EntryRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(row.sentence, dir="auto"),
        rx.el.span(
            rx.cond(row.customers != "", rx.el.b(row.customers, " ")), row.basis, class_name="s-muted"
        ),
    )


def _channel(row: rx.Var[ChannelRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(row.label, rx.el.span(" agreed by ", row.reachable, class_name="s-muted")),
        rx.el.span(row.messages, " messages, ", row.cost, class_name="s-muted"),
    )


def _budget() -> rx.Component:
    found = PublishState.estimate
    return rx.el.div(
        rx.el.div(
            rx.el.span("This month’s budget with it"),
            rx.el.span(found.budget, class_name="s-number"),
            class_name="jp-line",
        ),
        rx.el.progress(
            value=found.budget_percent,
            max=100,
            class_name="jp-bar",
            custom_attrs={"aria-label": "Share of the budget", "data-over": found.exceeds_budget.to_string()},
        ),
        rx.cond(
            found.exceeds_budget,
            rx.el.p("The budget would not last: messages wait when it is used up.", class_name="jp-over"),
        ),
        class_name="jp-budget",
    )
