"""What a page declares about itself, and how it enters the application."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from app.pages.notifications import NotificationsState
from app.pages.session import SessionState

BEFORE = (SessionState.load, NotificationsState.refresh)
"""What runs before every page that is not public."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Args:
        route: its address; `/customers/[customer_id]` has a parameter.
        component: makes the page; called when the front end is built, never per request.
        title: what the browser's tab says, without the product's name.
        description: one sentence for the page's meta data.
        on_load: event handlers that run whenever the page is opened.
        public: whether it may be seen without signing in.
    """

    route: str
    component: Callable[[], rx.Component]
    title: str
    description: str
    on_load: tuple[Any, ...] = ()
    public: bool = False


def add_pages(app: rx.App, pages: list[Page]) -> None:
    """Register the pages; those that are not public first load who is signed in."""
    for page in pages:
        app.add_page(
            page.component,
            route=page.route,
            title=f"{page.title} · Safar",
            description=page.description,
            on_load=list(page.on_load) if page.public else [*BEFORE, *page.on_load],
            meta=[{"name": "robots", "content": "noindex"}],
        )
