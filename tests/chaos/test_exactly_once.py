"""Workers are killed, Redis is emptied, PostgreSQL crashes, events come twice: each message leaves once (J9, D1)."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from socket import socket
from typing import Any
from uuid import UUID

import pytest
import structlog
from aiosmtpd.controller import Controller
from sqlalchemy import func, select, text
from sqlalchemy.exc import InterfaceError, OperationalError

from engine.channels.accounts import connect_channel
from engine.core.clock import utc_now
from engine.core.db import owner_engine, tenant_session
from engine.core.ids import key_of, new_id
from engine.core.settings import settings
from engine.delivery.models import Message, MessageStatus
from engine.events.record import NewEvent, record
from engine.journeys import drafts, publishing
from engine.journeys.models import Enrolment
from engine.templates.models import Template
from tests.chaos.crew import tormented
from tests.emulators.whatsapp import NUMBER, SECRET, TOKEN, Emulator

log = structlog.get_logger()

WHOLE = os.environ.get("CHAOS") == "whole"
"""`make chaos` runs the whole of it; the suite a short version."""

MAILS, MAIL_KILLS = (2_500, 5) if WHOLE else (1_200, 3)
CALLS, CALL_KILLS = (20_000, 30) if WHOLE else (1_000, 4)
PATIENCE = timedelta(minutes=30) if WHOLE else timedelta(seconds=240)


class Sink:
    """Counts what a real mail server took: `(address, subject)`."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, str]] = Counter()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail."""
        head = envelope.content.split(b"\r\n\r\n", 1)[0].decode()
        subject = next(line for line in head.splitlines() if line.startswith("Subject:"))
        self.taken[envelope.rcpt_tos[0], subject.removeprefix("Subject: ")] += 1
        return "250 Taken"


