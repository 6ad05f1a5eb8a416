"""The bell: how much is new, and a list of it to see and put away."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from app.ui.button import button, icon_button
from app.ui.empty import empty
from app.ui.link import link


@dataclass
class News:
    """Something the staff should know; `href` leads to it, when it has a place."""

    id: str
    text: str
    when: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class Bell:
    """What the bell shows and does; the fields are state variables and event handlers.

    Args:
        number: how much is new.
        news: the newest of it.
        on_seen: puts one away; takes its id.
        on_all_seen: puts all away.
    """

    number: rx.Var[int]
    news: rx.Var[list[News]]
    on_seen: Any
    on_all_seen: Any


ICONS = ("message-circle", "alarm-clock", "wallet", "waypoints", "triangle-alert", "ticket-percent")
"""Icons news may name; another name shows the bell's own."""


def bell_button(bell: Bell) -> rx.Component:
    """A button with the number, and the list it opens."""
    return rx.popover.root(
        rx.popover.trigger(
            rx.el.button(
                rx.icon("bell", size=19, aria_hidden="true"),
                rx.cond(
                    bell.number > 0, rx.el.span(_short(bell.number), class_name="s-bell-number s-number")
                ),
                type="button",
                class_name="s-bell",
                custom_attrs={
                    "aria-label": rx.cond(
                        bell.number > 0, f"Notifications, {bell.number} new", "Notifications"
                    )
                },
            ),
        ),
        rx.popover.content(
            rx.el.div(
                rx.el.h2("Notifications", class_name="s-card-title"),
                rx.cond(
                    bell.number > 0, button("All seen", look="plain", size="1", on_click=bell.on_all_seen)
                ),
                class_name="s-bell-head",
            ),
            rx.cond(
                bell.number > 0,
                rx.el.ul(rx.foreach(bell.news, lambda news: _news(bell, news)), class_name="s-bell-list"),
                empty(
                    icon="bell",
                    title="Nothing new",
                    text="Replies of customers, what a journey tells you, and what needs your care appear here.",
                ),
            ),
            class_name="s-bell-card",
            side="bottom",
            align="start",
            collision_padding=12,
            custom_attrs={"aria-label": "Notifications"},
        ),
    )


def _short(number: rx.Var[int]) -> rx.Var[Any]:
    return rx.cond(number > 99, "99+", number.to_string())


def _news(bell: Bell, news: rx.Var[News]) -> rx.Component:
    content = (
        rx.el.span(
            rx.match(
                news.icon, *[(name, rx.icon(name, size=16)) for name in ICONS], rx.icon("bell", size=16)
            ),
            class_name="s-bell-icon",
            custom_attrs={"aria-hidden": "true"},
        ),
        rx.el.span(
            rx.el.span(news.text, class_name="s-bell-text", dir="auto"),
            rx.el.span(news.when, class_name="s-muted s-small s-number"),
            class_name="s-bell-told",
        ),
    )
    return rx.el.li(
        rx.cond(
            news.href,
            link(*content, href=news.href, on_click=bell.on_seen(news.id), class_name="s-bell-one"),
            rx.el.div(*content, class_name="s-bell-one"),
        ),
        icon_button("Seen", icon="check", on_click=bell.on_seen(news.id)),
    )
