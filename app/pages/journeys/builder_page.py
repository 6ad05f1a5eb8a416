"""The builder: a slim header, and the canvas in all the space below it."""

import reflex as rx

from app.pages.frame import frame
from app.pages.journeys.backtest.dock import backtest_dock, backtest_item
from app.pages.journeys.builder_state import BuilderState
from app.pages.journeys.canvas.canvas import journey_canvas, kind_icons
from app.pages.journeys.clash_dock import clash_dock
from app.pages.journeys.clash_state import ClashState
from app.pages.journeys.dock import docked
from app.pages.journeys.dry_run.dock import dry_run_dock, dry_run_item
from app.pages.journeys.enrol_dialog import enrol_button
from app.pages.journeys.presence_state import PresenceState
from app.pages.journeys.presence_view import company
from app.pages.journeys.publish_dock import publish_dock, request_badge
from app.pages.journeys.publish_state import PublishState
from app.pages.journeys.stuck_dialog import stuck_badge
from app.pages.registry import Page
from app.ui import badge, button, confirm, empty, link, link_button, menu, menu_item
from engine.journeys.catalogue import node_catalogue
from engine.journeys.graph import JourneySettings

SLOT = "journey-tools"


def builder() -> rx.Component:
    """The page."""
    return frame(
        rx.cond(
            BuilderState.missing,
            empty(
                icon="map-pin-off",
                title="No such journey",
                text=BuilderState.missing,
                action=link_button("All journeys", href="/journeys"),
            ),
            rx.el.div(
                _header(),
                rx.el.div(
                    rx.el.div(_canvas(), class_name="jb-canvas"),
                    docked(
                        dry_run=dry_run_dock(),
                        backtest=backtest_dock(),
                        publish=publish_dock(),
                        clash=clash_dock(),
                    ),
                    class_name="jb-desk",
                ),
                class_name="jb",
                on_unmount=[PresenceState.leave, BuilderState.forget],
            ),
        ),
        active="journeys",
        wide=True,
    )


def _header() -> rx.Component:
    return rx.el.header(
        link(
            rx.icon("arrow-left", size=18, aria_hidden="true"),
            href="/journeys",
            class_name="jb-back",
            custom_attrs={"aria-label": "All journeys"},
            title="All journeys",
        ),
        _name(),
        rx.cond(
            BuilderState.status != "",
            rx.el.span(
                badge(BuilderState.status_words, tone=BuilderState.status_tone),
                rx.cond(
                    BuilderState.version > 0,
                    rx.el.span(
                        "v", BuilderState.version, class_name="jb-version", title="The version that runs"
                    ),
                ),
                class_name="jb-status",
            ),
        ),
        request_badge(),
        rx.el.span(class_name="jb-gap"),
        company(),
        stuck_badge(),
        _problems(),
        rx.el.div(id=SLOT, class_name="jb-slot"),
        _moves(),
        _try(),
        _more(),
        class_name="jb-head",
    )


def _name() -> rx.Component:
    return rx.el.h1(
        rx.el.input(
            key=f"{BuilderState.name} {BuilderState.name_serial}",
            default_value=BuilderState.name,
            on_blur=BuilderState.rename,
            on_key_down=rx.call_function("(event) => event.key === 'Enter' && event.target.blur()"),
            read_only=~BuilderState.may_edit,
            max_length=100,
            class_name="jb-name",
            custom_attrs={"aria-label": "Name of the journey"},
        ),
        class_name="jb-title",
    )


def _problems() -> rx.Component:
    number = BuilderState.problems.length()
    return rx.cond(
        number > 0,
        rx.popover.root(
            rx.popover.trigger(
                rx.el.button(
                    rx.icon("circle-alert", size=15, aria_hidden="true"),
                    number,
                    rx.el.span(rx.cond(number == 1, "problem", "problems"), class_name="s-wide-only"),
                    type="button",
                    class_name="jb-problems",
                )
            ),
            rx.popover.content(
                rx.el.p("Before you can publish:", class_name="jb-problems-title"),
                rx.el.ul(rx.foreach(BuilderState.problems, _problem), class_name="jb-problem-list"),
                max_width="380px",
                padding="var(--s-3)",
            ),
        ),
    )


