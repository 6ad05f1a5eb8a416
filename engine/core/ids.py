"""Ids: UUIDv7 (ordered by time, RFC 9562), and keys derived from what they stand for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from uuid import UUID

import uuid_utils


def _uuid7() -> UUID:
    return UUID(int=uuid_utils.uuid7().int)


_source: Callable[[], UUID] = _uuid7


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return _source()


@contextmanager
def ids_from(source: Callable[[], UUID]) -> Iterator[None]:
    """Take all new ids of this process from `source` meanwhile: simulations that must repeat exactly."""
    global _source
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before


def key_of(*parts: object) -> UUID:
    """A stable 128-bit key of the parts, for idempotency: equal parts give the equal key.

    Parts are joined with a unit separator, so `("a", "bc")` and `("ab", "c")` differ.
    """
    text = "\x1f".join(str(part) for part in parts)
    return UUID(bytes=blake2b(text.encode(), digest_size=16).digest())
