"""Where a visitor comes from: what a proxy of our own says, never what the visitor says."""

from collections.abc import Iterator

import pytest
from starlette.requests import Request

from app.http.incoming import client_address
from engine.core.settings import settings


@pytest.fixture
def hops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """So many proxies stand in front."""
    monkeypatch.setenv("SAFAR_PROXY_HOPS", str(request.param))
    settings.cache_clear()
    yield request.param
    monkeypatch.undo()
    settings.cache_clear()


def visit(forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return Request({"type": "http", "headers": headers, "client": ("10.0.0.9", 4711)})


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (0, "6.6.6.6", "10.0.0.9"),
        (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (2, "6.6.6.6, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (1, "", "10.0.0.9"),
        (1, "nonsense", None),
    ],
    indirect=["hops"],
)
def test_only_our_own_proxies_are_believed(hops: int, forwarded: str, address: str | None) -> None:
    assert client_address(visit(forwarded)) == address
