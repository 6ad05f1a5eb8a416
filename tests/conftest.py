"""Shared ground of the tests: real PostgreSQL and Redis, a database for each module, a tenant for each test.

With `DATABASE_URL` and `REDIS_URL` set, the tests use those servers (the user must be allowed to create
databases and roles); else they start embedded ones in a temporary folder. Either way, each session makes
databases of its own and drops them, so several test runs may go on side by side. `make test` runs three processes
at once, each with a session of its own (`tests/distribution.py`).
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from engine.core import db
from engine.core.accounts import create_tenant
from engine.core.embedded import embedded_servers
from engine.core.settings import settings
from tests.distribution import RoomScheduling, own_redis_database, put_long_files_first

DATABASE_NUMBERS = count(1)
TENANT_NUMBERS = count(1)
TEMPORARY_ROOT = "PYTEST_DEBUG_TEMPROOT"


def pytest_configure(config: pytest.Config) -> None:
    """Keep `tmp_path` in a folder of this run: whenever any pytest starts, it closes the common one to other users,
    and PostgreSQL, which runs as one of these when root tests, loses the way to its data."""
    if TEMPORARY_ROOT not in os.environ:
        os.environ[TEMPORARY_ROOT] = tempfile.mkdtemp(prefix="safar-tmp-")
        config.add_cleanup(_remove_temporary_root)


def _remove_temporary_root() -> None:
    shutil.rmtree(os.environ.pop(TEMPORARY_ROOT), ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, long files come first, so that all end together."""
    if hasattr(config, "workerinput"):
        put_long_files_first(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> RoomScheduling:
    """How tests are handed out to several processes (`make test`)."""
    return RoomScheduling(config, log)


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses of the session's servers."""

    database_url: str
    redis_url: str


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Redis: those of the environment, else embedded ones for this session."""
    database_url, redis_url = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    if database_url and redis_url:
        yield Servers(database_url, own_redis_database(redis_url))
        return
    folder = Path(tempfile.mkdtemp(prefix="safar-test-"))
    try:
        with embedded_servers(folder, durable=False) as running:
            own_redis = own_redis_database(redis_url) if redis_url else running.redis_url
            yield Servers(database_url or running.database_url, own_redis)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(servers: Servers) -> Iterator[URL]:
    """A migrated database that nobody connects to; the tests' databases are copies of it."""
    url = make_url(servers.database_url).set(database=f"safar_test_{os.getpid()}_template")
    _on_server(servers, f'CREATE DATABASE "{url.database}"')
    _use(url)
    db.migrate()
    _leave()
    yield url
    _drop(servers, url)


@pytest.fixture(scope="session")
def copy_database(servers: Servers, template_database: URL) -> Iterator[Callable[[], URL]]:
    """Makes one more database like the template; for fixtures and tests that need one for themselves."""
    copies: list[URL] = []

    def copy() -> URL:
        url = template_database.set(database=f"safar_test_{os.getpid()}_{next(DATABASE_NUMBERS)}")
        _on_server(servers, f'CREATE DATABASE "{url.database}" TEMPLATE "{template_database.database}"')
        copies.append(url)
        return url

    yield copy
    for url in copies:
        _drop(servers, url)


@pytest.fixture(scope="module")
def database(servers: Servers, copy_database: Callable[[], URL]) -> Iterator[str]:
    """The owner's address of a fresh, migrated database for one module; `engine.core.db` works on it."""
    url = copy_database()
    _use(url)
    db.migrate()  # no revision is left to run: this makes the application role of this database
    yield url.render_as_string(hide_password=False)
    _leave()
    _drop(servers, url)


@pytest.fixture
def redis_url(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An emptied Redis, also named by `REDIS_URL` while the test runs."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.flushdb()
    monkeypatch.setenv("REDIS_URL", servers.redis_url)
    settings.cache_clear()
    yield servers.redis_url
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def tenant(database: str) -> UUID:
    """A new tenant of its own for each test: "Studio N", Asia/Kolkata, INR, default settings."""
    number = next(TENANT_NUMBERS)
    return create_tenant(f"studio-{number}", f"Studio {number}")


@pytest.fixture
def now() -> datetime:
    """A Monday, 15:30 in India: inside the default send window."""
    return datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def _use(url: URL) -> None:
    os.environ["DATABASE_URL"] = url.render_as_string(hide_password=False)
    settings.cache_clear()


def _leave() -> None:
    db.dispose_engines()
    del os.environ["DATABASE_URL"]
    settings.cache_clear()


def _on_server(servers: Servers, *statements: str) -> None:
    address = make_url(servers.database_url).set(drivername="postgresql+psycopg")
    engine = create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _drop(servers: Servers, url: URL) -> None:
    _on_server(
        servers,
        f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)',
        f'DROP ROLE IF EXISTS "{db.app_role(url)}"',
    )
