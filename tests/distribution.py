"""How the tests are spread over several processes (`make test`), and what keeps these apart.

A process takes whole files, since a file's tests share a database. The browser tests are one portion altogether:
they share one running Safar, whose start takes longer than most files. The simulated worlds are many portions,
which fill the end evenly. Databases need no care, their names carry
the process id; on a Redis that all processes share, each has a database of its own.
"""

import os
from urllib.parse import urlsplit

import pytest
from xdist.scheduler import LoadScopeScheduling

BROWSER = "tests/browser/"
WORLDS = "tests/simulation/"
BROWSER_REDIS_DATABASE = 7
"""Redis has 16 unless told otherwise; those after this one are the further processes' own."""


class RoomScheduling(LoadScopeScheduling):
    """Hands out files and portions of worlds in the order of collection, and all browser tests at once."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(WORLDS):
            return nodeid
        return BROWSER if nodeid.startswith(BROWSER) else nodeid.split("::", 1)[0]


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
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return redis_database(url, BROWSER_REDIS_DATABASE + process) if process else url
