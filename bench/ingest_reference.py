"""What ingestion is measured against: a bare Starlette application that writes the same rows by hand.

It trusts every message, knows one tenant, and takes the shortest way: COPY for events, one INSERT for the rest.
"""

import base64
import os
from datetime import UTC, datetime
from hashlib import blake2b
from queue import SimpleQueue
from typing import Any
from uuid import UUID

import orjson
import psycopg
import uuid_utils
from sqlalchemy import make_url
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

KEYS = """
    INSERT INTO event_keys (tenant_id, key, received_at)
    SELECT %s, key, now() FROM unnest(%s::uuid[]) key ON CONFLICT DO NOTHING RETURNING key
"""
CUSTOMERS = """
    SELECT value, customer_id FROM customer_identities
    WHERE tenant_id = %s AND kind = 'user_id' AND value = ANY(%s)
"""
EVENTS = """
    COPY events (id, occurred_at, tenant_id, customer_id, name, kind, source, properties, context, received_at)
    FROM STDIN
"""
PROFILES = """
    INSERT INTO customers (tenant_id, id, external_id, name, first_name, last_name, phone, email, city, source)
    SELECT %s, id, external_id, name, first_name, last_name, phone, email, city, 'segment'
    FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS rows(id, external_id, name, first_name, last_name, phone, email, city)
"""
IDENTITIES = """
    INSERT INTO customer_identities (tenant_id, customer_id, kind, value)
    SELECT %s, id, kind, value FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[])
        AS rows(id, user_id, phone, email), LATERAL (VALUES ('user_id', user_id), ('phone', phone), ('email', email))
        AS claims(kind, value)
"""


def create_app() -> Starlette:
    """The application; tenant and key come by environment."""
    tenant, key = UUID(os.environ["BENCH_TENANT"]), os.environ["BENCH_KEY"]
    url = (
        make_url(os.environ["DATABASE_URL"])
        .set(drivername="postgresql")
        .render_as_string(hide_password=False)
    )
    idle: SimpleQueue[psycopg.Connection[Any]] = SimpleQueue()
    for _ in range(8):
        idle.put(psycopg.connect(url))
    basic = "Basic " + base64.b64encode(f"{key}:".encode()).decode()

    def store(body: bytes) -> None:
        batch = orjson.loads(body)["batch"]
        write = write_events if batch[0]["type"] == "track" else write_profiles
        connection = idle.get()
        write(connection, tenant, batch)
        connection.commit()
        idle.put(connection)

    async def receive(request: Request) -> Response:
        if request.headers["authorization"] != basic:
            return Response(status_code=401)
        await run_in_threadpool(store, await request.body())
        return Response(b'{"success":true}', media_type="application/json")

    return Starlette(routes=[Route("/v1/batch", receive, methods=["POST"])])


def write_events(connection: psycopg.Connection[Any], tenant: UUID, batch: list[dict[str, Any]]) -> None:
    """Keys, customers, events: three statements."""
    now = datetime.now(UTC)
    by_key = {
        UUID(bytes=blake2b(item["messageId"].encode(), digest_size=16).digest()): item for item in batch
    }
    taken = connection.execute(KEYS, [tenant, list(by_key)]).fetchall()
    users = list({item["userId"] for item in batch})
    customers = dict(connection.execute(CUSTOMERS, [tenant, users]).fetchall())
    with connection.cursor().copy(EVENTS) as copy:
        for (key,) in taken:
            item = by_key[key]
            copy.write_row(
                (
                    str(uuid_utils.uuid7()),
                    datetime.fromisoformat(item["timestamp"]),
                    tenant,
                    customers[item["userId"]],
                    item["event"],
                    "track",
                    "segment",
                    orjson.dumps(item["properties"]).decode(),
                    orjson.dumps(item["context"]).decode(),
                    now,
                )
            )


def write_profiles(connection: psycopg.Connection[Any], tenant: UUID, batch: list[dict[str, Any]]) -> None:
    """Customers and their identities: two statements."""
    rows = [
        (
            UUID(int=uuid_utils.uuid7().int),
            item["userId"],
            item["traits"]["name"],
            *item["traits"]["name"].split(" ", 1),
            item["traits"]["phone"],
            item["traits"]["email"],
            item["traits"]["city"],
        )
        for item in batch
    ]
    ids, users, names, firsts, lasts, phones, emails, cities = map(list, zip(*rows, strict=True))
    connection.execute(PROFILES, [tenant, ids, users, names, firsts, lasts, phones, emails, cities])
    connection.execute(IDENTITIES, [tenant, ids, users, phones, emails])
