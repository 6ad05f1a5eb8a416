"""What an unknown address shows."""

import reflex as rx

from app.pages.registry import Page
from app.ui import empty, link_button
from app.ui.theme import Fonts


def not_found() -> rx.Component:
    """A way back, without the shell: the visitor may not be signed in."""
    return rx.fragment(
        Fonts.create(),
        rx.el.main(
            empty(
                icon="map-pin-off",
                title="No such page",
                text="The address leads nowhere. It may have been typed wrong, or what was here is gone.",
                action=link_button("Go to the start", href="/"),
            ),
            id="main",
        ),
    )


NOT_FOUND = Page(
    route="404",
    component=not_found,
    title="No such page",
    description="This address leads nowhere.",
    public=True,
)
