"""Shops that send by providers of every temper, and the threads of one worker process to do their work."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Event, Semaphore
from typing import Any, ClassVar
from uuid import UUID

import pytest
from sqlalchemy import text

from engine.channels.accounts import PROVIDERS, connect_channel
from engine.channels.interface import Account, Answer, Channel, FormField, HandoverLog, Outcome, Outgoing
from engine.core.accounts import create_tenant
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.settings import settings
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.models import ConsentState, Customer, Purpose
from engine.delivery.outbox import MessageIntent, queue_messages
from engine.templates.models import Template

SHOPS = count(1)


@dataclass
class HangingProvider:
    """Takes a message and says nothing until its gate is opened."""

    name: ClassVar[str] = "hanging"
    label: ClassVar[str] = "Hanging"
    hook: ClassVar[str] = ""
    channels: ClassVar[frozenset[Channel]] = frozenset(Channel)
    fields: ClassVar[Sequence[FormField]] = ()

    gate: Event = field(default_factory=Event)
    calls: Semaphore = field(default_factory=lambda: Semaphore(0))

    @contextmanager
    def open(self, account: Account) -> Iterator["HangingProvider"]:
        """The line is the provider itself."""
        yield self

    def check(self, account: Account) -> None:
        """Nothing to check."""

    def send(self, messages: Iterable[Outgoing], log: HandoverLog) -> Iterator[tuple[Outgoing, Answer]]:
        """Hang with each message."""
        for message in messages:
            log.leaving(message.message_id)
            self.calls.release()
            self.gate.wait()
            yield message, Answer(Outcome.ACCEPTED, str(message.message_id))


@dataclass(frozen=True)
class Shop:
    """A tenant that may send at any hour."""

    tenant: UUID
    template: UUID

    def add_customers(self, number: int) -> list[UUID]:
        """Customers who agreed to WhatsApp."""
        ids = [new_id() for _ in range(number)]
        with tenant_session(self.tenant) as session:
            session.add_all(
                Customer(id=each, tenant_id=self.tenant, name="Asha", phone=f"+91{each.int % 10**10:010}")
                for each in ids
            )
            session.flush()
            wishes = [
                ConsentWish(each, "whatsapp", Purpose.MARKETING, ConsentState.GRANTED, "form") for each in ids
            ]
            change_consents(session, self.tenant, wishes, actor="customer", now=utc_now())
        return ids

    def queue(self, number: int) -> None:
        """So many messages, due now."""
        now = utc_now()
        intents = [
            MessageIntent(new_id(), each, "whatsapp", "marketing", "trigger", self.template, now)
            for each in self.add_customers(number)
        ]
        with tenant_session(self.tenant) as session:
            queue_messages(session, self.tenant, intents, now=now)

    def count(self, table: str, status: str) -> int:
        """How many rows are in this state."""
        with tenant_session(self.tenant) as session:
            found: int = session.execute(
                text(f"SELECT count(*) FROM {table} WHERE status = :status"), {"status": status}
            ).scalar_one()
        return found


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingProvider]:
    """A provider one can connect as `hanging`; its gate is open in the end, so that threads can stop."""
    provider = HangingProvider()
    monkeypatch.setitem(PROVIDERS, provider.name, provider)  # type: ignore[arg-type]
    yield provider
    provider.gate.set()


@pytest.fixture
def new_shop(database: str) -> Callable[[str], Shop]:
    """`new_shop(provider)`: a tenant whose WhatsApp goes by this provider."""

    def make(provider: str) -> Shop:
        number = next(SHOPS)
        tenant = create_tenant(f"shop-{number}", f"Shop {number}", timezone="UTC")
        template = new_id()
        with tenant_session(tenant) as session:
            session.execute(
                text(
                    "UPDATE tenant_settings SET send_window_start = '00:00', send_window_end = '23:59:59.999999'"
                )
            )
            session.add(
                Template(
                    id=template,
                    tenant_id=tenant,
                    name="Thanks",
                    channel="whatsapp",
                    template_type="promotional",
                    contents={"en": {"body": "Thank you"}},
                )
            )
            session.flush()
            connect_channel(session, tenant, "whatsapp", provider, {}, {}, actor="test", now=utc_now())
        return Shop(tenant, template)

    return make


@pytest.fixture
def environment(
    redis_url: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """`environment(SAFAR_WORKERS="1", …)`: sets what the worker reads."""

    def use(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()

    use(SAFAR_DATA_DIR=str(tmp_path))
    yield use
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def crew(environment: Any) -> Iterator[Callable[[], None]]:
    """`crew()` starts the threads of one worker process; they stop with the test."""
    from engine.worker.crew import Crew  # the broker is made when this is imported: after Redis is known

    running: list[Crew] = []

    def start() -> None:
        running.append(Crew())
        running[-1].start()

    yield start
    for each in running:
        each.stop(milliseconds=10_000)
