"""Beginning a journey: blank, or from the ready-made ones, which are found, looked at and installed here."""

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import reflex as rx

from app.pages.journeys.builder_state import EDIT
from app.pages.journeys.sketch import Sketch, sketch_of
from app.pages.session import signed_in
from app.pages.words import channel_tone, channel_words
from engine.channels.interface import Channel
from engine.core.accounts import Viewer, demand, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidInput
from engine.journeys.drafts import create_journey
from engine.journeys.gallery import install, list_gallery
from engine.journeys.gallery.preview import GalleryPreview, look_at
from engine.journeys.gallery.search import find_ready_made
from engine.journeys.models import Stage


@dataclass
class StepView:
    """A step in words; `way` is the branch that leads to it."""

    words: str
    way: str
    family: str


@dataclass
class MessageView:
    """A message as a sample customer reads it."""

    template: str
    channel: str
    tone: str
    subject: str
    body: str


@dataclass
class Look:
    """A ready-made journey in the preview."""

    key: str = ""
    name: str = ""
    description: str = ""
    stage: str = ""
    drawn: Sketch = field(default_factory=Sketch)
    steps: list[StepView] = field(default_factory=list)
    messages: list[MessageView] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)


def look_of(seen: GalleryPreview) -> Look:
    """The preview as the dialog writes it."""
    journey = seen.journey
    return Look(
        key=journey.key,
        name=journey.name,
        description=journey.description,
        stage=journey.stage.capitalize(),
        drawn=sketch_of(journey.graph, {step.id: step.words for step in seen.steps}),
        steps=[StepView(step.words, step.way, step.family) for step in seen.steps],
        messages=[
            MessageView(
                template=each.template,
                channel=channel_words(each.channel),
                tone=channel_tone(each.channel),
                subject=each.subject,
                body=each.body,
            )
            for each in seen.messages
        ],
        needs=list(seen.needs),
    )


class NewJourneyState(rx.State):
    """The page for a new journey; what the gallery is narrowed to stands in the address."""

    may_edit: bool = True
    problem: str = ""
    busy: bool = False
    wish: str = ""
    channel: str = ""
    stage: str = ""
    fitting: list[str] = [entry.key for entry in list_gallery()]
    stages: list[str] = [entry.stage.value for entry in list_gallery()]
    looking: bool = False
    look: Look = Look()

    @rx.event
    async def load(self):
        """Show the ready-made journeys the address asks for (`?stage=advocacy&channel=email&wish=review`)."""
        asked = self.router.url.query_parameters
        self.wish = asked.get("wish", "")[:100]
        self.channel = asked.get("channel", "") if asked.get("channel") in set(Channel) else ""
        self.stage = asked.get("stage", "") if asked.get("stage") in set(Stage) else ""
        stage = Stage(self.stage) if self.stage else None
        found = find_ready_made(self.wish, channel=self.channel, stage=stage)
        self.fitting, self.stages = [each.key for each in found], [each.stage.value for each in found]
        self.problem, self.busy, self.looking = "", False, False
        self.may_edit = may((await signed_in(self)).role, EDIT)

    @rx.event
    def look_for(self, wish: str):
        """Those that are good for this."""
        self.wish = wish
        return self._narrow(replace=True)

    @rx.event
    def only_channel(self, channel: str):
        """Those that write by it."""
        self.channel = channel
        return self._narrow()

    @rx.event
    def only_stage(self, stage: str):
        """Those of this stage."""
        self.stage = stage
        return self._narrow()

    @rx.event
    def show_all(self):
        """All of them."""
        return rx.redirect("/journeys/new")

    @rx.event
    async def create(self, answers: dict[str, str]):
        """Make a blank journey and open it."""
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        try:
            journey_id = await asyncio.to_thread(_create, viewer, answers.get("name", ""))
        except InvalidInput as error:
            self.problem = error.message
            return None
        return rx.redirect(f"/journeys/{journey_id}")

    @rx.event
    async def show(self, key: str):
        """Look at a ready-made journey."""
        viewer = await signed_in(self)
        today = utc_now().astimezone(ZoneInfo(viewer.timezone)).date()
        seen = await asyncio.to_thread(look_at, key, studio=viewer.tenant_name, today=today)
        self.look, self.looking = look_of(seen), True

    @rx.event
    def close(self, open: bool = False):
        """Close the preview."""
        self.looking = open

    @rx.event
    async def install(self):
        """Make the one that is looked at the studio's own and open it."""
        self.busy = True
        yield
        viewer = await signed_in(self)
        demand(viewer.role, EDIT)
        journey_id = await asyncio.to_thread(_install, viewer, self.look.key)
        yield rx.redirect(f"/journeys/{journey_id}")

    def _narrow(self, *, replace: bool = False) -> rx.event.EventSpec:
        asked = {"wish": self.wish, "channel": self.channel, "stage": self.stage}
        said = urlencode({name: value for name, value in asked.items() if value})
        return rx.redirect(f"/journeys/new?{said}" if said else "/journeys/new", replace=replace)


def _install(viewer: Viewer, key: str) -> str:
    with tenant_session(viewer.tenant_id) as session:
        return str(install(session, viewer.tenant_id, key, user_id=viewer.user_id, now=utc_now()).id)


def _create(viewer: Viewer, name: str) -> str:
    with tenant_session(viewer.tenant_id) as session:
        journey = create_journey(session, viewer.tenant_id, name, user_id=viewer.user_id, now=utc_now())
        return str(journey.id)
