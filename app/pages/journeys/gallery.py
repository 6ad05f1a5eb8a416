"""The gallery of ready-made journeys: by stage, found by what they are good for; a click shows one from near."""

from itertools import groupby

import reflex as rx

from app.pages.journeys.new_state import MessageView, NewJourneyState, StepView
from app.pages.journeys.picture import picture
from app.pages.journeys.sketch import sketch
from app.pages.words import channel_words
from app.ui import badge, button, dialog, empty, form_actions, pick, search_field
from engine.channels.interface import Channel
from engine.journeys.gallery import GalleryJourney, list_gallery
from engine.journeys.gallery.search import channels_of
from engine.journeys.models import Stage

CHANNELS = [
    ("", "All channels"),
    *(
        (channel.value, channel_words(channel))
        for channel in Channel
        if any(channel in channels_of(entry) for entry in list_gallery())
    ),
]
STAGES = [("", "All stages"), *((stage.value, stage.value.capitalize()) for stage in Stage)]


def gallery() -> rx.Component:
    """What fits, stage after stage."""
    by_stage = groupby(list_gallery(), key=lambda entry: entry.stage)
    return rx.el.section(
        rx.el.h2("Ready-made journeys", id="ready-made", class_name="jl-title"),
        rx.el.div(
            search_field(
                label="Search ready-made journeys",
                value=NewJourneyState.wish,
                on_change=NewJourneyState.look_for,
                placeholder="What is it for? e.g. win back, birthday, reviews",
            ),
            pick(
                label="Channel",
                options=CHANNELS,
                value=NewJourneyState.channel,
                on_change=NewJourneyState.only_channel,
            ),
            pick(
                label="Stage",
                options=STAGES,
                value=NewJourneyState.stage,
                on_change=NewJourneyState.only_stage,
            ),
            class_name="s-row jl-gallery-tools",
        ),
        rx.el.div(*[_stage(stage, list(entries)) for stage, entries in by_stage], class_name="jl-stages"),
        rx.cond(NewJourneyState.fitting.length() == 0, _none()),
        class_name="jl-gallery-part",
        custom_attrs={"aria-labelledby": "ready-made"},
    )


def _none() -> rx.Component:
    return empty(
        icon="search-x",
        title="None is made for this",
        text="Try another word, another stage or channel, or draw your own above.",
        action=button("Show all", look="quiet", on_click=NewJourneyState.show_all),
    )


def _stage(stage: Stage, entries: list[GalleryJourney]) -> rx.Component:
    tiles = [rx.cond(NewJourneyState.fitting.contains(entry.key), _tile(entry)) for entry in entries]
    return rx.cond(
        NewJourneyState.stages.contains(stage.value),
        rx.el.section(
            rx.el.h3(stage.value.capitalize(), class_name="jl-stage"),
            rx.el.div(*tiles, class_name="jl-gallery"),
        ),
    )


def _tile(entry: GalleryJourney) -> rx.Component:
    channels = [channel for channel in Channel if channel in channels_of(entry)]
    return rx.el.button(
        rx.el.span(entry.name, class_name="jl-ready-name"),
        rx.el.span(entry.description, class_name="jl-ready-about"),
        picture(entry.graph),
        rx.el.span(" · ".join(channel_words(channel) for channel in channels), class_name="jl-ready-by"),
        type="button",
        on_click=NewJourneyState.show(entry.key),
        class_name="jl-ready",
    )


def gallery_dialog() -> rx.Component:
    """One of them from near: picture, steps and messages in words, and what it needs."""
    look = NewJourneyState.look
    return dialog(
        rx.el.div(
            rx.el.div(
                rx.el.h3("What it does", class_name="jl-stage"),
                rx.el.ol(rx.foreach(look.steps, _step), class_name="jl-steps"),
                rx.el.h3("What it needs", class_name="jl-stage"),
                rx.el.ul(rx.foreach(look.needs, rx.el.li), class_name="jl-needs"),
            ),
            rx.el.div(sketch(look.drawn), class_name="jl-look-picture"),
            class_name="jl-look",
        ),
        rx.cond(
            look.messages.length() > 0,
            rx.fragment(
                rx.el.h3("What customers read", class_name="jl-stage"),
                rx.el.div(rx.foreach(look.messages, _message), class_name="jl-messages"),
            ),
        ),
        rx.el.div(
            form_actions(
                button("Close", look="quiet", on_click=NewJourneyState.close(False)),
                button("Use this journey", on_click=NewJourneyState.install, loading=NewJourneyState.busy),
            ),
            class_name="jl-look-end",
        ),
        title=look.name,
        description=look.description,
        max_width="940px",
        open=NewJourneyState.looking,
        on_open_change=NewJourneyState.close,
    )


def _step(step: rx.Var[StepView]) -> rx.Component:
    return rx.el.li(
        rx.cond(step.way, rx.el.span(step.way, class_name="jl-way")),
        rx.el.span(step.words),
        class_name=f"jl-step-{step.family}",
    )


def _message(message: rx.Var[MessageView]) -> rx.Component:
    return rx.el.article(
        rx.el.header(badge(message.channel, tone=message.tone), rx.el.span(message.template)),
        rx.cond(message.subject, rx.el.p(message.subject, class_name="jl-subject")),
        rx.el.p(message.body, dir="auto"),
        class_name="jl-message",
    )
