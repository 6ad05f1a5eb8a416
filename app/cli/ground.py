"""The ground every command stands on: a database and a Redis, the environment's or embedded ones."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from engine.core.embedded import embedded_servers
from engine.core.settings import settings


@contextmanager
def standing_servers() -> Iterator[None]:
    """While this is open, `DATABASE_URL` and `REDIS_URL` name servers, for this process and its children.

    What the environment does not name is served by the embedded servers of `SAFAR_DATA_DIR`, shared with a
    `safar up` that may be running, and stopped at the end unless somebody else uses them.

    Raises:
        Unavailable: an embedded server does not start.
    """
    given = settings()
    if given.database_url and given.redis_url:
        yield
        return
    with embedded_servers(given.data_dir) as servers:
        os.environ["DATABASE_URL"] = given.database_url or servers.database_url
        os.environ["REDIS_URL"] = given.redis_url or servers.redis_url
        settings.cache_clear()
        yield
