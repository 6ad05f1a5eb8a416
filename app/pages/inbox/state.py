"""What the inbox shows."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import reflex as rx

from app.pages.session import signed_in
from app.pages.words import channel_tone, channel_words, full_moment, short_moment
from app.ui.message import Piece, document_of, pieces_of
from engine.channels.inbox import InboxPage, InboxRow, list_inbox, read_inbox
from engine.channels.models import InboxMessage
from engine.core.accounts import Viewer
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import NotFound

PAGE = 40


@dataclass
class Line:
    """A message in the list."""

    id: str
    channel: str
    tone: str
    recipient: str
    title: str
    preview: str
    when: str
    is_read: bool


@dataclass
class Shown:
    """The message that is open."""

    id: str = ""
    channel: str = ""
    channel_words: str = ""
    recipient: str = ""
    customer_href: str = ""
    subject: str = ""
    pieces: list[Piece] = field(default_factory=list)
    document: str = ""
    when: str = ""
    time: str = ""


def line_of(row: InboxRow, *, now: datetime, timezone: str) -> Line:
    """A line of the list."""
    return Line(
        id=str(row.id),
        channel=channel_words(row.channel),
        tone=channel_tone(row.channel),
        recipient=row.recipient,
        title=row.subject,
        preview=row.preview,
        when=short_moment(row.received_at, now=now, timezone=timezone),
        is_read=row.is_read,
    )


def shown_of(message: InboxMessage, *, timezone: str) -> Shown:
    """The open message."""
    when = full_moment(message.received_at, timezone=timezone)
    return Shown(
        id=str(message.id),
        channel=message.channel,
        channel_words=channel_words(message.channel),
        recipient=message.recipient,
        customer_href=f"/customers/{message.customer_id}" if message.customer_id else "",
        subject=message.subject or "",
        pieces=pieces_of(message.body, channel=message.channel),
        document=document_of(message.html),
        when=when,
        time=when[-5:],
    )


class InboxState(rx.State):
    """The inbox page."""

    loading: bool = True
    search: str = ""
    channel: str = ""
    limit: int = PAGE
    total: int = 0
    lines: list[Line] = []
    opened: Shown = Shown()

    @rx.var
    def is_filtered(self) -> bool:
        """Whether the list shows less than all."""
        return bool(self.search or self.channel)

    @rx.var
    def has_more(self) -> bool:
        """Whether older messages are left."""
        return self.total > len(self.lines)

    @rx.event
    async def load(self):
        """List the newest messages, none open."""
        self.opened, self.limit = Shown(), PAGE
        await self._list()
        self.loading = False

    @rx.event
    async def refresh(self):
        """List again what is shown; what is open stays open."""
        await self._list()

    @rx.event
    async def look_for(self, search: str):
        """List those whose recipient, subject or text has these letters."""
        self.search, self.limit = search, PAGE
        await self._list()

    @rx.event
    async def choose_channel(self, channel: str):
        """List one channel, or all."""
        self.channel, self.limit = channel, PAGE
        await self._list()

    @rx.event
    async def more(self):
        """List older ones too."""
        self.limit += PAGE
        await self._list()

    @rx.event
    async def open(self, message_id: str):
        """Show a message; it counts as read."""
        viewer = await signed_in(self)
        self.opened = shown_of(await asyncio.to_thread(_read, viewer, message_id), timezone=viewer.timezone)
        await self._list()

    @rx.event
    def close(self):
        """Back to the list (on a phone the message covers it)."""
        self.opened = Shown()

    async def _list(self) -> None:
        viewer = await signed_in(self)
        now = utc_now()
        page = await asyncio.to_thread(
            _look, viewer, search=self.search.strip(), channel=self.channel, limit=self.limit
        )
        self.total = page.total
        lines = [line_of(row, now=now, timezone=viewer.timezone) for row in page.rows]
        if lines != self.lines:
            self.lines = lines


def _look(viewer: Viewer, *, search: str, channel: str, limit: int) -> InboxPage:
    with tenant_session(viewer.tenant_id) as session:
        return list_inbox(session, search=search, channel=channel or None, limit=limit)


def _read(viewer: Viewer, message_id: str) -> InboxMessage:
    try:
        wanted = UUID(message_id)
    except ValueError:
        raise NotFound("This message is not in the inbox.") from None
    with tenant_session(viewer.tenant_id) as session:
        message = read_inbox(session, wanted, now=utc_now())
        session.flush()
        session.expunge(message)
        return message
