"""Reading a request's body without ever holding more of it than is wanted."""

from fastapi import Request

from engine.core.errors import TooLarge


async def read_body(request: Request, most: int) -> bytes:
    """The raw body; reading stops as soon as it is too large.

    Raises:
        TooLarge: more than `most` bytes were announced or came.
    """
    refusal = TooLarge(f"body: is larger than {most:,} bytes.", details={"field": "body"})
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
