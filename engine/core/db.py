"""The door to PostgreSQL: every transaction is one tenant's, enforced by row-level security below the code.

Two roles use the database. The *owner* (the user of `DATABASE_URL`) migrates. The *application role*, made by
`migrate`, is what every process connects as: it owns nothing, cannot bypass row-level security, and sees the
rows of the tenant named by the transaction's `safar.tenant` setting and no others (requirement F1).
What must look across tenants (sign-in, keys, "who has due work") are a few functions of the owner, listed in
`engine/core/doors.py`.
"""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import orjson
import psycopg
from alembic import command
from alembic.config import Config
from psycopg.types.json import set_json_loads
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.event import listen
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session

from engine.core.errors import SettingsError
from engine.core.settings import settings

set_json_loads(orjson.loads)

PREPARED = 1_000
"""Statements each connection keeps planned."""

TRUSTED_SECONDS = 2.0
"""How long a connection counts as alive after it was used; one that rested longer is asked before it is used."""

PROJECT = Path(__file__).resolve().parents[2]


def owner_url(database_url: str | None = None) -> URL:
    """The owner's address with the psycopg 3 driver.

    Raises:
        SettingsError: `DATABASE_URL` is empty (the embedded server is started by `safar up`) or unreadable.
    """
    address = database_url or settings().database_url
    if not address:
        raise SettingsError("DATABASE_URL is not set. Run `safar up`, or name a PostgreSQL server in it.")
    url = make_url(address)
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise SettingsError("DATABASE_URL must name a PostgreSQL server, e.g. postgresql://user@host/safar.")
    return url.set(drivername="postgresql+psycopg")


def app_role(url: URL) -> str:
    """The application role's name: one for each database of a server."""
    return f"{url.database}_app"


def app_password(role: str) -> str:
    """The application role's password, derived so that no second secret must be kept."""
    return hmac.new(settings().secret_key.encode(), f"role:{role}".encode(), "sha256").hexdigest()


def app_url(database_url: str | None = None) -> URL:
    """The application role's address."""
    url = owner_url(database_url)
    role = app_role(url)
    return url.set(username=role, password=app_password(role))


@lru_cache
def _engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=16,
        max_overflow=16,
        pool_recycle=1800,
        json_deserializer=orjson.loads,
        connect_args={"application_name": "safar", "options": "-c timezone=UTC"},
    )
    listen(engine, "connect", _prepare_more)
    listen(engine, "checkin", _note_use)
    listen(engine, "checkout", _ask_if_rested)
    return engine


def _prepare_more(connection: Any, record: Any) -> None:
    """A worker knows some hundreds of statements; with psycopg's 100, each would push out another all the time."""
    connection.prepared_max = PREPARED


def _note_use(connection: Any, record: Any) -> None:
    record.info["used_at"] = monotonic()


def _ask_if_rested(connection: Any, record: Any, proxy: Any) -> None:
    """The pool's own ping would cost a busy worker one round trip in five.

    Raises:
        DisconnectionError: the server has gone or came back; the pool tries another connection.
    """
    if monotonic() - record.info.get("used_at", monotonic()) < TRUSTED_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as error:
        raise DisconnectionError from error


def app_engine() -> Engine:
    """The pool of the application role, one for each process."""
    return _app_engine(settings().database_url)


@lru_cache
def _app_engine(database_url: str) -> Engine:
    return _engine(app_url(database_url))


def owner_engine(database_url: str | None = None) -> Engine:
    """The owner's pool: migrations, tests and `safar doctor`; never the application."""
    return _engine(owner_url(database_url))


def dispose_engines() -> None:
    """Close every pool, e.g. before a test switches to another database."""
    for engine in (app_engine(), owner_engine()):
        engine.dispose()
    _engine.cache_clear()
    _app_engine.cache_clear()


@contextmanager
def tenant_session(tenant_id: UUID) -> Iterator[Session]:
    """A transaction in which only this tenant's rows exist; commits at the end, rolls back on an error."""
    with Session(app_engine(), expire_on_commit=False) as session, session.begin():
        scope(session, tenant_id)
        yield session


@contextmanager
def reading_session(tenant_id: UUID) -> Iterator[Session]:
    """As `tenant_session`, but PostgreSQL refuses every write, and all of it sees the tenant as at its beginning."""
    calm = app_engine().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with Session(calm, expire_on_commit=False) as session, session.begin():
        scope(session, tenant_id)
        yield session


@contextmanager
def open_session() -> Iterator[Session]:
    """A transaction without a tenant: no tenant's rows exist in it, only the functions of `doors.py` work."""
    with Session(app_engine()) as session, session.begin():
        yield session


def scope(session: Session, tenant_id: UUID) -> None:
    """Name the tenant for the rest of the session's current transaction (again after each commit)."""
    session.execute(text("SELECT set_config('safar.tenant', :tenant, true)"), {"tenant": str(tenant_id)})


def alembic_config(database_url: str | None = None) -> Config:
    """Alembic's configuration, usable from any working directory."""
    config = Config(str(PROJECT / "alembic.ini"))
    config.set_main_option("script_location", str(PROJECT / "alembic"))
    url = owner_url(database_url).render_as_string(hide_password=False)
    config.attributes["url"] = url
    return config


def migrate(database_url: str | None = None) -> None:
    """Bring the schema to the newest revision and see to it that the application role exists and may work.

    Safe to run from several machines at once: an advisory lock lets one migrate while the others wait.
    """
    with owner_engine(database_url).connect() as lock:
        lock.execute(text("SELECT pg_advisory_lock(727001)"))
        try:
            command.upgrade(alembic_config(database_url), "head")
            _grant(owner_url(database_url), database_url)
        finally:
            lock.execute(text("SELECT pg_advisory_unlock(727001)"))


def _grant(url: URL, database_url: str | None) -> None:
    role = app_role(url)
    with owner_engine(database_url).begin() as connection:
        known = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
        verb = "ALTER" if known else "CREATE"
        connection.exec_driver_sql(
            f'{verb} ROLE "{role}" LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE '
            f"PASSWORD '{app_password(role)}'"
        )
        for grant in (
            f'GRANT USAGE ON SCHEMA public TO "{role}"',
            f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{role}"',
            f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{role}"',
            f'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO "{role}"',
            f'REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM "{role}"',
        ):
            connection.exec_driver_sql(grant)
