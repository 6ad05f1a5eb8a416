"""Links, opens and unsubscribing: tokens that go out in messages, and what happens when they come back (C5, D6)."""

import base64
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.core.crypto import random_token, sign, unsign
from engine.core.errors import BadSignature, NotFound
from engine.core.ids import key_of
from engine.core.settings import settings
from engine.delivery.happenings import message_event
from engine.delivery.models import Message, TrackedLink
from engine.events.record import record

CODE_BYTES = 9
TEXT_LINK = re.compile(r"https?://[^\s<>\"']+")
HTML_LINK = re.compile(r'href="(https?://[^"]+)"')
CLOSING = ".,;:!?)]}»”"
"""Signs that end a sentence rather than an address."""

OPENED = "message.opened"
CLICKED = "message.clicked"
SOURCE = "safar"


@dataclass(frozen=True, slots=True)
class NewLink:
    """An address in a message, and the code that stands for it."""

    code: str
    message_id: UUID
    url: str


@dataclass(frozen=True, slots=True)
class MessageRef:
    """The message a token speaks of."""

    tenant_id: UUID
    message_id: UUID


def make_token(purpose: str, tenant_id: UUID, message_id: UUID) -> str:
    """A token nobody can guess or change; `purpose` is `open` or `unsubscribe`."""
    return sign(purpose, base64.urlsafe_b64encode(tenant_id.bytes + message_id.bytes).rstrip(b"=").decode())


def read_token(purpose: str, token: str) -> MessageRef:
    """What `make_token` was given.

    Raises:
        BadSignature: it was not made here, for this purpose.
    """
    packed = base64.urlsafe_b64decode(unsign(purpose, token) + "=")
    if len(packed) != 32:
        raise BadSignature("This link is not complete. Open it again from the message.")
    return MessageRef(UUID(bytes=packed[:16]), UUID(bytes=packed[16:]))


class LinkTracker:
    """Replaces the addresses of one message by tracked ones; the same address gets the same code."""

    def __init__(self, message_id: UUID) -> None:
        self.message_id = message_id
        self.links: dict[str, NewLink] = {}

    def track_text(self, written: str) -> str:
        """The text with tracked links."""
        return TEXT_LINK.sub(lambda found: self._replace_in_text(found.group()), written)

    def track_html(self, written: str) -> str:
        """The HTML with tracked links."""
        replace: Callable[[re.Match[str]], str] = lambda found: (  # noqa: E731
            f'href="{html.escape(self._tracked(html.unescape(found[1])))}"'
        )
        return HTML_LINK.sub(replace, written)

    def _replace_in_text(self, found: str) -> str:
        address = found.rstrip(CLOSING)
        return self._tracked(address) + found[len(address) :]

    def _tracked(self, url: str) -> str:
        if url.startswith(f"{settings().public_url}/u/"):
            return url
        link = self.links.get(url) or NewLink(random_token(CODE_BYTES), self.message_id, url)
        self.links[url] = link
        return f"{settings().public_url}/l/{link.code}"


OPENED_NOW = text("""
    UPDATE messages SET opened_at = :now WHERE id = :message AND opened_at IS NULL
    RETURNING id, customer_id, channel, journey_id, enrolment_id, node_id
""")

CLICKED_NOW = text("""
    UPDATE messages SET clicked_at = coalesce(clicked_at, :now), opened_at = coalesce(opened_at, :now)
    WHERE id = :message RETURNING id, customer_id, channel, journey_id, enrolment_id, node_id
""")


def record_open(session: Session, ref: MessageRef, *, now: datetime) -> None:
    """An open, counted once for each message."""
    row = session.execute(OPENED_NOW, {"message": ref.message_id, "now": now}).one_or_none()
    if row:
        event = message_event(row, OPENED, at=now, key=key_of(OPENED, ref.message_id), source=SOURCE)
        record(session, ref.tenant_id, [event], now=now)


def record_click(session: Session, tenant_id: UUID, code: str, *, now: datetime) -> str:
    """A click; returns where it leads. One event for each link and minute, however often it is pressed.

    Raises:
        NotFound: there is no such link.
    """
    link = session.scalars(select(TrackedLink).where(TrackedLink.code == code)).one_or_none()
    if link is None:
        raise NotFound("This link does not lead anywhere any more.")
    row = session.execute(CLICKED_NOW, {"message": link.message_id, "now": now}).one_or_none()
    if row:
        key = key_of(CLICKED, code, now.strftime("%Y-%m-%dT%H:%M"))
        event = message_event(row, CLICKED, at=now, key=key, source=SOURCE, url=link.url)
        record(session, tenant_id, [event], now=now)
    return link.url


def find_message(session: Session, ref: MessageRef) -> Message:
    """The message of a token.

    Raises:
        NotFound: it was deleted.
    """
    message = session.get(Message, ref.message_id)
    if message is None:
        raise NotFound("This message does not exist any more.")
    return message
