"""The home page."""

import reflex as rx

from app.pages.frame import frame
from app.pages.home.state import HomeState, Step
from app.pages.registry import Page
from app.ui import card, link_button, notice, page_header, skeleton_cards, skeleton_lines, stat_card, stat_row
from app.ui.theme import Tone


def home() -> rx.Component:
    """Greeting, figures, steps."""
    return frame(
        page_header(
            title=HomeState.greeting,
            description="What is under way, and what to do next.",
            actions=(link_button("New journey", href="/journeys/new", icon="plus"),),
        ),
        rx.cond(HomeState.uncertain > 0, _uncertain()),
        rx.cond(HomeState.loading, skeleton_cards(count=4), _figures()),
        rx.cond(
            HomeState.loading, card(skeleton_lines(count=6)), rx.cond(HomeState.all_done, None, _steps())
        ),
        active="home",
    )


def _uncertain() -> rx.Component:
    return notice(
        rx.fragment(
            HomeState.uncertain.to_string(),
            " messages may or may not have left: their provider broke off while we handed them over. "
            "They are not sent again by themselves.",
        ),
        tone=Tone.WAITING,
    )


def _figures() -> rx.Component:
    figures = HomeState.figures
    return stat_row(
        stat_card(label="Customers", value=figures.customers, icon="users-round", href="/customers"),
        stat_card(label="Live journeys", value=figures.live_journeys, icon="waypoints", href="/journeys"),
        stat_card(
            label="On their way",
            value=figures.in_progress,
            icon="footprints",
            hint="customers in a journey now",
        ),
        stat_card(
            label="Sent in 7 days",
            value=figures.sent_week,
            icon="send",
            hint=rx.fragment(figures.waiting, " waiting to go out"),
        ),
    )


def _steps() -> rx.Component:
    return card(
        rx.el.ol(rx.foreach(HomeState.steps, _step), class_name="s-steps"),
        title="Your way to the first message",
    )


def _step(step: rx.Var[Step]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.cond(step.look == "done", rx.icon("check", size=18), step.number.to_string()),
            class_name="s-step-dot",
            custom_attrs={"aria-hidden": "true"},
        ),
        rx.el.div(
            rx.el.div(
                step.title,
                rx.cond(step.look == "done", rx.el.span(" (done)", class_name="s-hidden")),
                class_name="s-step-title",
            ),
            rx.el.div(step.text, class_name="s-muted s-small"),
        ),
        rx.el.div(
            rx.match(
                step.look,
                ("next", link_button(step.action, href=step.href)),
                link_button(step.action, href=step.href, look="quiet"),
            ),
            class_name="s-step-action",
        ),
        class_name=f"s-step s-step-{step.look}",
    )


HOME = Page(
    route="/",
    component=home,
    title="Home",
    description="Journeys under way and the next step for your studio.",
    on_load=(HomeState.load,),
)
