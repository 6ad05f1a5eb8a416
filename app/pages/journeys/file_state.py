"""A journey from a JSON file: read it, say what it points at that is not here, make the draft."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson
import reflex as rx

from app.pages.journeys.builder_state import EDIT
from app.pages.journeys.sketch import Sketch, sketch_of
from app.pages.session import signed_in
from app.pages.words import channel_words
from engine.core.accounts import Viewer, demand
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import SafarError
from engine.journeys.choices import load_choices
from engine.journeys.drafts import create_journey
from engine.journeys.from_file import JourneyFile, Unknown, read_file, replace_unknown

OPEN = ("", "Leave open, choose later")
PLACES = {
    "template": "templates",
    "segment": "segments",
    "form": "forms",
    "colleague": "staff",
    "branch": "branches",
    "journey": "journeys",
}
"""Where the choices of a kind stand."""

SHOWN_PROBLEMS = 6


@dataclass
class MissingView:
    """Something the file points at that is not here, and what could take its place."""

    id: str
    label: str
    steps: str
    options: list[tuple[str, str]]


@dataclass
class FileView:
    """A file that was read."""

    name: str = ""
    summary: str = ""
    problems: list[str] | None = None
    more_problems: str = ""


class FileState(rx.State):
    """The file on the page for a new journey; its text waits on the server until the draft is made."""

    _content: bytes = b""
    read: bool = False
    busy: bool = False
    problem: str = ""
    view: FileView = FileView(problems=[])
    drawn: Sketch = Sketch()
    missing: list[MissingView] = []

    @rx.event
    async def take(self, files: list[rx.UploadFile]):
        """Read the file."""
        if not files:
            return
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        content = await files[0].read()
        try:
            found, choices = await asyncio.to_thread(_read, viewer, content, files[0].name or "")
        except SafarError as error:
            self.problem, self.read = f"{files[0].name}: {error.message}", False
            return
        self._content, self.problem, self.read, self.busy = content, "", True, False
        self.view, self.drawn = view_of(found), sketch_of(found.graph, {})
        self.missing = [missing_of(each, choices) for each in found.unknown]

    @rx.event
    def forget(self):
        """Put the file away."""
        self._content, self.read, self.problem, self.missing = b"", False, "", []

    @rx.event
    async def create(self, answers: dict[str, str]):
        """Make a draft of it and open it."""
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        self.busy = True
        yield
        instead = {each.id: answers.get(f"instead-{each.id}") or None for each in self.missing}
        name = answers.get("file-name", "")
        try:
            journey_id = await asyncio.to_thread(_create, viewer, self._content, name, instead)
        except SafarError as error:
            self.problem, self.busy = error.message, False
            return
        self.forget()
        self.busy = False
        yield rx.redirect(f"/journeys/{journey_id}")


def view_of(found: JourneyFile) -> FileView:
    """What the page says of a file."""
    steps, ways = len(found.graph["nodes"]), len(found.graph["edges"])
    hidden = len(found.problems) - SHOWN_PROBLEMS
    return FileView(
        name=found.name,
        summary=f"{steps:,} {'step' if steps == 1 else 'steps'}, {ways:,} "
        f"{'connection' if ways == 1 else 'connections'}",
        problems=list(dict.fromkeys(problem.message for problem in found.problems))[:SHOWN_PROBLEMS],
        more_problems=f"and {hidden:,} more" if hidden > 0 else "",
    )


def missing_of(unknown: Unknown, choices: dict[str, Any]) -> MissingView:
    """An unknown thing with the choices of its kind; of templates those of its channel."""
    fitting = [
        (each["id"], each["name"])
        for each in choices[PLACES[unknown.kind]]
        if not unknown.channel or each["channel"] == unknown.channel
    ]
    by = f" ({channel_words(unknown.channel)})" if unknown.channel else ""
    return MissingView(
        id=unknown.id,
        label=f"{unknown.kind.capitalize()}{by}",
        steps=", ".join(unknown.steps),
        options=[OPEN, *fitting],
    )


def _read(viewer: Viewer, content: bytes, name: str) -> tuple[JourneyFile, dict[str, Any]]:
    with tenant_session(viewer.tenant_id) as session:
        return read_file(session, content, file_name=name), load_choices(session)


def _create(viewer: Viewer, content: bytes, name: str, instead: dict[str, str | None]) -> str:
    graph = replace_unknown(orjson.loads(content), instead)
    with tenant_session(viewer.tenant_id) as session:
        journey = create_journey(
            session, viewer.tenant_id, name, user_id=viewer.user_id, now=utc_now(), graph=graph
        )
        return str(journey.id)
