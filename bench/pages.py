"""Landing pages and form submits a second through a real server; submits at 200/s with their p50 and p99.

The reference is a bare Starlette application (`bench/pages_reference.py`) on the same server software, database
and load, in the same run. Each connection comes from a loopback address of its own, as visitors do, because a
form lets one address submit only so many times a minute.
"""

import http.client
import os
import random
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import text

from bench.ground import line, servers
from bench.ingest import PROCESSES, served
from engine.core.accounts import create_tenant
from engine.core.clock import utc_now
from engine.core.db import owner_engine, tenant_session
from engine.landing.pages import PageDraft, create_page, publish_page

GETS = 40_000
AT_ONCE = 16
"""Requests a connection sends before it reads the answers, so that the client does not slow the server down."""

POSTS = 3_000
RATE = 200
"""Submits a second of the latency measurement."""

LANES = 8
VISITORS = 25
"""Visitors who submit at the same time, each after the answer to the one before."""

A_VISITOR = 20
"""Submits from one address."""

OURS = "app.http.api:create_api"
REFERENCE = "bench.pages_reference:create_app"
PATH = "/p/bench/workshop"
FORM = {
    "fields": [
        {"key": "name", "kind": "name", "label": "Your name", "required": True},
        {"key": "phone", "kind": "phone", "label": "Phone", "required": True},
        {"key": "email", "kind": "email", "label": "E-mail"},
        {"key": "city", "kind": "text", "label": "City"},
        {"key": "question", "kind": "message", "label": "Question"},
        {"key": "agree", "kind": "consent", "label": "Write to me on WhatsApp", "channel": "whatsapp"},
    ]
}
_numbers = count(random.randrange(10**7) * 5)
_visitors = count(1)


def main() -> None:
    """Print the figures."""
    print(f"Landing pages: {LANES} readers, {VISITORS} senders, {PROCESSES} server processes, durable")
    with servers() as folder:
        tenant = create_tenant("bench", "Bench", timezone="UTC")
        with tenant_session(tenant) as session:
            draft = PageDraft(slug="workshop", title="Workshop", intro="Come and see.", form=FORM)
            page = create_page(session, tenant, draft, now=utc_now())
            form_id = publish_page(session, page.id, now=utc_now()).form_id
        html = folder / "page.html"
        os.environ |= {"BENCH_TENANT": str(tenant), "BENCH_FORM": str(form_id), "BENCH_HTML": str(html)}
        with served(OURS) as server:
            html.write_bytes(_page(server.port))
            ours = measure(server.port, form_id)
        clear()
        with served(REFERENCE) as server:
            reference = measure(server.port, form_id)
    beside = "bare Starlette, same bytes and rows"
    for title, unit in (("pages", "GET/s"), ("submits", "POST/s")):
        line(title, ours[title], unit, reference=reference[title], beside=beside)
    for title in ("p50", "p99"):
        print(
            f"  submits at {RATE}/s, {title:<43} {ours[title]:>12.1f} ms   (reference {reference[title]:.1f} ms)"
        )


def measure(port: int, form_id: UUID) -> dict[str, float]:
    """Pages and submits a second, and the latency of submits at a steady rate in milliseconds."""
    gets(port, GETS // 10)
    posts(port, form_id, POSTS // 6)
    figures = {"pages": GETS / gets(port, GETS), "submits": POSTS / posts(port, form_id, POSTS)}
    latencies = sorted(steady(port, form_id))
    return figures | {"p50": latencies[len(latencies) // 2], "p99": latencies[len(latencies) * 99 // 100]}


def gets(port: int, number: int) -> float:
    """Ask for the page that often over several connections; returns the seconds it took."""
    request = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * AT_ONCE

    def lane(_: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            for _ in range(number // LANES // AT_ONCE):
                connection.sendall(request)
                _read_answers(connection, AT_ONCE)

    begun = time.perf_counter()
    with ThreadPoolExecutor(LANES) as pool:
        list(pool.map(lane, range(LANES)))
    return time.perf_counter() - begun


def posts(port: int, form_id: UUID, number: int) -> float:
    """Submit that often, as fast as it goes; returns the seconds it took."""

    def lane(each: int) -> None:
        for connection in _connections(port, number // VISITORS // A_VISITOR):
            for _ in range(A_VISITOR):
                _submit(connection, form_id)

    begun = time.perf_counter()
    with ThreadPoolExecutor(VISITORS) as pool:
        list(pool.map(lane, range(VISITORS)))
    return time.perf_counter() - begun


def steady(port: int, form_id: UUID) -> list[float]:
    """Submit `RATE` times a second whether the server keeps up or not; milliseconds from when each was due."""
    idle = list(_connections(port, POSTS // A_VISITOR))
    begun = time.perf_counter() + 0.1

    def one(number: int) -> float:
        due = begun + number / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        connection = idle.pop()
        _submit(connection, form_id)
        idle.insert(0, connection)
        return (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(64) as pool:
        return list(pool.map(one, range(POSTS)))


def clear() -> None:
    """Back to an empty store with its page, for a fair start."""
    with owner_engine().begin() as connection:
        connection.execute(
            text("""
                TRUNCATE events, event_keys, event_queue, form_submissions, consents, consent_history, inquiries,
                    customer_identities
            """)
        )
        connection.execute(text("DELETE FROM customers"))
    with owner_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def _connections(port: int, number: int) -> Iterator[http.client.HTTPConnection]:
    for _ in range(number):
        visitor = next(_visitors)
        address = f"127.{1 + visitor // 60_000}.{visitor // 250 % 240}.{1 + visitor % 250}"
        yield http.client.HTTPConnection("127.0.0.1", port, source_address=(address, 0))


def _submit(connection: http.client.HTTPConnection, form_id: UUID) -> None:
    number = next(_numbers)
    body = urlencode(
        {
            "name": f"Asha{number}",
            "phone": f"+9198{number % 10**8:08}",
            "email": f"asha{number}@example.in",
            "city": "Pune",
            "question": "When is the next class?",
            "agree": "yes",
            "_key": f"k{number}",
            "_utm": "",
        }
    )
    connection.request("POST", f"/f/{form_id}", body, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    said = answer.read()
    assert answer.status == 303, said


def _page(port: int) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", PATH)
    answer = connection.getresponse()
    assert answer.status == 200
    return answer.read()


def _read_answers(connection: socket.socket, number: int) -> None:
    """Read that many whole answers; each is a 200 with a content-length."""
    waiting = b""
    for _ in range(number):
        while (end := waiting.find(b"\r\n\r\n")) < 0:
            waiting += connection.recv(262_144)
        head = waiting[:end].lower()
        assert head.startswith(b"http/1.1 200"), head
        length = re.search(rb"content-length: (\d+)", head)
        assert length
        whole = end + 4 + int(length[1])
        while len(waiting) < whole:
            waiting += connection.recv(262_144)
        waiting = waiting[whole:]


if __name__ == "__main__":
    main()
