"""Messages a second from the outbox into a provider's hand: a null provider, and a mail server on this machine.

The references: hand-written SQL that claims and settles the same rows, and a bare loop of `smtplib`.
"""

import asyncio
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text

from bench.ground import line, servers, studio_with, wait_until, workers
from bench.interpreter import waiting
from engine.channels.accounts import connect_channel
from engine.core.clock import utc_now
from engine.core.db import owner_engine, tenant_session
from engine.core.ids import new_id
from engine.templates.models import Template

MESSAGES = 60_000
MAILS = 30_000
PROCESSES = 2

REFERENCE = (
    """UPDATE messages m SET status = 'sending', admitted_at = now(), claimed_at = now(), claimed_by = 'reference',
            address = c.phone, content = '{"body": "Hello Customer"}', language = 'en', provider = 'null'
        FROM customers c WHERE c.id = m.customer_id AND m.tenant_id = :tenant AND m.status = 'queued'""",
    """UPDATE messages SET status = 'sent', sent_at = now(), provider_message_id = id::text
        WHERE tenant_id = :tenant AND status = 'sending'""",
)


def main() -> None:
    """Print the figures."""
    print(f"Delivery: full guard, {PROCESSES} worker processes")
    with servers():
        tenant = studio_with(MESSAGES)
        queue(tenant, template_for(tenant, "whatsapp"), "whatsapp", MESSAGES)
        reference = MESSAGES / timed(lambda: run_reference(tenant))
        with owner_engine().begin() as connection:
            connection.execute(text("TRUNCATE messages"))
        connect(tenant, "whatsapp", "null", {})
        queue(tenant, template_for(tenant, "whatsapp"), "whatsapp", MESSAGES)
        line(
            "messages/s to a null provider",
            MESSAGES / drain(tenant),
            "/s",
            reference=reference,
            beside="hand-written SQL, one connection",
        )
        with mail_sink() as port:
            options = {
                "host": "127.0.0.1", "port": str(port), "security": "none", "from_email": "hello@studio.example",
            }  # fmt: skip
            connect(tenant, "email", "smtp", options)
            queue(tenant, template_for(tenant, "email"), "email", MAILS)
            bare = MAILS / timed(lambda: send_bare(port))
            line(
                "messages/s to a mail server",
                MAILS / drain(tenant),
                "/s",
                reference=bare,
                beside=f"smtplib alone, {PROCESSES} processes",
            )


def drain(tenant: UUID) -> float:
    """Seconds from the first message that left to the last."""
    with workers(PROCESSES):
        total = waiting(tenant)
        wait_until(lambda: waiting(tenant) < total)
        begun, first = time.perf_counter(), waiting(tenant)
        wait_until(lambda: waiting(tenant) == 0)
        return (time.perf_counter() - begun) * total / first


def queue(tenant: UUID, template: UUID, channel: str, number: int) -> None:
    """Due messages as the interpreter leaves them."""
    with owner_engine().begin() as connection:
        connection.execute(
            text("""
                INSERT INTO messages (id, tenant_id, dedupe_key, customer_id, channel, purpose, message_type,
                    template_id, variables, due_at, expires_at, created_at)
                SELECT uuidv7(), tenant_id, uuidv7(), id, :channel, 'marketing', 'trigger', :template,
                    '{"event": {}}', now(), now() + interval '7 days', now()
                FROM customers WHERE tenant_id = :tenant LIMIT :number
            """),
            {"tenant": tenant, "template": template, "channel": channel, "number": number},
        )


def template_for(tenant: UUID, channel: str) -> UUID:
    """A template with one variable and one link's worth of text."""
    template_id = new_id()
    words = {"body": "Hello {{ first_name }}, thank you for being with us."}
    with tenant_session(tenant) as session:
        session.add(
            Template(
                id=template_id,
                tenant_id=tenant,
                name=str(template_id),
                channel=channel,
                template_type="promotional",
                contents={"en": words | ({"subject": "News"} if channel == "email" else {})},
            )
        )
    return template_id


def connect(tenant: UUID, channel: str, provider: str, options: dict[str, str]) -> None:
    """Let a provider carry the channel."""
    with tenant_session(tenant) as session:
        connect_channel(session, tenant, channel, provider, {}, options, actor="bench", now=utc_now())


def run_reference(tenant: UUID) -> None:
    """The same two writes by hand."""
    for statement in REFERENCE:
        with owner_engine().begin() as connection:
            connection.execute(text(statement), {"tenant": tenant})


def send_bare(port: int) -> None:
    """As many mails, by nothing but `smtplib`."""
    with ProcessPoolExecutor(PROCESSES) as pool:
        list(pool.map(send_some, [port] * PROCESSES, [MAILS // PROCESSES] * PROCESSES))


def send_some(port: int, number: int) -> None:
    """One process' share."""
    mail = b"From: a@studio.example\r\nTo: b@example.in\r\nSubject: News\r\n\r\nHello\r\n"
    with smtplib.SMTP("127.0.0.1", port) as client:
        for _ in range(number):
            client.sendmail("a@studio.example", ["b@example.in"], mail)


def timed(work: object) -> float:
    """How long a call takes, in seconds."""
    begun = time.perf_counter()
    assert callable(work)
    work()
    return time.perf_counter() - begun


@contextmanager
def mail_sink() -> Iterator[int]:
    """A mail server in a process of its own that throws everything away; yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.delivery", str(port)])
    try:
        wait_until(lambda: listens(port), seconds=20)
        yield port
    finally:
        process.terminate()
        process.wait()


def listens(port: int) -> bool:
    """Whether somebody answers on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def serve_sink(port: int) -> None:
    """The least of SMTP a client needs, so that the server costs little of the measured time."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        while command := await reader.readline():
            verb = command[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(serve_sink(int(sys.argv[1])))
    else:
        main()
