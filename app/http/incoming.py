"""What every public door asks of a request: its body, never more of it than is wanted, and where it comes from."""

from ipaddress import ip_address

from fastapi import Request

from engine.core.errors import TooLarge


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
    """The visitor's IP address; None when the server does not know it, e.g. behind a socket."""
    try:
        return str(ip_address(request.client.host)) if request.client else None
    except ValueError:
        return None
