"""What every public door asks of a request: its body, never more of it than is wanted, and where it comes from."""

from ipaddress import ip_address

from fastapi import Request

from engine.core.errors import TooLarge
from engine.core.settings import settings


async def read_body(request: Request, most: int, told: str = "") -> bytes:
    """The raw body; reading stops as soon as it is too large. `told` is what a visitor reads then.

    Raises:
        TooLarge: more than `most` bytes were announced or came.
    """
    refusal = TooLarge(told or f"body: is larger than {most:,} bytes.", details={"field": "body"})
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > most:
        raise refusal
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise refusal
        parts.append(part)
    return b"".join(parts)


def client_address(request: Request) -> str | None:
    """The visitor's IP address; None when it is not known, e.g. behind a socket.

    Behind `SAFAR_PROXY_HOPS` proxies of our own it is what the outermost of them wrote into `X-Forwarded-For`;
    what stands further left there, a visitor may have made up.
    """
    hops = settings().proxy_hops
    forwarded = [
        part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()
    ]
    if hops and len(forwarded) >= hops:
        return _as_address(forwarded[-hops])
    return _as_address(request.client.host) if request.client else None


def _as_address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None
