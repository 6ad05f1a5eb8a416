"""The dry run under way: its virtual clock, what was told so far, and what may happen now."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx

from app.pages.journeys.builder_state import BuilderState
from app.pages.journeys.dry_run.typed import read_properties
from app.pages.journeys.dry_run.views import (
    Line,
    OfferView,
    clock_words,
    lines_of,
    offers_of,
    passing_words,
    path_of,
    said_of,
)
from app.pages.journeys.figures_state import FiguresState
from app.pages.session import signed_in
from app.ui import failed
from engine.core.errors import SafarError
from engine.journeys.dry_run.playing import inject, play_to_end, replay, step
from engine.journeys.dry_run.told import Played
from engine.journeys.dry_run.wish import DryRun, What

BEAT = 0.9
"""Seconds between two lines while it plays."""

SCROLL = """
setTimeout(() => document.querySelector('.dr-lines > li:nth-child({number})')
  ?.scrollIntoView({{block: 'start', behavior: 'smooth'}}), 80)
"""
"""Brings a line into view, below the clock."""

Op = Callable[[UUID, DryRun], Played]


class PlayerState(FiguresState):
    """What the player shows. The dry run itself is kept as JSON and played anew at each request."""

    under_way: bool = False
    of_journey: str = ""
    playing: bool = False
    busy: bool = False
    walker: str = ""
    zone: str = ""
    clock: str = ""
    next_words: str = ""
    over: bool = False
    ending: str = ""
    lines: list[Line] = []
    offers: list[OfferView] = []
    said: str = ""
    other_open: bool = False
    other_error: str = ""
    _wish: str = ""
    _pending: list[Line] = []
    _here: str = ""

    def begin_with(self, played: Played, journey_id: str) -> None:
        """Show a dry run that has just begun."""
        self.under_way, self.of_journey = True, journey_id
        self.playing, self.lines, self.other_open = False, [], False
        self._take(played)
        self._show_pending()

    def redraw(self) -> None:
        """Draw the path on the canvas again."""
        self.overlay = path_of(self.lines, self._standing()).as_json()

    @rx.event
    async def step(self):
        """Go on to the next thing that happens."""
        return await self._do(step)

    @rx.event
    async def to_the_end(self):
        """Go on until nothing happens any more."""
        return await self._do(play_to_end)

    @rx.event
    async def start_again(self):
        """The same customer, from the beginning, with nothing having happened on the way."""
        wish = DryRun.model_validate_json(self._wish)
        anew = wish.model_copy(update={"clock": wish.start, "happenings": ()})
        self.lines = []
        return await self._do(replay, anew)

    @rx.event
    def leave(self):
        """Back to the question who walks."""
        self.under_way, self.playing, self.overlay = False, False, None

    @rx.event
    def close(self):
        """Close the dock; what was tried stays until it is opened again."""
        self.playing, self.dock, self.overlay = False, "", None

    @rx.event
    async def happen(self, what: str, name: str, properties: str):
        """Let something happen now."""
        self.playing = False
        said = read_properties(properties, field="properties")
        return await self._do(
            lambda tenant_id, wish: inject(tenant_id, wish, What(what), name=name, properties=said)
        )

    @rx.event
    def show_other(self, is_open: bool):
        """Open or close the form for any other event."""
        self.other_open, self.other_error = is_open, ""

    @rx.event
    async def happen_other(self, form: dict[str, Any]):
        """An event by its name, or a reply in one's own words."""
        self.playing = False
        try:
            said = read_properties(form.get("dr-properties", ""), field="properties")
        except SafarError as error:
            self.other_error = error.message
            return None
        name = form.get("dr-name", "").strip()
        self.other_open, self.other_error = False, ""
        return await self._do(
            lambda tenant_id, wish: inject(tenant_id, wish, What.EVENT, name=name, properties=said)
        )

    @rx.event
    def pause(self):
        """Stop playing; what is due at this moment is shown whole."""
        self.playing = False
        self._show_pending()

    @rx.event(background=True)
    async def play(self):
        """Go on line by line, until the end or until somebody stops it."""
        async with self:
            if self.playing or self.over:
                return
            self.playing = True
        while True:
            async with self:
                if not self.playing:
                    return
                viewer = await signed_in(self)
                wish, has_more = DryRun.model_validate_json(self._wish), bool(self._pending)
            try:
                played = None if has_more else await asyncio.to_thread(step, viewer.tenant_id, wish)
            except SafarError as error:
                async with self:
                    self.playing = False
                yield failed(error.message)
                return
            async with self:
                if not self.playing or DryRun.model_validate_json(self._wish) != wish:
                    return
                if played is not None:
                    self._take(played)
                self._show_one()
                await self._follow()
                yield _scroll_to(len(self.lines))
                if self.over and not self._pending:
                    self.playing = False
                    return
            await asyncio.sleep(BEAT)

    @rx.event
    async def look_at(self, node_id: str):
        """Bring a step into view on the canvas."""
        if node_id:
            builder = await self.get_state(BuilderState)
            builder.show_step(node_id)

    async def _do(self, op: Op, wish: DryRun | None = None) -> rx.event.EventSpec | None:
        viewer = await signed_in(self)
        self.playing = False
        self._show_pending()
        wanted = wish or DryRun.model_validate_json(self._wish)
        try:
            played = await asyncio.to_thread(op, viewer.tenant_id, wanted)
        except SafarError as error:
            return failed(error.message)
        self._take(played)
        first = len(self.lines) + 1
        self._show_pending()
        await self._follow()
        return _scroll_to(first)

    async def _follow(self) -> None:
        """Keep the step where it happens in view."""
        await self.look_at(self._standing())

    def _take(self, played: Played) -> None:
        """What was told anew waits to be shown; what the draft has changed meanwhile is shown anew."""
        lines = lines_of(played)
        if lines[: len(self.lines)] != self.lines:
            self.lines = []
        self._pending = lines[len(self.lines) :]
        self._wish = played.dry_run.model_dump_json()
        self._here = played.here
        zone = ZoneInfo(played.timezone)
        self.walker, self.zone = played.name, played.timezone
        self.clock = clock_words(played.dry_run.clock, zone)
        self.offers, self.over = offers_of(played), played.is_over
        self.ending = played.reason if played.is_over else ""
        self.next_words = ""
        if played.next_at is not None:
            away = (
                passing_words(played.next_at - played.dry_run.clock)
                .replace(" passes", "")
                .replace(" pass", "")
            )
            moment = clock_words(played.next_at, zone)
            self.next_words = f"Next: {moment}{f', in {away}' if away else ''}"

    def _show_pending(self) -> None:
        if self._pending:
            self.said = said_of(self._pending)
        self.lines, self._pending = self.lines + self._pending, []
        self.redraw()

    def _show_one(self) -> None:
        if self._pending:
            self.said = said_of(self._pending[:1])
            self.lines, self._pending = self.lines + self._pending[:1], self._pending[1:]
        self.redraw()

    def _standing(self) -> str:
        """The step the customer is at: while lines wait to be shown, that of the last one shown."""
        if not self._pending:
            return self._here
        return next((line.node_id for line in reversed(self.lines) if line.node_id), "")


def _scroll_to(number: int) -> rx.event.EventSpec:
    """Line `number`, counted from one."""
    return rx.call_script(SCROLL.format(number=number))
