"""Workers are killed, Redis is emptied, events come twice: still each message leaves exactly once (J9, D1)."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from socket import socket
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest
import redis
from aiosmtpd.controller import Controller
from sqlalchemy import func, select, text

from engine.channels.accounts import connect_channel
from engine.core.clock import utc_now
from engine.core.db import owner_engine, tenant_session
from engine.core.ids import key_of, new_id
from engine.core.settings import settings
from engine.delivery.models import Message, MessageStatus
from engine.events.record import NewEvent, record
from engine.journeys import journeys
from engine.journeys.models import Enrolment
from engine.templates.models import Template

ENROLMENTS = 5_000
WORKERS = 2
KILLS_FOR_SECONDS = 12
PATIENCE = timedelta(seconds=150)
SAFAR = (sys.executable, "-m", "app.cli.main")


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


class Crew:
    """Worker processes and a clock, of which workers may be killed and are replaced."""

    def __init__(self) -> None:
        self.workers = [self._start("worker") for _ in range(WORKERS)]
        self.clock = self._start("clock")
        self.kills = 0

    def kill_one(self, dice: random.Random) -> None:
        """SIGKILL a worker at this very moment, and start another."""
        place = dice.randrange(len(self.workers))
        self.workers[place].send_signal(signal.SIGKILL)
        self.workers[place].wait()
        self.kills += 1
        self.workers[place] = self._start("worker")

    def stop(self) -> None:
        """End all."""
        for process in (*self.workers, self.clock):
            process.kill()
            process.wait()

    def _start(self, role: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([*SAFAR, role], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


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
@pytest.mark.timeout(400)
def test_each_message_leaves_once_though_workers_die_and_redis_forgets(
    tenant: UUID, environment: str
) -> None:
    dice = random.Random(20260302)
    sink = Sink()
    with mail_server(sink) as port:
        customers = prepare(tenant, port)
        crew = Crew()
        done = Event()
        killer = Thread(target=torment, args=(crew, environment, dice, done))
        try:
            killer.start()
            send_events(tenant, customers)
            send_events(tenant, customers)
            wait_until_all_is_settled(tenant)
        finally:
            done.set()
            killer.join()
            crew.stop()
    assert crew.kills >= 5
    judge(tenant, sink)


def torment(crew: Crew, redis_url: str, dice: random.Random, done: Event) -> None:
    """Kill workers for a while, and empty Redis in the middle."""
    ends = time.monotonic() + KILLS_FOR_SECONDS
    flushed = False
    while time.monotonic() < ends and not done.wait(dice.uniform(0.2, 2.0)):
        crew.kill_one(dice)
        if not flushed and time.monotonic() > ends - KILLS_FOR_SECONDS / 2:
            with redis.Redis.from_url(redis_url) as client:
                client.flushdb()
            flushed = True


def judge(tenant: UUID, sink: Sink) -> None:
    """Nobody entered twice, no mail came twice, none was lost; doubts are shown as such and never exceed the kills."""
    with tenant_session(tenant) as session:
        entered = session.scalar(select(func.count()).select_from(Enrolment))
        rows = session.execute(select(Message.address, Message.node_id, Message.status)).all()
    assert entered == ENROLMENTS
    assert max(sink.taken.values()) == 1
    assert len(rows) == len({(row.address, row.node_id) for row in rows})
    states = Counter(row.status for row in rows)
    assert states[MessageStatus.SENT] + states[MessageStatus.UNCERTAIN] == len(rows)
    assert Counter(row.node_id for row in rows)["first"] == ENROLMENTS
    for row in rows:
        taken = sink.taken[row.address, row.node_id]
        assert taken == 1 or (taken == 0 and row.status == MessageStatus.UNCERTAIN)


def prepare(tenant: UUID, port: int) -> list[UUID]:
    """A live journey (trigger, mail, split, mail) and customers who agreed; no caps, no quiet hours."""
    now = utc_now()
    with owner_engine().begin() as connection:
        place = {"tenant": tenant, "number": ENROLMENTS}
        connection.execute(
            text("""
                INSERT INTO customers (id, tenant_id, name, first_name, email)
                SELECT gen_random_uuid(), :tenant, 'Customer', 'Customer', 'c' || n || '@example.in'
                FROM generate_series(1, :number) n
            """),
            place,
        )
        connection.execute(
            text("""
                INSERT INTO consents (tenant_id, customer_id, channel, purpose, state, version, source, changed_at)
                SELECT tenant_id, id, 'email', 'marketing', 'granted', 1, 'form', now() FROM customers
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
                    channel="email",
                    template_type="promotional",
                    contents={"en": {"subject": name, "body": "Hello {{ first_name }}"}},
                )
            )
        session.flush()
        options = {
            "host": "127.0.0.1",
            "port": str(port),
            "security": "none",
            "from_email": "hello@studio.example",
        }
        connect_channel(session, tenant, "email", "smtp", {}, options, actor="test", now=now)
        journey = journeys.create_journey(
            session, tenant, "Twice", user_id=None, now=now, graph=graph(templates)
        )
        journeys.publish(session, tenant, journey.id, user_id=None, now=now)
    return customers


def graph(templates: dict[str, UUID]) -> dict[str, Any]:
    """Everybody gets the first mail, about half the second."""

    def mail(name: str) -> dict[str, Any]:
        config = {"channel": "email", "template_id": str(templates[name])}
        return {"id": name, "type": "action.message", "config": config}

    nodes = [
        {"id": "t", "type": "trigger.event", "config": {"event": "Order Completed"}},
        mail("first"),
        {"id": "half", "type": "branch.split", "config": {}},
        mail("second"),
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


def wait_until_all_is_settled(tenant: UUID) -> None:
    """Until every enrolment has ended and no message is on its way."""
    ends = time.monotonic() + PATIENCE.total_seconds()
    while time.monotonic() < ends:
        with tenant_session(tenant) as session:
            ended = session.scalar(select(func.count()).where(Enrolment.due_at.is_(None)))
            on_their_way = session.scalar(
                select(func.count()).where(Message.status.in_([MessageStatus.QUEUED, MessageStatus.SENDING]))
            )
        if ended == ENROLMENTS and on_their_way == 0:
            return
        time.sleep(0.5)
    raise AssertionError(f"not settled in time: {ended} ended, {on_their_way} on their way")
