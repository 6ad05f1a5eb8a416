"""Events and new profiles a second through a real server's `/v1/batch`, each call committed before its answer.

The reference is a bare Starlette application that writes the same rows by hand (`bench/ingest_reference.py`),
on the same server software, database and load, in the same run.
"""

import base64
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psutil
from sqlalchemy import text

from bench.ground import line, servers
from engine.core.accounts import create_key, create_tenant
from engine.core.clock import utc_now
from engine.core.db import owner_engine, tenant_session
from engine.core.models import KeyKind
from engine.customers.profiles import Profile, save_profiles

KNOWN = 10_000
TURNS = 4
BATCH = 100
"""Messages a call: what the stock libraries send at most."""
CONNECTIONS = 8
PROCESSES = 2

OURS = "app.http.api:create_api"
REFERENCE = "bench.ingest_reference:create_app"


def main() -> None:
    """Print the figures: the best of several turns, which ours and the reference take one after the other."""
    print(f"Ingestion: batches of {BATCH}, {CONNECTIONS} connections, {PROCESSES} server processes, durable")
    with servers() as folder:
        tenant = create_tenant("bench", "Bench", timezone="UTC")
        with tenant_session(tenant) as session:
            key = create_key(session, tenant, KeyKind.WRITE, "bench", actor="bench", now=utc_now())
            known = [Profile(user_id=f"known{number}", city="Pune") for number in range(KNOWN)]
            save_profiles(session, tenant, known, source="bench", now=utc_now())
        os.environ |= {"BENCH_TENANT": str(tenant), "BENCH_KEY": key}
        with served(REFERENCE) as theirs, served(OURS) as ours:
            for kind in (EVENTS, PROFILES):
                turns: dict[str, list[Turn]] = {REFERENCE: [], OURS: []}
                for _ in range(TURNS + 1):  # the first one warms up
                    for name, server in ((REFERENCE, theirs), (OURS, ours)):
                        turns[name].append(take_turn(server, key, kind, folder))
                        clear(tenant)
                report(kind, turns[OURS][1:], turns[REFERENCE][1:])


def take_turn(server: "Server", key: str, kind: "Messages", folder: Path) -> "Turn":
    """Send as many messages of this kind as belong to a turn, and see that each has its row."""
    bodies = kind.bodies(kind.number)
    before, spent = count(kind.table), server.cpu_seconds() + postgres_cpu_seconds(folder)
    took = send(server.port, key, bodies)
    spent = server.cpu_seconds() + postgres_cpu_seconds(folder) - spent
    assert count(kind.table) == before + kind.number
    return Turn(kind.number / took, spent / kind.number * 1_000_000)


def report(kind: "Messages", ours: list["Turn"], reference: list["Turn"]) -> None:
    """The best rate and the least processor time, for other work on this machine only makes them worse."""
    best = max(turn.rate for turn in reference)
    line(
        kind.title,
        max(turn.rate for turn in ours),
        "/s",
        reference=best,
        beside="bare Starlette, hand-written SQL",
    )
    least = min(turn.cpu for turn in reference)
    cpu = min(turn.cpu for turn in ours)
    print(f"    processor time of server and PostgreSQL: {cpu:.0f} µs a message (reference {least:.0f} µs)")


