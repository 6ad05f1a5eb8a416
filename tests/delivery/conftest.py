"""A studio with consenting customers, and a clock tests can set."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from socket import socket
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, text

from engine.channels.accounts import connect_channel
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.settings import settings
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.models import ConsentState, Customer, Purpose
from engine.delivery.handover import close_journal, deliver_due
from engine.delivery.models import Message
from engine.delivery.outbox import MessageIntent, queue_messages
from engine.templates.models import Template


@dataclass
class Clock:
    """Shows what it is set to; each look may make it advance."""

    now: datetime
    step: timedelta = timedelta()

    def __call__(self) -> datetime:
        shown = self.now
        self.now += self.step
        return shown


@dataclass
class Sender:
    """A tenant with a template for each channel, and what tests do in it."""

    tenant: UUID
    clock: Clock
    templates: dict[str, UUID]

    def add_customers(
        self, number: int, *, consents: tuple[str, ...] = ("whatsapp", "sms", "email"), **columns: Any
    ) -> list[UUID]:
        """Customers with addresses of their own who agreed to marketing on these channels."""
        ids = [new_id() for _ in range(number)]
        with tenant_session(self.tenant) as session:
            for each in ids:
                own = {
                    "name": "Asha Rao",
                    "email": f"{each.hex}@example.in",
                    "phone": f"+91{each.int % 10**10:010}",
                }
                session.add(Customer(id=each, tenant_id=self.tenant, **(own | columns)))
            session.flush()
            wishes = [
                ConsentWish(each, channel, Purpose.MARKETING, ConsentState.GRANTED, "form")
                for each in ids
                for channel in consents
            ]
            change_consents(session, self.tenant, wishes, actor="customer", now=self.clock.now)
        return ids

    def queue(
        self, customers: list[UUID], *, channel: str = "whatsapp", purpose: str = "marketing", **more: Any
    ) -> int:
        """One message for each customer; returns how many were new. `more`: further fields of the intent."""
        given = {
            "channel": channel,
            "purpose": purpose,
            "message_type": "trigger",
            "template_id": self.templates[channel],
            "due_at": self.clock.now,
        } | more
        key = given.pop("key", None)
        intents = [MessageIntent(dedupe_key=key or new_id(), customer_id=each, **given) for each in customers]
        with tenant_session(self.tenant) as session:
            return queue_messages(session, self.tenant, intents, now=self.clock.now)

    def deliver(self) -> int:
        """Deliver until nothing is due."""
        total = 0
        while handled := deliver_due(self.tenant, worker="test", clock=self.clock):
            total += handled
        return total

    def claim(self, name: str, **more: Any) -> UUID:
        """One message that a worker claimed and did not settle; returns its id."""
        self.queue(self.add_customers(1), **more)
        with tenant_session(self.tenant) as session:
            claimed: UUID = session.execute(
                text(
                    "UPDATE messages SET status = 'sending', claimed_by = :name, claimed_at = :now, "
                    "admitted_at = :now WHERE status = 'queued' RETURNING id"
                ),
                {"name": name, "now": self.clock.now},
            ).scalar_one()
        return claimed

    def messages(self) -> list[Message]:
        """All messages, in the order in which they were queued."""
        with tenant_session(self.tenant) as session:
            return list(session.scalars(select(Message).order_by(Message.created_at, Message.id)))

    def connect_null(self, channel: str) -> None:
        """Let a provider that accepts everything carry a channel."""
        with tenant_session(self.tenant) as session:
            connect_channel(session, self.tenant, channel, "null", {}, {}, actor="test", now=self.clock.now)

    def connect_smtp(self, port: int) -> None:
        """Let a mail server on this machine carry e-mail."""
        options = {
            "host": "127.0.0.1",
            "port": str(port),
            "security": "none",
            "from_email": "hello@studio.example",
        }
        with tenant_session(self.tenant) as session:
            connect_channel(
                session, self.tenant, "email", "smtp", {}, options, actor="test", now=self.clock.now
            )


@pytest.fixture
def clock(now: datetime) -> Clock:
    """Monday, 15:30 in India, standing still."""
    return Clock(now)


@pytest.fixture
def sender(tenant: UUID, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    """A studio that can send."""
    contents = {
        "whatsapp": {"en": {"body": "Hello {{ first_name }}, see https://studio.example/new."}},
        "sms": {"en": {"body": "Hello {{ first_name }}"}},
        "email": {
            "en": {"subject": "News for {{ first_name }}", "body": "Hello, https://studio.example/new"}
        },
    }
    templates = {channel: new_id() for channel in contents}
    with tenant_session(tenant) as session:
        for channel, template_id in templates.items():
            session.add(
                Template(
                    id=template_id,
                    tenant_id=tenant,
                    name=f"News by {channel}",
                    channel=channel,
                    template_type="promotional",
                    contents=contents[channel],
                )
            )
    monkeypatch.setenv("SAFAR_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    yield Sender(tenant, clock, templates)
    close_journal()
    monkeypatch.undo()
    settings.cache_clear()


@dataclass
class MailServer:
    """A real SMTP server on this machine, with what it received. `answer` may refuse a message."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    answer: Callable[[Any], str | None] = lambda envelope: None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        refusal = self.answer(envelope)
        if refusal:
            return refusal
        mail = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(mail, EmailMessage)
        self.received.append(mail)
        return "250 Taken"


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """Listens on a free port."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = MailServer(port=probe.getsockname()[1])
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    yield server
    controller.stop()
