"""The backtest beside the canvas: the question, the progress, what would have happened."""

import reflex as rx

from app.pages.journeys.backtest.findings import findings
from app.pages.journeys.backtest.state import BacktestState
from app.pages.journeys.dock import dock
from app.ui import button, menu_item, notice, poll
from app.ui.theme import Tone

LENGTHS = (
    ("30", "30 days", "every 15 minutes"),
    ("90", "90 days", "every 30 minutes"),
    ("365", "A year", "every hour"),
)
PROMISES = (
    (
        "history",
        "Plays your saved draft over what your customers really did: events, orders, visits, birthdays.",
    ),
    (
        "shield-check",
        "Asks for consent, quiet hours, limits and budget exactly as the live engine does, as of then.",
    ),
    ("feather", "Nothing is sent and nothing is written to your log."),
)


def backtest_dock() -> rx.Component:
    """One of the question, the progress and the result."""
    return dock(
        rx.el.div(
            rx.match(
                BacktestState.test_stage,
                ("running", _progress()),
                ("done", findings()),
                _question(),
            ),
            class_name="bt",
            on_mount=BacktestState.look_again,
        ),
        title="Backtest",
        description="What this draft would have done, had it been live.",
    )


def backtest_item() -> rx.Component:
    """What opens it, in the menu “Try it”."""
    return menu_item("Backtest over the past", icon="history", on_select=BacktestState.open_backtest)


def _question() -> rx.Component:
    return rx.el.div(
        rx.cond(BacktestState.test_problem != "", notice(BacktestState.test_problem, tone=Tone.BAD)),
        rx.el.fieldset(
            rx.el.legend("Over how long?", class_name="s-label"),
            *[_length(*each) for each in LENGTHS],
            class_name="bt-lengths",
        ),
        button(
            "Run the backtest",
            icon="play",
            size="3",
            on_click=BacktestState.run_backtest,
            loading=BacktestState.test_asking,
            class_name="bt-run",
        ),
        rx.el.ul(*[rx.el.li(rx.icon(icon, size=17, aria_hidden="true"), words) for icon, words in PROMISES]),
        class_name="bt-ask",
    )


def _length(days: str, label: str, often: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="backtest-days",
            value=days,
            checked=BacktestState.test_days == days,
            on_change=BacktestState.choose_days(days),
        ),
        rx.el.span(label, class_name="bt-length"),
        rx.el.span(often, class_name="bt-often"),
    )


def _progress() -> rx.Component:
    percent = BacktestState.test_percent
    return rx.el.div(
        poll(seconds=1, on_tick=BacktestState.watch_it),
        rx.el.p("It is now", class_name="bt-now-label"),
        rx.el.p(
            rx.cond(BacktestState.test_reached != "", BacktestState.test_reached, "about to begin"),
            class_name="bt-now",
        ),
        rx.el.div(
            rx.el.div(class_name="bt-bar-done", style={"width": f"{percent}%"}),
            class_name="bt-bar",
            role="progressbar",
            custom_attrs={
                "aria-label": "Progress of the backtest",
                "aria-valuenow": percent,
                "aria-valuemin": 0,
                "aria-valuemax": 100,
            },
        ),
        rx.el.p(percent, " % of the last ", BacktestState.test_days, " days", class_name="s-muted"),
        rx.cond(BacktestState.test_problem != "", notice(BacktestState.test_problem, tone=Tone.WAITING)),
        button("Cancel", look="quiet", icon="x", on_click=BacktestState.cancel_backtest),
        rx.el.p("You can close this and come back: it goes on meanwhile.", class_name="s-muted s-small"),
        class_name="bt-progress",
    )
