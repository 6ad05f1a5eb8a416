"""Calls to tenants' own systems: signed (Standard Webhooks), at least once, with a stable `webhook-id`."""

import base64
import hmac
import ipaddress
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from sqlalchemy import text

from engine.core.bulk import as_json, transpose, unnest
from engine.core.crypto import derived_key
from engine.core.db import tenant_session
from engine.core.settings import settings
from engine.core.tally import Counted, count
from engine.delivery.models import MessageStatus

BATCH = AT_ONCE = 20
"""As many as are called at once: a batch of a tenant whose system hangs keeps a thread no longer than one call."""

TIMEOUT = httpx.Timeout(10, connect=5)
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 7200, 21600, 43200))
"""Growing gaps between attempts; after the last one it has failed."""

LEASE = timedelta(seconds=60)
"""For how long a claimed call is out of sight of other workers; a worker that dies in between repeats it."""

CLAIM = text("""
    UPDATE outgoing_webhooks SET due_at = :leased, attempts = attempts + 1
    WHERE id = ANY(ARRAY(
        SELECT id FROM outgoing_webhooks WHERE tenant_id = :tenant AND status = 'queued' AND due_at <= :now
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ))
    RETURNING id, url, body, attempts, created_at
""")

_CALLED = {
    "id": "uuid",
    "status": "text",
    "answer_status": "integer",
    "reason": "text",
    "due_at": "timestamptz",
}
CALLED = text(f"""
    UPDATE outgoing_webhooks SET status = rows.status, answer_status = rows.answer_status, reason = rows.reason,
        due_at = rows.due_at, sent_at = CASE WHEN rows.status = 'sent' THEN CAST(:now AS timestamptz) END
    FROM {unnest(_CALLED)} WHERE outgoing_webhooks.id = rows.id
""")


@dataclass(frozen=True, slots=True)
class Called:
    """What came of one call."""

    status: int | None
    reason: str | None

    @property
    def is_taken(self) -> bool:
        """Any 2xx is a yes."""
        return self.status is not None and 200 <= self.status < 300


def call_due_webhooks(tenant_id: UUID, *, now: datetime) -> int:
    """Call one batch of due webhooks; returns how many were called."""
    with tenant_session(tenant_id) as session:
        claimed = session.execute(
            CLAIM, {"tenant": tenant_id, "now": now, "leased": now + LEASE, "limit": BATCH}
        ).all()
    if not claimed:
        return 0
    secret = webhook_secret(tenant_id)
    with httpx.Client(timeout=TIMEOUT) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda row: _call(client, row, secret, now), claimed))
    rows = [_settled(row, called, now) for row, called in zip(claimed, results, strict=True)]
    with tenant_session(tenant_id) as session:
        session.execute(CALLED, {"now": now, **transpose(_CALLED, rows)})
    taken = sum(called.is_taken for called in results)
    count(Counted.WEBHOOKS_TAKEN, taken)
    count(Counted.WEBHOOKS_REFUSED, len(rows) - taken)
    return len(rows)


def webhook_secret(tenant_id: UUID) -> str:
    """What a tenant's system checks our signatures with, as Standard Webhooks writes secrets."""
    return "whsec_" + base64.b64encode(derived_key(f"webhook:{tenant_id}")).decode()


def sign_webhook(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header (Standard Webhooks, providers 9.3)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.digest(key, f"{webhook_id}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(mac).decode()}"


class Refused(Exception):
    """We do not call this address; the text says why."""


def public_address(url: str) -> str:
    """The IP address to connect to, so that a name cannot change its mind between the check and the call.

    Raises:
        Refused: it is not HTTP, is unknown, or leads into our own network.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused("The address must begin with https://")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, proto=socket.IPPROTO_TCP)
    except OSError as error:
        raise Refused("The name of the server is unknown") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not settings().allow_local_webhooks and any(
        not ipaddress.ip_address(address).is_global for address in addresses
    ):
        raise Refused("The address leads into a private network")
    return addresses[0]


def _call(client: httpx.Client, row: Any, secret: str, now: datetime) -> Called:
    body = as_json({**row.body, "timestamp": row.created_at.isoformat()}).encode()
    timestamp = int(now.timestamp())
    url = httpx.URL(row.url)
    headers = {
        "host": url.netloc.decode(),
        "content-type": "application/json",
        "webhook-id": str(row.id),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign_webhook(secret, str(row.id), timestamp, body),
    }
    try:
        response = client.post(
            url.copy_with(host=public_address(row.url)),
            content=body,
            headers=headers,
            extensions={"sni_hostname": url.host},
        )
    except Refused as refusal:
        return Called(None, str(refusal))
    except httpx.HTTPError as error:
        return Called(None, f"No answer: {error}")
    told = None if response.is_success else f"It answered with HTTP {response.status_code}"
    return Called(response.status_code, told)


def _settled(row: Any, called: Called, now: datetime) -> Sequence[Any]:
    if called.is_taken:
        return row.id, MessageStatus.SENT, called.status, None, now
    if row.attempts > len(WAITS):
        return row.id, MessageStatus.FAILED, called.status, called.reason, now
    return row.id, MessageStatus.QUEUED, called.status, called.reason, now + WAITS[row.attempts - 1]
