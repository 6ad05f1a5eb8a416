"""Beside the canvas before a version goes live: what keeps it, what changes, what it brings, who has to agree."""

from typing import Any

import reflex as rx

from app.pages.journeys.builder_state import BuilderState
from app.pages.journeys.difference_lines import difference_list
from app.pages.journeys.dock import dock, dock_part
from app.pages.journeys.publish_estimate import estimate_part
from app.pages.journeys.publish_standing import under_way_part
from app.pages.journeys.publish_state import PublishState
from app.ui import area_field, button, form, form_actions, notice, skeleton_lines
from app.ui.theme import Tone


def publish_dock() -> rx.Component:
    """The dock; the canvas's publish button opens it."""
    return dock(
        rx.cond(
            PublishState.looking,
            rx.el.div(skeleton_lines(count=6), aria_busy="true"),
            rx.el.div(
                _request(), _blocked(), estimate_part(), _difference(), under_way_part(), class_name="jp"
            ),
        ),
        rx.cond(~PublishState.looking, _actions()),
        title="Publish",
        description=rx.cond(
            PublishState.first_version,
            "It goes live as you see it on the canvas.",
            "What differs from the version that runs is marked on the canvas.",
        ),
    )


def request_badge() -> rx.Component:
    """In the header: that somebody has to decide, or has decided against it; opens the dock."""
    return rx.cond(
        BuilderState.asked != "",
        rx.el.button(
            rx.cond(
                BuilderState.asked == "pending",
                rx.icon("hourglass", size=14, aria_hidden="true"),
                rx.icon("circle-x", size=14, aria_hidden="true"),
            ),
            rx.el.span(BuilderState.asked_words),
            type="button",
            on_click=PublishState.publish(0),
            class_name="jb-asked",
            custom_attrs={"data-asked": BuilderState.asked},
        ),
    )


def _request() -> rx.Component:
    return rx.cond(
        PublishState.request_words != "",
        notice(
            rx.el.span(
                rx.el.span(PublishState.request_words, class_name="jp-asked"),
                rx.cond(
                    PublishState.request_reason != "",
                    rx.el.q(PublishState.request_reason, class_name="jp-reason", dir="auto"),
                ),
            ),
            tone=Tone.WAITING,
        ),
    )


def _blocked() -> rx.Component:
    return rx.cond(
        PublishState.blocked.length() > 0,
        dock_part(
            "Before you can publish",
            rx.el.ul(rx.foreach(PublishState.blocked, _problem), class_name="jp-problems"),
        ),
    )


def _problem(problem: rx.Var[dict[str, Any]]) -> rx.Component:
    icon = rx.icon("circle-alert", size=15, aria_hidden="true")
    return rx.el.li(
        rx.cond(
            problem["node_id"],
            rx.el.button(
                icon,
                problem["message"],
                type="button",
                on_click=[PublishState.undock, BuilderState.look_at(problem["node_id"].to(str))],
            ),
            rx.el.span(icon, problem["message"]),
        )
    )


def _difference() -> rx.Component:
    return rx.cond(
        ~PublishState.first_version,
        dock_part(
            "What changes",
            rx.cond(
                PublishState.difference.length() > 0,
                difference_list(PublishState.difference, on_look=BuilderState.look_at),
                rx.el.p("Every step is as in the version that runs.", class_name="s-muted"),
            ),
        ),
    )


def _actions() -> rx.Component:
    return rx.el.footer(
        rx.cond(PublishState.publish_problem != "", notice(PublishState.publish_problem, tone=Tone.BAD)),
        rx.cond(
            PublishState.rejecting,
            _rejection(),
            rx.cond(
                PublishState.blocked.length() > 0,
                None,
                rx.cond(
                    PublishState.is_pending,
                    rx.cond(PublishState.may_approve, _decision(), _waiting()),
                    rx.cond(PublishState.must_ask, _asking(), _publishing()),
                ),
            ),
        ),
        class_name="jp-actions",
    )


def _publishing() -> rx.Component:
    return form_actions(
        button("Cancel", look="quiet", on_click=PublishState.undock),
        button(
            rx.cond(PublishState.moving == "move", "Publish and move them", "Publish now"),
            icon="rocket",
            on_click=PublishState.confirm_publish,
            loading=PublishState.publishing,
            auto_focus=True,
        ),
    )


def _asking() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "From ",
            PublishState.threshold,
            " customers on, somebody who may approve has to publish it.",
            class_name="s-hint",
        ),
        form_actions(
            button("Cancel", look="quiet", on_click=PublishState.undock),
            button(
                "Ask for approval",
                icon="send",
                on_click=PublishState.ask_approval,
                loading=PublishState.publishing,
                auto_focus=True,
            ),
        ),
    )


def _waiting() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "You are told as soon as it is decided. A change takes the request back.", class_name="s-hint"
        ),
        form_actions(button("Take the request back", look="quiet", on_click=PublishState.withdraw)),
    )


def _decision() -> rx.Component:
    return form_actions(
        button("Reject", look="quiet", icon="x", on_click=PublishState.ask_reason(True)),
        button(
            "Approve and publish",
            icon="check",
            on_click=PublishState.confirm_publish,
            loading=PublishState.publishing,
        ),
    )


def _rejection() -> rx.Component:
    return form(
        area_field(
            name="reason",
            label="What should change?",
            hint="Who asked reads this.",
            error=PublishState.reject_problem,
            rows=3,
            max_length=500,
            auto_focus=True,
        ),
        form_actions(
            button("Back", look="quiet", on_click=PublishState.ask_reason(False)),
            button("Reject", look="danger", type="submit"),
        ),
        on_submit=PublishState.reject,
    )