@contextmanager
def mail_server(sink: Sink) -> Iterator[int]:
    """A mail server; yields its port."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def environment(
    database: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """What the processes read; yields the address of Redis."""
    monkeypatch.setenv("SAFAR_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    assert os.environ["REDIS_URL"] == redis_url
    yield redis_url
    settings.cache_clear()


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_each_mail_leaves_once_though_workers_die_and_redis_forgets(tenant: UUID, environment: str) -> None:
    sink = Sink()
    with mail_server(sink) as port:
        customers = prepare(tenant, "email", MAILS)
        connect_mail(tenant, port)
        with tormented(environment, kills=MAIL_KILLS) as crew:
            send_events(tenant, customers)
            send_events(tenant, customers)
            wait_until_all_is_settled(tenant, MAILS)
    assert crew.kills >= MAIL_KILLS / 2
    judge(tenant, MAILS, sink.taken)


@pytest.mark.slow
@pytest.mark.timeout(2_400)
def test_each_call_is_made_once_though_workers_die_and_postgres_crashes(
    tenant: UUID, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Emulator() as cloud:
        monkeypatch.setenv("SAFAR_WHATSAPP_URL", cloud.url)
        customers = prepare(tenant, "whatsapp", CALLS)
        connect_whatsapp(tenant)
        with tormented(environment, kills=CALL_KILLS, restart=True) as crew:
            patiently(lambda: send_events(tenant, customers))
            patiently(lambda: send_events(tenant, customers))
            wait_until_all_is_settled(tenant, CALLS)
        calls = Counter(str(body["biz_opaque_callback_data"]) for body in cloud.taken)
    assert crew.kills == CALL_KILLS
    log.info("crash test", enrolments=CALLS, calls=len(cloud.taken), kills=crew.kills)
    with tenant_session(tenant) as session:
        by_id = {
            str(row.id): (row.address, row.node_id)
            for row in session.execute(select(Message.id, Message.address, Message.node_id))
        }
    judge(tenant, CALLS, Counter({by_id[message]: times for message, times in calls.items()}))


def judge(tenant: UUID, number: int, taken: Counter[tuple[str | None, str | None]]) -> None:
    """Nobody entered twice, nothing came twice, nothing was lost; doubts are shown as such."""
    with tenant_session(tenant) as session:
        entered = session.scalar(select(func.count()).select_from(Enrolment))
        rows = session.execute(select(Message.address, Message.node_id, Message.status)).all()
    assert entered == number
    assert max(taken.values()) == 1
    assert len(rows) == len({(row.address, row.node_id) for row in rows})
    states = Counter(row.status for row in rows)
    log.info("crash test", **states)
    assert states[MessageStatus.SENT] + states[MessageStatus.UNCERTAIN] == len(rows)
    assert Counter(row.node_id for row in rows)["first"] == number
    for row in rows:
        came = taken[row.address, row.node_id]
        assert came == 1 or (came == 0 and row.status == MessageStatus.UNCERTAIN)


def patiently(do: Callable[[], None]) -> None:
    """Until it succeeds: whoever sends events to a server that is down sends them again, and nothing comes twice."""
    for _ in range(50):
        try:
            return do()
        except (OperationalError, InterfaceError):
            time.sleep(0.2)
    return do()


def prepare(tenant: UUID, channel: str, number: int) -> list[UUID]:
    """A live journey (trigger, message, split, message) and customers who agreed; no caps, no quiet hours."""
    now = utc_now()
    with owner_engine().begin() as connection:
        place = {"tenant": tenant, "number": number, "channel": channel}
        connection.execute(
            text("""
                INSERT INTO customers (id, tenant_id, name, first_name, email, phone)
                SELECT gen_random_uuid(), :tenant, 'Customer', 'Customer', 'c' || n || '@example.in',
                    '+9198' || lpad(n::text, 7, '0') || '7'
                FROM generate_series(1, :number) n
            """),
            place,
        )
        connection.execute(
            text("""
                INSERT INTO consents (tenant_id, customer_id, channel, purpose, state, version, source, changed_at)
                SELECT tenant_id, id, :channel, 'marketing', 'granted', 1, 'form', now() FROM customers
                WHERE tenant_id = :tenant
            """),
            place,
        )
        connection.execute(
            text("""
                UPDATE tenant_settings SET send_window_start = '00:00', send_window_end = '23:59:59.999999',
                    daily_message_limit_per_customer = 100, weekly_message_limit_per_customer = 500
                WHERE tenant_id = :tenant
            """),
            place,
        )
        customers = list(
            connection.scalars(text("SELECT id FROM customers WHERE tenant_id = :tenant"), place)
        )
    with tenant_session(tenant) as session:
        templates = {name: new_id() for name in ("first", "second")}
        for name, template_id in templates.items():
            session.add(
                Template(
                    id=template_id,
                    tenant_id=tenant,
                    name=name,
                    channel=channel,
                    template_type="promotional",
                    contents={
                        "en": {"body": "Hello {{ first_name }}"}
                        | ({"subject": name} if channel == "email" else {})
                    },
                )
            )
        session.flush()
        journey = drafts.create_journey(
            session, tenant, "Twice", user_id=None, now=now, graph=graph(templates, channel)
        )
        publishing.publish(session, tenant, journey.id, user_id=None, now=now)
    return customers


def connect_mail(tenant: UUID, port: int) -> None:
    """Let the mail server carry e-mail."""
    options = {
        "host": "127.0.0.1",
        "port": str(port),
        "security": "none",
        "from_email": "hello@studio.example",
    }
    with tenant_session(tenant) as session:
        connect_channel(session, tenant, "email", "smtp", {}, options, actor="test", now=utc_now())


def connect_whatsapp(tenant: UUID) -> None:
    """Let the emulator carry WhatsApp."""
    secrets = {"access_token": TOKEN, "app_secret": SECRET, "verify_token": "verify"}
    options = {"phone_number_id": NUMBER}
    with tenant_session(tenant) as session:
        connect_channel(
            session, tenant, "whatsapp", "whatsapp_cloud", secrets, options, actor="test", now=utc_now()
        )


def graph(templates: dict[str, UUID], channel: str) -> dict[str, Any]:
    """Everybody gets the first message, about half the second."""

    def message(name: str) -> dict[str, Any]:
        config = {"channel": channel, "template_id": str(templates[name])}
        return {"id": name, "type": "action.message", "config": config}

    nodes = [
        {"id": "t", "type": "trigger.event", "config": {"event": "Order Completed"}},
        message("first"),
        {"id": "half", "type": "branch.split", "config": {}},
        message("second"),
        {"id": "end", "type": "exit", "config": {}},
    ]
    ways = [("t", "next", "first"), ("first", "next", "half"), ("half", "a", "second"), ("half", "b", "end")]
    edges = [{"id": f"{a}-{port}", "source": a, "source_port": port, "target": b} for a, port, b in ways]
    return {"schema": 1, "nodes": nodes, "edges": edges, "settings": {}}


def send_events(tenant: UUID, customers: list[UUID]) -> None:
    """The same event for everybody, in batches; sent twice it has the same key."""
    now = utc_now()
    for start in range(0, len(customers), 500):
        events = [
            NewEvent(each, "Order Completed", "track", "test", {}, {}, now, key_of("order", each))
            for each in customers[start : start + 500]
        ]
        with tenant_session(tenant) as session:
            record(session, tenant, events, now=now)


def wait_until_all_is_settled(tenant: UUID, number: int) -> None:
    """Until every enrolment has ended and no message is on its way."""
    ended = on_their_way = None
    ends = time.monotonic() + PATIENCE.total_seconds()
    while time.monotonic() < ends:
        with suppress(OperationalError, InterfaceError), tenant_session(tenant) as session:
            ended = session.scalar(select(func.count()).where(Enrolment.due_at.is_(None)))
            on_their_way = session.scalar(
                select(func.count()).where(Message.status.in_([MessageStatus.QUEUED, MessageStatus.SENDING]))
            )
        if ended == number and on_their_way == 0:
            return
        time.sleep(0.5)
    raise AssertionError(f"not settled in time: {ended} ended, {on_their_way} on their way")
