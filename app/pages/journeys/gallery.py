"""The ready-made journeys of the “New journey” dialog: by stage, searched by what they are good for, one click each."""

from itertools import groupby

import reflex as rx

from app.pages.journeys.list_state import JourneysState
from app.pages.journeys.picture import picture
from app.ui import search_field
from engine.journeys.gallery import GalleryJourney, list_gallery
from engine.journeys.models import Stage


def gallery() -> rx.Component:
    """What fits the search, stage after stage; a click installs a journey and opens it."""
    by_stage = groupby(list_gallery(), key=lambda entry: entry.stage)
    return rx.el.div(
        search_field(
            label="Search ready-made journeys",
            value=JourneysState.wish,
            on_change=JourneysState.look_for_ready_made,
            placeholder="What is it for? e.g. win back, birthday, reviews",
        ),
        rx.el.div(*[_stage(stage, list(entries)) for stage, entries in by_stage], class_name="jl-stages"),
        rx.cond(
            JourneysState.fitting.length() == 0,
            rx.el.p("None is made for this. Try another word, or draw your own.", class_name="s-muted"),
        ),
        role="group",
        custom_attrs={"aria-label": "Ready-made journeys"},
    )


def _stage(stage: Stage, entries: list[GalleryJourney]) -> rx.Component:
    cards = [rx.cond(JourneysState.fitting.contains(entry.key), _ready_made(entry)) for entry in entries]
    return rx.cond(
        JourneysState.stages.contains(stage.value),
        rx.el.section(
            rx.el.h3(stage.value.capitalize(), class_name="jl-stage"),
            rx.el.div(*cards, class_name="jl-gallery"),
        ),
    )


def _ready_made(entry: GalleryJourney) -> rx.Component:
    return rx.el.button(
        rx.el.span(entry.name, class_name="jl-ready-name"),
        rx.el.span(entry.description, class_name="s-muted s-small"),
        picture(entry.graph),
        type="button",
        on_click=JourneysState.install(entry.key),
        disabled=JourneysState.busy,
        class_name="jl-ready",
    )
