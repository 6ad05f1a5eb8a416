"""Who else has the opened journey open, and what they saved meanwhile."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import reflex as rx

from app.pages.journeys.builder_state import BuilderState, tab_of
from app.pages.journeys.figures_state import FiguresState
from app.pages.session import signed_in
from engine.core.accounts import Viewer
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.journeys.presence import Companion, LookAround, leave, look_around

HUES = 6
"""Colours in the style sheets, `data-hue` 1 to 6."""


@dataclass
class Person:
    """A colleague in the header and on the card they have selected."""

    name: str
    initials: str
    words: str
    node_id: str
    hue: int
    is_editing: bool


class PresenceState(FiguresState):
    """The others in the same journey."""

    company: list[Person] = []

    @rx.event
    async def beat(self, node_id: str, revision: int):
        """A sign of life; what somebody else saved is loaded, unless something of this tab is unsaved."""
        if not self.opened_id:
            return None
        viewer = await signed_in(self)
        found = await asyncio.to_thread(_look, viewer, self._opened(), tab_of(self), node_id)
        company = [_person(each) for each in found.companions]
        if company != self.company:
            self.company = company
        return BuilderState.reload if 0 < revision < found.revision else None

    @rx.event
    async def leave(self):
        """The page shows something else now."""
        if not self.opened_id:
            return
        viewer = await signed_in(self)
        self.company = []
        await asyncio.to_thread(_leave, viewer, self._opened(), tab_of(self))


def _person(companion: Companion) -> Person:
    first = companion.name.split()[0] if companion.name.split() else companion.name
    return Person(
        name=first,
        initials="".join(word[0] for word in companion.name.split()[:2]).upper(),
        words=f"{companion.name} is {'editing' if companion.is_editing else 'here'}",
        node_id=companion.node_id,
        hue=companion.user_id.int % HUES + 1,
        is_editing=companion.is_editing,
    )


def _look(viewer: Viewer, journey_id: UUID, client_id: UUID, node_id: str) -> LookAround:
    with tenant_session(viewer.tenant_id) as session:
        return look_around(
            session,
            journey_id,
            client_id=client_id,
            user_id=viewer.user_id,
            node_id=node_id,
            now=utc_now(),
        )


def _leave(viewer: Viewer, journey_id: UUID, client_id: UUID) -> None:
    with tenant_session(viewer.tenant_id) as session:
        leave(session, journey_id, client_id=client_id)
