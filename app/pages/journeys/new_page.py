"""The page for a new journey: blank, from a file, or from the gallery of ready-made ones."""

import reflex as rx

from app.pages.frame import frame
from app.pages.journeys.file_state import FileState, MissingView
from app.pages.journeys.gallery import gallery, gallery_dialog
from app.pages.journeys.new_state import NewJourneyState
from app.pages.journeys.sketch import sketch
from app.pages.registry import Page
from app.ui import (
    button,
    card,
    file_drop,
    form,
    form_actions,
    notice,
    page_header,
    select_field,
    text_field,
)
from app.ui.theme import Tone


def new_journey() -> rx.Component:
    """The three ways to begin."""
    return frame(
        page_header(
            title="New journey",
            description="It stays a draft until you publish it.",
            back=("Journeys", "/journeys"),
        ),
        rx.cond(
            NewJourneyState.may_edit,
            rx.fragment(
                rx.cond(FileState.read, _read(), rx.el.div(_blank(), _file(), class_name="jl-ways")),
                gallery(),
                gallery_dialog(),
            ),
            notice("Your role can look at journeys but not make new ones. Ask a manager."),
        ),
        active="journeys",
    )


def _blank() -> rx.Component:
    return card(
        form(
            text_field(
                name="name",
                label="Name",
                hint="What it is for, e.g. “Welcome after the first visit”. You can change it later.",
                error=NewJourneyState.problem,
                max_length=100,
                auto_complete="off",
            ),
            form_actions(button("Create", type="submit")),
            on_submit=NewJourneyState.create,
        ),
        title="Draw your own",
    )


def _file() -> rx.Component:
    return card(
        file_drop(
            name="journey-file",
            label="Choose the JSON file of a journey",
            title="Drop a JSON file here, or choose one",
            hint="As “Download as JSON” makes it. Up to 2 MB.",
            on_file=FileState.take,
        ),
        rx.cond(FileState.problem, notice(FileState.problem, tone=Tone.BAD)),
        title="From a file",
    )


def _read() -> rx.Component:
    return card(
        rx.el.div(
            form(
                text_field(
                    name="file-name",
                    label="Name",
                    hint=FileState.view.summary,
                    error=FileState.problem,
                    default_value=FileState.view.name,
                    max_length=100,
                    auto_complete="off",
                ),
                rx.cond(
                    FileState.missing.length() > 0,
                    rx.el.fieldset(
                        rx.el.legend("What this file points at and you do not have", class_name="s-label"),
                        rx.foreach(FileState.missing, _missing),
                        class_name="jl-missing",
                    ),
                ),
                rx.cond(
                    FileState.view.problems.length() > 0,
                    rx.el.div(
                        rx.el.p("You can mend this in the builder:", class_name="s-label"),
                        rx.el.ul(rx.foreach(FileState.view.problems, rx.el.li)),
                        rx.cond(FileState.view.more_problems, rx.el.p(FileState.view.more_problems)),
                        class_name="jl-problems s-small s-muted",
                    ),
                ),
                form_actions(
                    button("Another file", look="quiet", on_click=FileState.forget),
                    button("Create journey", type="submit", loading=FileState.busy),
                ),
                on_submit=FileState.create,
            ),
            rx.el.div(sketch(FileState.drawn), class_name="jl-look-picture"),
            class_name="jl-look",
        ),
        title="From a file",
    )


def _missing(missing: rx.Var[MissingView]) -> rx.Component:
    return select_field(
        name=f"instead-{missing.id}",
        label=missing.label,
        hint=f"For: {missing.steps}",
        options=missing.options,
        optional=True,
    )


NEW = Page(
    route="/journeys/new",
    component=new_journey,
    title="New journey",
    description="Begin a journey: blank, from a file, or ready-made.",
    on_load=(NewJourneyState.load, FileState.forget),
)
