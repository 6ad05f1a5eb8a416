"""`/v1`: messages of the Segment specification, as its stock libraries send them (I2, providers 6).

What is answered with 200 is committed. The libraries repeat 429 and 5xx and drop other 4xx, so what can never
be taken is a 400, 401 or 413, and a batch with some bad messages is a 200 that names them.
"""

import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from app.http.auth import write_caller
from app.http.incoming import read_body
from engine.core.clock import utc_now
from engine.core.errors import SafarError, TooLarge
from engine.customers.ingest import Problem, Taken, take
from engine.customers.messages import Kind

LARGEST_CALL = 500 * 1024
"""Bytes of one call, as sent and unpacked (Segment's limit)."""

PREFLIGHT_SECONDS = "86400"

CORS = {"Access-Control-Allow-Origin": "*"}
"""Browsers of any shop may write: the write key in the message decides, no cookie does."""

PREFLIGHT = CORS | {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding, X-Retry-Count",
    "Access-Control-Max-Age": PREFLIGHT_SECONDS,
}

PATHS: dict[str, Kind | None] = {
    **{kind.value: kind for kind in Kind},
    **{kind.value[0]: kind for kind in Kind},
    "batch": None,
    "b": None,
    "import": None,
}
"""The last part of the address, and the kind of message it takes; None for those that take many of all kinds."""

AT_ONCE = CapacityLimiter(4)
"""Calls a process stores at once: more would only take the processor and connections from the UI and each other."""

router = APIRouter(prefix="/v1", tags=["Ingestion"])


def _door(kind: Kind | None) -> Callable[[Request], Awaitable[Response]]:
    async def receive(request: Request) -> Response:
        try:
            authorization = request.headers.get("authorization", "")
            packed = await read_body(request, LARGEST_CALL)
            return await to_thread.run_sync(_answer, authorization, packed, kind, limiter=AT_ONCE)
        except SafarError as error:
            return _json(error.as_json(), error.status)
        except ClientDisconnect:
            return Response(status_code=400)

    return receive


async def preflight(request: Request) -> Response:
    """What a browser asks before it posts JSON to another origin."""
    return Response(status_code=204, headers=PREFLIGHT)


for _name, _kind in PATHS.items():
    router.add_api_route(
        f"/{_name}",
        _door(_kind),
        methods=["POST"],
        summary=f"Take {_kind.value if _kind else 'a batch of'} messages of the Segment specification",
        include_in_schema=len(_name) > 1,
        name=f"ingest_{_name}",
    )
    router.add_api_route(f"/{_name}", preflight, methods=["OPTIONS"], include_in_schema=False)


@router.get("/projects/{write_key}/settings", include_in_schema=False)
async def browser_settings(write_key: str, request: Request) -> Response:
    """What the browser library loads first: where to send, and that there is nobody else to send to."""
    host = f"{request.url.netloc}/v1"
    to_us = {"apiKey": write_key, "apiHost": host, "protocol": request.url.scheme}
    return _json({"integrations": {"Segment.io": to_us}, "plan": {}}, 200)


def _answer(authorization: str, packed: bytes, kind: Kind | None) -> Response:
    """Everything that takes time, in a thread: key, unpacking, parsing, storing."""
    if authorization:
        write_caller(authorization, None)
    body = _parse(_unpack(packed))
    caller = write_caller(authorization, _text(body.get("writeKey")))
    if kind is None:
        items = body.get("batch")
        if not isinstance(items, list):
            raise SafarError("batch: must be a list of messages.", details={"field": "batch"})
        taken = take(caller.tenant_id, items, now=utc_now(), sent_at=body.get("sentAt"))
    else:
        taken = take(caller.tenant_id, [body], now=utc_now(), kind=kind.value)
    return _tell(taken)


def _tell(taken: Taken) -> Response:
    if taken.rejected and not taken.accepted:
        first = taken.rejected[0]
        raise SafarError(f"{first.field}: {first.message}.", details=_listed(taken.rejected))
    answer: dict[str, Any] = {"success": True}
    if taken.rejected:
        answer["rejected"] = _listed(taken.rejected)
    if taken.left_out:
        answer["left_out"] = _listed(taken.left_out)
    return _json(answer, 200)


def _listed(problems: list[Problem]) -> list[dict[str, Any]]:
    return [problem.as_json() for problem in problems]


def _unpack(packed: bytes) -> bytes:
    """The body without gzip, known by its first bytes; never unpacks more than is taken.

    Raises:
        TooLarge: it would become larger than `LARGEST_CALL`.
        SafarError: it ends too early or is damaged.
    """
    if not packed.startswith(b"\x1f\x8b"):
        return packed
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        body = unpacker.decompress(packed, LARGEST_CALL + 1)
    except zlib.error:
        raise SafarError("body: is not proper gzip.", details={"field": "body"}) from None
    if len(body) > LARGEST_CALL:
        raise _too_large()
    if not unpacker.eof:
        raise SafarError("body: the gzip data ends too early.", details={"field": "body"})
    return body


def _parse(body: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise SafarError(f"body: is not JSON ({error.msg}, {where}).", details={"field": "body"}) from None
    if not isinstance(parsed, dict):
        raise SafarError("body: must be a JSON object.", details={"field": "body"})
    return parsed


def _too_large() -> TooLarge:
    return TooLarge(
        f"body: is larger than {LARGEST_CALL:,} bytes; send it in parts.", details={"field": "body"}
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _json(answer: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(answer), status, headers=CORS, media_type="application/json")