@contextmanager
def served(target: str) -> Iterator["Server"]:
    """That application in real server processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    granian = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--port", str(port)]
    options = ["--workers", str(PROCESSES), "--log-level", "warning", target]
    running = subprocess.Popen([*granian, *options])
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        time.sleep(2)  # every process has imported the application
        yield Server(port, psutil.Process(running.pid))
    finally:
        running.terminate()
        running.wait(timeout=30)


def send(port: int, key: str, bodies: list[bytes]) -> float:
    """Post the bodies over several connections; returns the seconds it took. Every answer must be a 200."""
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
        "Content-Type": "application/json",
    }

    def lane(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for body in bodies[number::CONNECTIONS]:
            connection.request("POST", "/v1/batch", body, headers)
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status == 200 and b"rejected" not in said, said
        connection.close()

    begun = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(lane, range(CONNECTIONS)))
    return time.perf_counter() - begun


def track_bodies(number: int) -> list[bytes]:
    """Calls with events as a shop's server sends them."""
    dice = random.Random(7)
    now = utc_now()
    context = {"library": {"name": "analytics-python", "version": "2.4.0"}}
    messages = [
        {
            "type": "track",
            "userId": f"known{dice.randrange(KNOWN)}",
            "event": dice.choice(["Product Viewed", "Product Added", "Cart Viewed", "Checkout Started"]),
            "messageId": str(uuid4()),
            "timestamp": (now - timedelta(seconds=dice.randrange(600))).isoformat(),
            "properties": {
                "product_id": f"p{dice.randrange(2000)}",
                "name": "Handloom saree, indigo",
                "category": "Sarees",
                "price": dice.randrange(500, 9000),
                "currency": "INR",
                "quantity": 1,
            },
            "context": context,
            "integrations": {},
        }
        for _ in range(number)
    ]
    return calls(messages)


def identify_bodies(number: int) -> list[bytes]:
    """Calls with customers nobody has seen before."""
    start = random.randrange(10**6) * 100
    messages = [
        {
            "type": "identify",
            "userId": f"new{uuid4().hex}",
            "messageId": str(uuid4()),
            "timestamp": utc_now().isoformat(),
            "traits": {
                "name": f"Asha Rao{start + each}",
                "phone": f"+9198{(start + each) % 10**8:08}",
                "email": f"asha{uuid4().hex[:12]}@example.in",
                "city": "Pune",
            },
            "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
            "integrations": {},
        }
        for each in range(number)
    ]
    return calls(messages)


def calls(messages: list[dict[str, object]]) -> list[bytes]:
    """Bodies of `/v1/batch`."""
    sent_at = utc_now().isoformat()
    return [
        json.dumps({"batch": messages[start : start + BATCH], "sentAt": sent_at}).encode()
        for start in range(0, len(messages), BATCH)
    ]


@dataclass(frozen=True, slots=True)
class Messages:
    """A kind of messages to measure: how many make a turn, and the table in which each leaves a row."""

    title: str
    number: int
    table: str
    bodies: Callable[[int], list[bytes]]


EVENTS = Messages("events of known customers", 30_000, "events", track_bodies)
PROFILES = Messages("new profiles, three identities each", 15_000, "customers", identify_bodies)


@dataclass(frozen=True, slots=True)
class Turn:
    """Messages a second, and processor time in microseconds a message."""

    rate: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Processor time of all its processes so far."""
        return sum(cpu_seconds(each) for each in [self.process, *self.process.children(recursive=True)])


def postgres_cpu_seconds(folder: Path) -> float:
    """Processor time of the running backends of the server whose data is in this folder."""
    postmasters = [
        each
        for each in psutil.process_iter(["name", "cmdline"])
        if each.info["name"] == "postgres" and str(folder) in " ".join(each.info["cmdline"] or ())
    ]
    return sum(cpu_seconds(each) for parent in postmasters for each in parent.children())


def cpu_seconds(process: psutil.Process) -> float:
    """Processor time of one process so far."""
    times = process.cpu_times()
    return times.user + times.system


def count(table: str) -> int:
    """Rows of a table."""
    with owner_engine().begin() as connection:
        found: int = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    return found


def clear(tenant: UUID) -> None:
    """Back to the known customers, for a fair start."""
    with owner_engine().begin() as connection:
        connection.execute(text("TRUNCATE events, event_keys, event_queue"))
        connection.execute(text("DELETE FROM customer_identities WHERE value NOT LIKE 'known%'"))
        connection.execute(text("DELETE FROM customers WHERE external_id NOT LIKE 'known%'"))
    with owner_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


if __name__ == "__main__":
    main()
