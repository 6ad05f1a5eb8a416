"""How the tests are spread over several processes (`make test`), and what keeps these apart.

A process takes whole files, since a file's tests share a database. The browser tests are two portions: those of
one share a running Safar, whose start takes longer than most files. The simulated worlds are many portions, which
fill the end evenly. Databases need no care, their names carry the process id; on a Redis that all processes share,
each has a database of its own, and so has each running Safar.
"""

import os
from urllib.parse import urlsplit

import pytest
from xdist.scheduler import LoadScopeScheduling

BROWSER = "tests/browser/"
WORLDS = "tests/simulation/"
BUILDER = "tests/browser/builder/"
REDIS_DATABASES = 16
"""Redis has as many unless told otherwise."""


class RoomScheduling(LoadScopeScheduling):
    """Hands out files and portions of worlds in the order of collection, and browser tests in two portions."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(WORLDS):
            return nodeid
        if nodeid.startswith(BROWSER):
            return BUILDER if nodeid.startswith(BUILDER) else BROWSER
        return nodeid.split("::", 1)[0]


def put_long_files_first(items: list[pytest.Item]) -> None:
    """Sort: the browser tests, the files that have a slow test, the others, the worlds; each as they were."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def place(item: pytest.Item) -> tuple[bool, bool, bool]:
        return item.nodeid.startswith(WORLDS), not item.nodeid.startswith(BROWSER), item.path not in slow

    items.sort(key=place)


def redis_database(url: str, number: int) -> str:
    """Another database of the same Redis."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return parts._replace(path=f"/{number}").geturl()


def own_redis_database(url: str) -> str:
    """The database of this process on a Redis that all share: the first one's is that of the address."""
    return redis_database(url, REDIS_DATABASES - 1 - 2 * _process()) if _process() else url


def redis_database_of_the_app(url: str) -> str:
    """The database of the Safar that runs for this process's browser tests, on a Redis that all share."""
    return redis_database(url, REDIS_DATABASES - 2 - 2 * _process())


def _process() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
