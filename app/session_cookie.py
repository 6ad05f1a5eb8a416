"""The session cookie: its name, and whose pages may use it; for the door that sets it and the UI that reads it."""

from urllib.parse import urlsplit

from engine.core.settings import settings

COOKIE = "safar_session"


def is_own_page(*, origin: str | None, host: str | None) -> bool:
    """Whether a request came from a page of this installation.

    Args:
        origin: the request's `Origin` header; requests that are not a page's have none.
        host: its `Host` header.
    """
    return not origin or urlsplit(origin).netloc in {host, urlsplit(settings().public_url).netloc}
