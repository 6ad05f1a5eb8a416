"""What landing pages are measured against: a bare Starlette application, the same bytes served and rows written.

It validates nothing, knows one page and one form, and takes the shortest way: one INSERT a table.
"""

import os
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import parse_qsl
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

STATEMENTS = (
    """INSERT INTO customers (tenant_id, id, name, first_name, phone, email, city, language, source)
        VALUES (%(tenant)s, %(id)s, %(name)s, %(name)s, %(phone)s, %(email)s, %(city)s, 'en', 'form')""",
    """INSERT INTO customer_identities (tenant_id, customer_id, kind, value)
        VALUES (%(tenant)s, %(id)s, 'phone', %(phone)s), (%(tenant)s, %(id)s, 'email', %(email)s)""",
    """INSERT INTO form_submissions (tenant_id, id, form_id, key, customer_id, answers, ip, user_agent, at, utm)
        VALUES (%(tenant)s, uuidv7(), %(form)s, %(key)s, %(id)s, %(answers)s, '127.0.0.1', 'bench', now(), '{}')""",
    """INSERT INTO consents (tenant_id, customer_id, channel, purpose, state, version, source, changed_at)
        VALUES (%(tenant)s, %(id)s, 'whatsapp', 'marketing', 'granted', 1, 'form', now())""",
    """INSERT INTO consent_history (id, tenant_id, customer_id, channel, purpose, state, version, source, ip,
            user_agent, page_url, wording, evidence, actor, at)
        VALUES (uuidv7(), %(tenant)s, %(id)s, 'whatsapp', 'marketing', 'granted', 1, 'form', '127.0.0.1', 'bench',
            '/', 'Write to me', '{}', 'customer', now())""",
    """INSERT INTO inquiries (id, tenant_id, customer_id, subject, message, source)
        VALUES (uuidv7(), %(tenant)s, %(id)s, 'Workshop', %(question)s, 'form')""",
    """INSERT INTO event_keys (tenant_id, key, received_at) VALUES (%(tenant)s, %(key)s, now())""",
    """INSERT INTO events (id, occurred_at, tenant_id, customer_id, name, kind, source, properties, context,
            received_at)
        VALUES (uuidv7(), now(), %(tenant)s, %(id)s, 'form.submitted', 'track', 'form', %(answers)s, '{}', now())""",
)


def create_app() -> Starlette:
    """The application; tenant, form and the page's bytes come by environment."""
    tenant, form = UUID(os.environ["BENCH_TENANT"]), UUID(os.environ["BENCH_FORM"])
    html = Path(os.environ["BENCH_HTML"]).read_bytes()
    url = (
        make_url(os.environ["DATABASE_URL"])
        .set(drivername="postgresql")
        .render_as_string(hide_password=False)
    )
    idle: SimpleQueue[psycopg.Connection[Any]] = SimpleQueue()
    for _ in range(16):
        idle.put(psycopg.connect(url))

    def store(body: bytes) -> None:
        answers = dict(parse_qsl(body.decode()))
        values = answers | {
            "tenant": tenant,
            "form": form,
            "id": UUID(int=uuid_utils.uuid7().int),
            "key": UUID(int=uuid_utils.uuid4().int),
            "answers": orjson.dumps(answers).decode(),
        }
        connection = idle.get()
        for statement in STATEMENTS:
            connection.execute(statement, values)
        connection.commit()
        idle.put(connection)

    async def show(request: Request) -> Response:
        return Response(html, media_type="text/html")

    async def receive(request: Request) -> Response:
        await run_in_threadpool(store, await request.body())
        return Response(status_code=303, headers={"Location": "/p/bench/workshop?thanks"})

    return Starlette(
        routes=[Route("/p/{tenant}/{slug}", show), Route("/f/{form}", receive, methods=["POST"])]
    )
