"""The player: the virtual clock with its buttons, what may happen now, and what happened."""

import reflex as rx

from app.pages.journeys.dry_run.player_state import PlayerState
from app.pages.journeys.dry_run.timeline import timeline
from app.pages.journeys.dry_run.views import OfferView
from app.ui import area_field, button, form, form_actions, icon_button, text_field


def player() -> rx.Component:
    """A dry run under way."""
    return rx.el.div(
        rx.el.div(_clock(), _happenings(), class_name="dr-top"),
        rx.cond(PlayerState.other_open, _other()),
        timeline(),
        rx.el.div(
            PlayerState.said, class_name="dr-said", role="status", custom_attrs={"aria-live": "polite"}
        ),
        class_name="dr",
    )


def _clock() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.div(PlayerState.clock, class_name="dr-clock s-number"),
                rx.el.div(
                    rx.el.span(PlayerState.walker, dir="auto", class_name="dr-walker"),
                    " · ",
                    PlayerState.zone,
                    class_name="dr-where",
                ),
            ),
            rx.el.span(
                icon_button("Start again", icon="rotate-ccw", on_click=PlayerState.start_again),
                icon_button("Somebody else", icon="user-round-cog", on_click=PlayerState.leave),
                class_name="dr-again",
            ),
            class_name="dr-now-and-who",
        ),
        rx.el.div(
            button(
                "Step",
                icon="step-forward",
                on_click=PlayerState.step,
                disabled=PlayerState.over,
                id="dr-step",
            ),
            rx.cond(
                PlayerState.playing,
                button("Pause", look="quiet", icon="pause", on_click=PlayerState.pause),
                button(
                    "Play", look="quiet", icon="play", on_click=PlayerState.play, disabled=PlayerState.over
                ),
            ),
            button(
                "To the end",
                look="quiet",
                icon="skip-forward",
                on_click=PlayerState.to_the_end,
                disabled=PlayerState.over,
            ),
            role="group",
            class_name="dr-buttons",
            custom_attrs={"aria-label": "Virtual clock"},
        ),
        rx.el.p(
            rx.cond(
                PlayerState.over,
                rx.fragment("Nothing more happens by itself. ", PlayerState.ending),
                PlayerState.next_words,
            ),
            class_name="dr-next s-number",
        ),
        class_name="dr-when",
    )


def _happenings() -> rx.Component:
    return rx.el.section(
        rx.el.h3("What happens now?"),
        rx.el.div(
            rx.foreach(PlayerState.offers, _offer),
            rx.el.button(
                rx.icon("plus", size=13, aria_hidden="true"),
                "Something else",
                type="button",
                on_click=PlayerState.show_other(~PlayerState.other_open),
                class_name="dr-offer",
                custom_attrs={"aria-expanded": rx.cond(PlayerState.other_open, "true", "false")},
            ),
            class_name="dr-offers",
        ),
        class_name="dr-now",
    )


def _offer(offer: rx.Var[OfferView]) -> rx.Component:
    return rx.el.button(
        offer.label,
        type="button",
        on_click=PlayerState.happen(offer.what, offer.name, offer.properties),
        class_name="dr-offer",
        title=offer.properties,
    )


def _other() -> rx.Component:
    other = form(
        text_field(
            name="dr-name", label="Event", placeholder="Product Viewed", auto_focus=True, max_length=200
        ),
        area_field(
            name="dr-properties",
            label="Its details",
            hint="A name and a value in each line",
            placeholder="service: Haircut",
            error=PlayerState.other_error,
            rows=3,
            optional=True,
        ),
        form_actions(
            button("Cancel", look="quiet", on_click=PlayerState.show_other(False)),
            button("Let it happen", type="submit"),
        ),
        on_submit=PlayerState.happen_other,
    )
    return rx.el.div(other, class_name="dr-other")
