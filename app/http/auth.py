"""Who calls the REST interface or the ingestion doors: keys turned into a `KeyRef`, once, here.

Looking a key up is a query; it is remembered for a few seconds, so a busy client costs one query now and then
and a revoked key stops within that time.
"""

import base64
import binascii
import time

from fastapi import Request

from engine.core.doors import KeyRef, find_key
from engine.core.errors import Forbidden, Unauthenticated
from engine.core.models import KeyKind

REMEMBER_SECONDS = 5.0

_known: dict[str, tuple[float, KeyRef | None]] = {}


def lookup_key(key: str) -> KeyRef | None:
    """The key's owner, from memory when asked within the last seconds."""
    moment = time.monotonic()
    found = _known.get(key)
    if found and found[0] > moment:
        return found[1]
    if len(_known) > 10_000:
        _known.clear()
    ref = find_key(key)
    _known[key] = (moment + REMEMBER_SECONDS, ref)
    return ref


def api_caller(request: Request) -> KeyRef:
    """FastAPI dependency of `/api/v1`: `Authorization: Bearer <api key>` (interface contract).

    Raises:
        Unauthenticated: no key, or one that is not in force.
        Forbidden: a write key, which may only ingest.
    """
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Unauthenticated("Send `Authorization: Bearer <api key>`; make a key under Settings, API keys.")
    ref = lookup_key(key.strip())
    if ref is None:
        raise Unauthenticated("This API key is not in force. Make a new one under Settings, API keys.")
    if ref.kind is not KeyKind.API:
        raise Forbidden("This is a write key: it may only send events to /v1. Use an API key here.")
    return ref


def basic_user(header: str) -> str | None:
    """The user name of an HTTP Basic header; None when the header is something else."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0] or None
    except (binascii.Error, UnicodeDecodeError):
        return None


def write_caller(authorization: str, body_key: str | None) -> KeyRef:
    """The tenant of an ingestion call: Basic with the write key as user name, or `writeKey` in the body (providers 6).

    Raises:
        Unauthenticated: neither names a write key that is in force.
    """
    key = basic_user(authorization) or body_key
    ref = lookup_key(key) if key else None
    if ref is None or ref.kind is not KeyKind.WRITE:
        raise Unauthenticated("Send your write key as the user name of HTTP Basic, with an empty password.")
    return ref
