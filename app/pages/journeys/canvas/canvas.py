"""The canvas as a Reflex component. The live graph stays in the browser; events carry whole changes.

Beside this file lies what it mounts: `canvas.jsx` and the modules it imports.
"""

from typing import Any

import reflex as rx
from reflex.vars import VarData
from reflex_base.utils.imports import ImportVar

from app.pages.journeys.canvas import ENTRY, share_modules
from engine.journeys.catalogue import node_catalogue


def _pascal(icon: str) -> str:
    return "".join(part.capitalize() for part in icon.split("-"))


def kind_icons() -> rx.Var[dict[str, Any]]:
    """The Lucide drawings the catalogue names, imported one by one: `{"clock": Clock, …}`."""
    names = sorted({kind["icon"] for kind in node_catalogue()})
    pairs = ", ".join(f"{name!r}: Kind{_pascal(name)}" for name in names)
    imports = {"lucide-react": [ImportVar(tag=_pascal(name), alias=f"Kind{_pascal(name)}") for name in names]}
    return rx.Var(f"({{{pairs}}})", _var_data=VarData(imports=imports))


def _on_change(
    journey_id: rx.Var[str], graph: rx.Var[dict[str, Any]], revision: rx.Var[int], serial: rx.Var[int]
) -> list[rx.Var[Any]]:
    return [journey_id, graph, revision, serial]


def _on_people(wish: rx.Var[dict[str, Any]]) -> list[rx.Var[Any]]:
    return [wish]


def _on_beat(node_id: rx.Var[str], revision: rx.Var[int]) -> list[rx.Var[Any]]:
    return [node_id, revision]


def _on_clash(
    journey_id: rx.Var[str],
    base: rx.Var[dict[str, Any] | None],
    mine: rx.Var[dict[str, Any]],
    ticket: rx.Var[str],
) -> list[rx.Var[Any]]:
    return [journey_id, base, mine, ticket]


def _on_publish(revision: rx.Var[int]) -> list[rx.Var[Any]]:
    return [revision]


class JourneyCanvas(rx.NoSSRComponent):
    """The builder's canvas with palette, panel, toolbar and finder; fills its parent."""

    library = ENTRY
    tag = "JourneyCanvas"
    lib_dependencies: list[str] = [
        "@xyflow/react@12.12.1",
        "zustand@5.1.0",
        "elkjs@0.12.1",
        "react-querybuilder@8.24.1",
    ]

    document: rx.Var[dict[str, Any]]
    """`{journey_id, revision, serial, graph}`; a new `serial` means that it was loaded anew."""

    answer: rx.Var[dict[str, Any]]
    """What became of the last save: `{serial, revision, conflict, error}`."""

    catalogue: rx.Var[list[dict[str, Any]]]
    """The node types, `engine.journeys.catalogue.node_catalogue`."""

    icons: rx.Var[dict[str, Any]]
    """Drawings of the node types by the icon's name, `kind_icons()`."""

    settings_schema: rx.Var[dict[str, Any]]
    """JSON Schema of the journey's settings."""

    problems: rx.Var[list[dict[str, Any]]]
    """What keeps the draft from being published: `{code, message, node_id, field}`."""

    counts: rx.Var[dict[str, Any] | None]
    """Figures by node id (`engine.journeys.counts.NodeCount`); None while nobody ever entered."""

    watch: rx.Var[dict[str, Any]]
    """`{live, serial}`: whether the figures move; `serial` grows with every answer to `on_watch`."""

    overlay: rx.Var[dict[str, Any] | None]
    """What is drawn over the graph instead of the live figures (`app.pages.journeys.overlay.Overlay`), or None."""

    choices: rx.Var[dict[str, Any]]
    """What configs may point at, `engine.journeys.choices.load_choices`."""

    focus: rx.Var[dict[str, Any]]
    """`{node_id, serial, quiet}`: select this node and bring it into view; when `quiet`, only bring it into view."""

    people: rx.Var[dict[str, Any]]
    """The customers behind a number: `{serial, people, after}`, the answer to the `on_people` of that serial."""

    company: rx.Var[list[Any]]
    """The others who have the journey open: `{name, node_id, hue}`, `hue` from 1 to 6."""

    peek: rx.Var[dict[str, Any] | None]
    """During a clash, `{graph, ticket}` to show in place of the one being edited, or None."""

    decision: rx.Var[dict[str, Any]]
    """After a clash: `{choice, revision, graph, ticket}`; `choice` is `mine`, `merged` or `theirs`."""

    read_only: rx.Var[bool]
    """Look, do not touch."""

    header_slot: rx.Var[str]
    """Id of the element that takes the saving state and the publish button."""

    may_publish: rx.Var[bool]
    """Whether there is a publish button."""

    publish_label: rx.Var[str]
    """What the publish button says."""

    on_change: rx.EventHandler[_on_change]
    """The graph changed: journey id, graph, the revision it was made from, and the save's serial number."""

    on_beat: rx.EventHandler[_on_beat]
    """A sign of life every few seconds: the selected step, and the revision shown (0: something is unsaved)."""

    on_clash: rx.EventHandler[_on_clash]
    """Somebody else saved meanwhile: the journey's id, what mine was made from (or None), mine, and the ticket with
    which the decision comes back."""

    on_publish: rx.EventHandler[_on_publish]
    """Everything is saved at this revision, and the person wants it published."""

    on_reload: rx.EventHandler[rx.event.no_args_event_spec]
    """Somebody else's version is wanted."""

    on_watch: rx.EventHandler[rx.event.no_args_event_spec]
    """New figures are wanted: every two seconds while they move and the page is visible."""

    on_people: rx.EventHandler[_on_people]
    """Somebody wants to know who is behind a number: `{serial, node_id, figure, port?, search?, after?}`."""

    on_return: rx.EventHandler[rx.event.no_args_event_spec]
    """The page became visible again: templates or segments may have been made elsewhere."""


def journey_canvas(**props: Any) -> rx.Component:
    """The canvas, ready to be bundled; `props` are those of `JourneyCanvas`."""
    share_modules()
    return JourneyCanvas.create(**props)
