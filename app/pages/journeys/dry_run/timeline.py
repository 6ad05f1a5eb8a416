"""What happened, line by line and day by day; messages as the customer would see them."""

import reflex as rx

from app.pages.journeys.dry_run.player_state import PlayerState
from app.pages.journeys.dry_run.views import LetterView, Line
from app.ui import badge
from app.ui.message import message_view
from engine.journeys.dry_run.told import Kind

ICONS = {
    Kind.ENTERED: "log-in",
    Kind.STEP: "git-branch",
    Kind.WAIT: "hourglass",
    Kind.MESSAGE: "send",
    Kind.EFFECT: "sparkles",
    Kind.HAPPENED: "zap",
    Kind.GOAL: "trophy",
    Kind.ENDED: "flag",
    Kind.NOTE: "info",
}


def timeline() -> rx.Component:
    """All that was told so far."""
    return rx.el.ol(
        rx.foreach(PlayerState.lines, _line),
        class_name="dr-lines",
        custom_attrs={"aria-label": "What happened"},
    )


def _line(line: rx.Var[Line]) -> rx.Component:
    return rx.el.li(
        rx.cond(
            line.passed != "",
            rx.el.div(rx.el.span(line.passed), class_name="dr-passed"),
        ),
        rx.cond(line.day != "", rx.el.h3(line.day, class_name="dr-day")),
        rx.el.div(
            rx.el.span(_icon(line), class_name="dr-icon", custom_attrs={"aria-hidden": "true"}),
            rx.el.div(
                _words(line), rx.foreach(line.letters, lambda letter: _letter(letter, line)), _facts(line)
            ),
            class_name="dr-line",
            custom_attrs={"data-kind": line.kind},
        ),
        key=line.key,
    )


def _icon(line: rx.Var[Line]) -> rx.Component:
    return rx.match(
        line.kind,
        *((kind.value, rx.icon(icon, size=14)) for kind, icon in ICONS.items()),
        rx.icon("circle", size=14),
    )


def _words(line: rx.Var[Line]) -> rx.Component:
    told = rx.fragment(
        rx.el.span(
            rx.el.span(line.title, class_name="dr-title", dir="auto"),
            rx.cond(line.way != "", rx.el.span(line.way, class_name="dr-way")),
        ),
        rx.el.time(line.time, class_name="dr-time s-number", date_time=line.at),
    )
    return rx.fragment(
        rx.cond(
            line.node_id != "",
            rx.el.button(
                told,
                type="button",
                on_click=PlayerState.look_at(line.node_id),
                class_name="dr-head",
                title="Show this step",
            ),
            rx.el.div(told, class_name="dr-head"),
        ),
        rx.cond(line.text != "", rx.el.div(line.text, class_name="dr-text", dir="auto")),
        rx.cond(
            (line.until != "") & (line.letters.length() == 0),
            rx.el.div("until ", line.until, class_name="dr-text s-number"),
        ),
    )


def _letter(letter: rx.Var[LetterView], line: rx.Var[Line]) -> rx.Component:
    return rx.fragment(
        rx.cond(
            letter.pieces.length() > 0,
            rx.el.div(
                message_view(
                    channel=letter.channel,
                    sender=letter.sender,
                    pieces=letter.pieces,
                    subject=letter.subject,
                    document=letter.document,
                    time=line.time,
                    language=letter.language,
                ),
                class_name="dr-letter",
                custom_attrs={"data-tone": letter.tone},
            ),
        ),
        rx.el.div(
            badge(letter.verdict, tone=letter.tone),
            rx.cond(line.until != "", rx.el.span("until ", line.until, class_name="s-number")),
            rx.cond(letter.code != "", rx.el.code(letter.code)),
            class_name="dr-verdict",
        ),
    )


def _facts(line: rx.Var[Line]) -> rx.Component:
    return rx.cond(
        line.facts.length() > 0,
        rx.el.ul(rx.foreach(line.facts, lambda fact: rx.el.li(fact, dir="auto")), class_name="dr-facts"),
    )
