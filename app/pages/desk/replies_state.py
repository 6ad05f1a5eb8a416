"""What the desk shows of conversations, and answering them."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import reflex as rx

from app.pages.desk.replies_told import NOBODY, Line, Shown, line_of, shown_of
from app.pages.problems import problems_of
from app.pages.session import signed_in
from app.ui import done
from engine.core.accounts import Viewer
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import Conflict, InvalidInput, NotFound
from engine.core.ids import new_id
from engine.core.staff import list_staff
from engine.delivery import conversations
from engine.delivery.conversations import ConversationRow, ThreadEntry
from engine.delivery.models import ConversationStatus

PAGE = 40
THREAD = 60
FOCUS_ANSWER = "requestAnimationFrame(() => document.getElementById('answer')?.focus())"
"""The form begins anew after sending; whoever writes on goes on there."""

STATUS_CHOICES = [
    (ConversationStatus.OPEN.value, "To answer"),
    (ConversationStatus.DONE.value, "Done"),
    ("", "All"),
]


class RepliesState(rx.State):
    """The list of conversations and the one that is open."""

    loading: bool = True
    waiting: int = 0
    status: str = ConversationStatus.OPEN.value
    search: str = ""
    lines: list[Line] = []
    limit: int = PAGE
    opened: Shown = Shown()
    depth: int = THREAD
    staff: list[tuple[str, str]] = []
    problem: str = ""
    sending: bool = False
    draft: str = ""
    """Names what is being written: the form begins anew with each, and each is sent once."""

    _read_until: datetime | None = None

    @rx.var
    def has_more(self) -> bool:
        """Whether older conversations may be left."""
        return len(self.lines) >= self.limit

    @rx.event
    async def load(self):
        """List who waits; open the conversation the address names (`?customer=…`), else none."""
        viewer = await signed_in(self)
        self.staff = await asyncio.to_thread(_staff, viewer)
        self.limit, self.opened = PAGE, Shown()
        await self._list(viewer)
        self.loading = False
        if wanted := self.router.url.query_parameters.get("customer", ""):
            await self._open(viewer, wanted)

    @rx.event
    async def refresh(self):
        """List again, and read on in what is open."""
        viewer = await signed_in(self)
        await self._list(viewer)
        if self.opened.id:
            await self._show(viewer, self.opened.id)

    @rx.event
    async def look_for(self, search: str):
        """List those whose name, number or last words have these letters."""
        self.search, self.limit = search, PAGE
        await self._list(await signed_in(self))

    @rx.event
    async def choose_status(self, status: str):
        """List those that wait, those that are done, or all."""
        self.status, self.limit = status, PAGE
        await self._list(await signed_in(self))

    @rx.event
    async def more(self):
        """List older ones too."""
        self.limit += PAGE
        await self._list(await signed_in(self))

    @rx.event
    async def open(self, customer_id: str):
        """Open a conversation."""
        await self._open(await signed_in(self), customer_id)

    @rx.event
    def leave(self):
        """Back to the list (on a phone the conversation covers it)."""
        self.opened = Shown()

    @rx.event
    async def earlier(self):
        """Show what was said before."""
        self.depth += THREAD
        await self._show(await signed_in(self), self.opened.id)

    @rx.event
    async def send(self, answers: dict[str, str]):
        """Send what the member of staff wrote."""
        viewer = await signed_in(self)
        self.sending, self.problem = True, ""
        yield
        try:
            await asyncio.to_thread(
                _answer, viewer, self.opened.id, answers.get("answer", ""), self.draft, self._read_until
            )
        except (InvalidInput, Conflict) as error:
            self.problem = next(iter(problems_of(error).values()))
            return
        finally:
            self.sending = False
        self.draft = str(new_id())
        await self._list(viewer)
        await self._show(viewer, self.opened.id)
        yield rx.call_script(FOCUS_ANSWER)
        yield done("On its way. The conversation is done until they write again.")

    @rx.event
    async def finish(self):
        """Nobody has to answer any more."""
        await self._act(conversations.close, read_until=self._read_until)
        return done("Done. Their next reply brings it back.")

    @rx.event
    async def reopen(self):
        """Somebody has to answer after all."""
        await self._act(conversations.reopen)

    @rx.event
    async def assign(self, user_id: str):
        """Give the conversation to somebody."""
        await self._act(conversations.assign, user_id=None if user_id == NOBODY else UUID(user_id))

    async def _act(self, verb: Callable[..., Any], **more: Any) -> None:
        viewer = await signed_in(self)
        await asyncio.to_thread(_act, viewer, self.opened.id, verb, more)
        await self._list(viewer)
        await self._show(viewer, self.opened.id)

    async def _open(self, viewer: Viewer, customer_id: str) -> None:
        self.depth, self.problem, self.draft = THREAD, "", str(new_id())
        await self._show(viewer, customer_id)

    async def _list(self, viewer: Viewer) -> None:
        now = utc_now()
        self.waiting, rows = await asyncio.to_thread(
            _look, viewer, self.status or None, self.search, self.limit
        )
        lines = [line_of(row, now=now, timezone=viewer.timezone) for row in rows]
        if lines != self.lines:
            self.lines = lines

    async def _show(self, viewer: Viewer, customer_id: str) -> None:
        now = utc_now()
        row, entries = await asyncio.to_thread(_read, viewer, customer_id, self.depth)
        shown = shown_of(row, entries, limit=self.depth, now=now, timezone=viewer.timezone)
        self._read_until = row.last_at
        if shown != self.opened:
            self.opened = shown


def customer_id_of(raw: str) -> UUID:
    """The id of a line or of the address.

    Raises:
        NotFound: it is none.
    """
    try:
        return UUID(raw)
    except ValueError:
        raise NotFound("There is no such conversation. Choose one from the list.") from None


def _staff(viewer: Viewer) -> list[tuple[str, str]]:
    with tenant_session(viewer.tenant_id) as session:
        colleagues = list_staff(session)
    return [(NOBODY, "Anyone"), *((str(each.id), each.name) for each in colleagues)]


def _look(viewer: Viewer, status: str | None, search: str, limit: int) -> tuple[int, list[ConversationRow]]:
    with tenant_session(viewer.tenant_id) as session:
        rows = conversations.list_conversations(session, status=status, search=search, limit=limit)
        return conversations.count_open(session), rows


def _read(viewer: Viewer, customer_id: str, depth: int) -> tuple[ConversationRow, list[ThreadEntry]]:
    wanted = customer_id_of(customer_id)
    with tenant_session(viewer.tenant_id) as session:
        row = conversations.read_conversation(session, wanted)
        return row, conversations.thread(session, wanted, limit=depth)


def _answer(viewer: Viewer, customer_id: str, words: str, draft: str, read_until: datetime | None) -> None:
    with tenant_session(viewer.tenant_id) as session:
        conversations.answer(
            session,
            viewer.tenant_id,
            customer_id_of(customer_id),
            words,
            user_id=viewer.user_id,
            key=UUID(draft),
            read_until=read_until,
            now=utc_now(),
        )


def _act(viewer: Viewer, customer_id: str, verb: Callable[..., Any], more: Mapping[str, Any]) -> None:
    with tenant_session(viewer.tenant_id) as session:
        verb(session, customer_id_of(customer_id), **more)
