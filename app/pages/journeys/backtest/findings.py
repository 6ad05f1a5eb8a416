"""What a backtest found, from the sentence down to each customer."""

import reflex as rx

from app.pages.journeys.backtest.state import BacktestState
from app.pages.journeys.backtest.views import MessageRow, PersonRow, Reason, StoryLine, Tile
from app.ui import badge, button, icon_button, link, notice, poll, search_field
from app.ui.chart import Series, line_chart
from app.ui.theme import Tone

SERIES = (Series("entered", "Entered"), Series("sent", "Sent"), Series("converted", "Reached the goal"))


def findings() -> rx.Component:
    """The result."""
    return rx.el.div(
        poll(seconds=4, on_tick=BacktestState.check_freshness),
        rx.cond(BacktestState.test_stale, _stale()),
        rx.el.p(BacktestState.headline, class_name="bt-headline"),
        rx.el.p(BacktestState.period, class_name="s-muted s-small"),
        rx.el.dl(rx.foreach(BacktestState.tiles, _tile), class_name="bt-tiles"),
        line_chart(
            label="Entries, messages and conversions over time",
            data=BacktestState.chart,
            x="day",
            series=SERIES,
            height=190,
        ),
        _section("Messages", BacktestState.message_rows, _message),
        _section("Why messages never left", BacktestState.refusals, _reason),
        _section("What made messages wait", BacktestState.holds, _reason),
        _people(),
        rx.cond(
            BacktestState.costs.length() > 0,
            rx.el.details(
                rx.el.summary("Cost by month and channel"),
                rx.el.ul(rx.foreach(BacktestState.costs, _reason), class_name="bt-rows"),
                class_name="bt-more",
            ),
        ),
        rx.el.details(
            rx.el.summary("What was taken for granted"),
            rx.el.ul(rx.foreach(BacktestState.assumptions, rx.el.li)),
            class_name="bt-more bt-assumptions",
        ),
        button("Run another one", look="quiet", icon="rotate-ccw", on_click=BacktestState.ask_anew),
        class_name="bt-found",
    )


def _stale() -> rx.Component:
    return notice(
        rx.el.span(
            "The draft was changed since. ",
            rx.el.button(
                "Run it again", type="button", class_name="bt-again", on_click=BacktestState.run_backtest
            ),
        ),
        tone=Tone.WAITING,
    )


def _tile(tile: rx.Var[Tile]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(tile.label),
        rx.el.dd(tile.value, class_name="s-number"),
        rx.el.dd(tile.hint, class_name="bt-hint"),
        class_name="bt-tile",
        custom_attrs={"data-tone": tile.tone},
    )


def _section(title: str, rows: rx.Var[list[object]], shown: object) -> rx.Component:
    return rx.cond(
        rows.length() > 0,
        rx.el.section(rx.el.h3(title), rx.el.ul(rx.foreach(rows, shown), class_name="bt-rows")),
    )


def _message(row: rx.Var[MessageRow]) -> rx.Component:
    parts = (("sent", row.sent_share), ("waiting", row.waiting_share), ("skipped", row.skipped_share))
    return rx.el.li(
        rx.el.div(rx.el.span(row.name, class_name="bt-name"), rx.el.b(row.cost, class_name="s-number")),
        rx.el.div(
            *[
                rx.el.span(custom_attrs={"data-part": part}, style={"width": f"{share}%"})
                for part, share in parts
            ],
            class_name="bt-split",
            aria_hidden="true",
        ),
        rx.el.p(
            row.sent,
            " sent",
            rx.cond(row.held != "0", rx.fragment(", ", row.held, " after a wait")),
            rx.cond(row.skipped != "0", rx.fragment(", ", row.skipped, " never")),
            rx.cond(row.waiting != "0", rx.fragment(", ", row.waiting, " still waiting")),
        ),
    )


def _reason(row: rx.Var[Reason]) -> rx.Component:
    return rx.el.li(
        rx.el.div(rx.el.span(row.words, class_name="bt-name"), rx.el.b(row.number, class_name="s-number")),
        rx.el.div(rx.el.span(style={"width": f"{row.share}%"}), class_name="bt-split", aria_hidden="true"),
        rx.cond(row.hint != "", rx.el.p(row.hint)),
    )


def _people() -> rx.Component:
    return rx.cond(
        (BacktestState.people_total > 0) | (BacktestState.people_search != ""),
        rx.el.section(
            rx.el.h3("Customers"),
            search_field(
                label="Search these customers",
                value=BacktestState.people_search,
                on_change=BacktestState.search_people,
                placeholder="Search by name",
            ),
            rx.cond(
                BacktestState.people_total > 0,
                rx.el.ul(rx.foreach(BacktestState.people_rows, _person), class_name="bt-people"),
                rx.el.p("Nobody of this name would have entered.", class_name="s-muted"),
            ),
            rx.el.div(
                rx.el.span(BacktestState.people_summary, class_name="s-muted s-small s-number"),
                icon_button(
                    "Previous customers",
                    icon="chevron-left",
                    on_click=BacktestState.turn_page(-1),
                    disabled=BacktestState.people_page == 1,
                ),
                icon_button(
                    "Next customers",
                    icon="chevron-right",
                    on_click=BacktestState.turn_page(1),
                    disabled=~BacktestState.has_more_people,
                ),
                class_name="bt-pages",
            ),
        ),
    )


def _person(row: rx.Var[PersonRow]) -> rx.Component:
    is_open = BacktestState.opened_person == row.key
    return rx.el.li(
        rx.el.button(
            rx.el.span(
                rx.el.span(row.name, class_name="bt-who"),
                rx.el.span(row.entered, class_name="s-muted s-small s-number"),
            ),
            rx.el.span(
                badge(row.outcome, tone=row.tone), rx.el.span(row.facts, class_name="s-muted s-small")
            ),
            type="button",
            on_click=BacktestState.open_person(row.key),
            custom_attrs={"aria-expanded": is_open},
            class_name="bt-person",
        ),
        rx.cond(
            is_open,
            rx.el.div(
                rx.el.ol(rx.foreach(row.story, _line), class_name="bt-story"),
                link("Open the customer", href=row.href, class_name="bt-open"),
            ),
        ),
    )


def _line(line: rx.Var[StoryLine]) -> rx.Component:
    return rx.el.li(
        rx.el.span(line.title, class_name="bt-line-title"),
        rx.el.span(line.at, class_name="s-muted s-small s-number"),
        rx.cond(line.words != "", rx.el.p(line.words)),
        custom_attrs={"data-what": line.what},
    )
