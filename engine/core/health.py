"""What an installation's parts say of themselves, for `safar doctor` and `/healthz`."""

from dataclasses import dataclass

import redis
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from engine.core.db import alembic_config, app_engine, owner_engine
from engine.core.errors import Unavailable
from engine.core.settings import settings

OLDEST_POSTGRES = 15

UNGUARDED_TABLES = text(
    """
    SELECT c.relname FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT c.relrowsecurity
    ORDER BY c.relname
    """
)
ROLE_IS_BOUND = text(
    """
    SELECT NOT (rolsuper OR rolbypassrls) AND NOT EXISTS (
        SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
        WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p'))
    FROM pg_roles r WHERE rolname = current_user
    """
)


@dataclass(frozen=True, slots=True)
class Schema:
    """Where the database stands against the migrations of this version."""

    found: str | None
    newest: str

    @property
    def is_current(self) -> bool:
        """Whether nothing is left to migrate."""
        return self.found == self.newest


def postgres_version() -> tuple[int, int]:
    """The server's version, e.g. (18, 4).

    Raises:
        Unavailable: PostgreSQL cannot be reached; the sentence says why.
    """
    try:
        with owner_engine().connect() as connection:
            number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    except OperationalError as error:
        raise Unavailable(f"PostgreSQL cannot be reached: {_first_line(error)}") from error
    return number // 10000, number % 10000


def schema() -> Schema:
    """Which migration the database has, and which is the newest."""
    newest = ScriptDirectory.from_config(alembic_config()).get_current_head() or ""
    try:
        with owner_engine().connect() as connection:
            found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except ProgrammingError:
        found = None
    return Schema(found, newest)


def role_is_bound() -> bool:
    """Whether row-level security binds the application's role: it may not bypass it and owns no table (F1).

    Raises:
        Unavailable: the role cannot sign in, e.g. since `SAFAR_SECRET_KEY` changed after the migration.
    """
    try:
        with app_engine().connect() as connection:
            return bool(connection.execute(ROLE_IS_BOUND).scalar())
    except OperationalError as error:
        raise Unavailable(f"The application's role cannot sign in: {_first_line(error)}") from error


def unguarded_tables() -> list[str]:
    """Tables with a tenant but without row-level security; must be none (F1)."""
    with owner_engine().connect() as connection:
        return list(connection.execute(UNGUARDED_TABLES).scalars())


def redis_version() -> str:
    """The server's version, e.g. "7.2.4".

    Raises:
        Unavailable: Redis cannot be reached; the sentence says why.
    """
    try:
        with redis.Redis.from_url(settings().redis_url, socket_connect_timeout=3) as client:
            return str(client.info("server")["redis_version"])
    except (redis.RedisError, OSError, ValueError) as error:
        raise Unavailable(f"Redis cannot be reached: {error}") from error


def _first_line(error: OperationalError) -> str:
    return str(error.orig).strip().splitlines()[0]