def _problem(problem: rx.Var[dict[str, str]]) -> rx.Component:
    return rx.el.li(
        rx.cond(
            problem["node_id"],
            rx.popover.close(
                rx.el.button(
                    problem["message"], type="button", on_click=BuilderState.look_at(problem["node_id"])
                )
            ),
            rx.el.span(problem["message"]),
        )
    )


def _moves() -> rx.Component:
    return rx.cond(
        BuilderState.may_publish,
        rx.fragment(
            enrol_button(),
            _move("pause", "Pause", look="quiet", icon="pause"),
            _move("resume", "Resume", look="quiet", icon="play"),
            rx.cond(
                BuilderState.moves.contains("stop"),
                confirm(
                    trigger=button("Stop", look="danger", icon="square"),
                    title="Stop this journey?",
                    text="Everybody on the way leaves it now, and messages not yet sent are dropped. "
                    "This cannot be undone. To let them arrive first, pause or finish instead.",
                    action="Stop the journey",
                    on_confirm=BuilderState.move("stop"),
                ),
            ),
        ),
    )


def _try() -> rx.Component:
    """Ways to see what the draft would do."""
    return menu(
        rx.el.button(
            rx.icon("flask-conical", size=16, aria_hidden="true"),
            rx.el.span("Try it", class_name="s-wide-only"),
            type="button",
            class_name="jb-try",
            custom_attrs={"aria-label": "Try it"},
        ),
        dry_run_item(),
        backtest_item(),
    )


def _more() -> rx.Component:
    return menu(
        rx.el.button(
            rx.icon("ellipsis", size=18, aria_hidden="true"),
            type="button",
            class_name="jb-more",
            custom_attrs={"aria-label": "More"},
        ),
        rx.cond(
            BuilderState.may_edit,
            menu_item("Duplicate", icon="copy", on_select=BuilderState.duplicate),
        ),
        menu_item("Download as JSON", icon="download", on_select=BuilderState.download),
        rx.cond(
            BuilderState.may_publish,
            rx.fragment(
                _more_move("finish", "Let nobody in any more", icon="door-closed"),
                _more_move("archive", "Archive", icon="archive"),
                _more_move("restore", "Restore", icon="archive-restore"),
            ),
        ),
    )


def _more_move(verb: str, label: str, *, icon: str) -> rx.Component:
    return rx.cond(
        BuilderState.moves.contains(verb),
        menu_item(label, icon=icon, on_select=BuilderState.move(verb)),
    )


def _move(verb: str, label: str, *, look: str, icon: str) -> rx.Component:
    return rx.cond(
        BuilderState.moves.contains(verb),
        button(label, look=look, icon=icon, on_click=BuilderState.move(verb)),
    )


def _canvas() -> rx.Component:
    """Nothing before the page is loaded: a document of an earlier visit would be taken for what is saved now."""
    return rx.cond(
        rx.State.is_hydrated, _loaded_canvas(), rx.el.div(class_name="jc jc-empty", aria_busy="true")
    )


def _loaded_canvas() -> rx.Component:
    return journey_canvas(
        document=BuilderState.document,
        answer=BuilderState.answer,
        catalogue=node_catalogue(),
        icons=kind_icons(),
        settings_schema=JourneySettings.model_json_schema(),
        problems=BuilderState.problems,
        counts=BuilderState.counts,
        overlay=BuilderState.overlay,
        watch=BuilderState.watch,
        choices=BuilderState.choices,
        focus=BuilderState.focus,
        people=BuilderState.people,
        company=PresenceState.company,
        peek=ClashState.peek,
        decision=ClashState.decision,
        read_only=BuilderState.read_only,
        may_publish=BuilderState.can_publish,
        publish_label=BuilderState.publish_label,
        header_slot=SLOT,
        on_change=BuilderState.save,
        on_publish=PublishState.publish,
        on_beat=PresenceState.beat,
        on_clash=ClashState.compare,
        on_reload=BuilderState.reload,
        on_watch=BuilderState.count,
        on_people=BuilderState.find_people,
        on_return=BuilderState.refresh_choices,
    )


BUILDER = Page(
    route="/journeys/[journey_id]",
    component=builder,
    title="Journey",
    description="Draw, publish and watch a customer journey.",
    on_load=(BuilderState.load,),
)
