"""Row-level security: with the application's role, no table shows or takes another tenant's rows (F1)."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import ProgrammingError

from engine.core.accounts import create_tenant
from engine.core.db import app_engine, open_session, owner_engine, tenant_session
from engine.core.ids import new_id
from engine.core.models import Tenant

FREE = {"alembic_version"}


def tenant_column(table: str) -> str:
    return "id" if table == "tenants" else "tenant_id"


def all_tables() -> list[str]:
    """Every table of the schema as it stands, partitions included."""
    return sorted(set(inspect(owner_engine()).get_table_names()) - FREE)


def fill(table: str, tenant: UUID) -> None:
    """One row of this table for the tenant, written by the owner with checks of foreign keys off."""
    columns = {column["name"]: column for column in inspect(owner_engine()).get_columns(table)}
    values: dict[str, str] = {}
    for name, column in columns.items():
        if name == tenant_column(table):
            values[name] = f"'{tenant}'"
        elif not column["nullable"] and column["default"] is None and not column.get("identity"):
            values[name] = sample(str(column["type"]))
    with owner_engine().begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(
            text(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})")
        )


def sample(kind: str) -> str:
    unique = str(new_id())
    samples = {
        "UUID": f"'{unique}'",
        "TIMESTAMP": "now()",
        "DATE": "'2026-01-01'",
        "JSONB": "'{}'",
        "INTEGER": "1",
        "SMALLINT": "1",
        "BIGINT": "1",
        "BOOLEAN": "true",
        "BYTEA": "'x'",
        "TEXT": f"'{unique}'",
        "ARRAY": "'{}'",
    }
    if kind.startswith("VARCHAR"):
        length = int(kind.removeprefix("VARCHAR(").removesuffix(")") or 36) if "(" in kind else 36
        return f"'{unique[-min(length, 36) :]}'"
    return samples[kind.split("(", maxsplit=1)[0].split("[", maxsplit=1)[0]]


@pytest.fixture
def two_tenants(database: str) -> tuple[UUID, UUID]:
    return create_tenant(f"a{new_id().hex[-8:]}", "A"), create_tenant(f"b{new_id().hex[-8:]}", "B")


def test_every_table_is_under_row_level_security(database: str) -> None:
    with owner_engine().connect() as connection:
        loose = connection.scalars(
            text("""SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
                    WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relrowsecurity""")
        ).all()
    assert set(loose) <= FREE


def test_no_table_shows_or_takes_another_tenants_rows(two_tenants: tuple[UUID, UUID]) -> None:
    ours, theirs = two_tenants
    walked = 0
    for table in all_tables():
        if table != "tenants":
            for tenant in two_tenants:
                if table != "tenant_settings":
                    fill(table, tenant)
        column = tenant_column(table)
        with tenant_session(ours) as session:
            seen = set(session.scalars(text(f"SELECT DISTINCT {column} FROM {table}")))
            assert seen == {ours}, table
            changed: Any = session.execute(
                text(f"UPDATE {table} SET {column} = {column} WHERE {column} = :theirs"), {"theirs": theirs}
            )
            deleted: Any = session.execute(
                text(f"DELETE FROM {table} WHERE {column} = :theirs"), {"theirs": theirs}
            )
            assert (changed.rowcount, deleted.rowcount) == (0, 0), table
        with pytest.raises(ProgrammingError, match="row-level security"), tenant_session(ours) as session:
            session.execute(text(f"UPDATE {table} SET {column} = :theirs"), {"theirs": theirs})
        walked += 1
    assert walked > 35


def test_without_a_tenant_nothing_is_visible(two_tenants: tuple[UUID, UUID]) -> None:
    with open_session() as session:
        assert session.scalars(select(Tenant)).all() == []


def test_the_applications_role_cannot_bypass_it(database: str) -> None:
    with app_engine().connect() as connection:
        role = connection.execute(
            text("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        ).one()
        owned = connection.scalar(text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user"))
    assert tuple(role) == (False, False, False) and owned == 0
    for statement in ("SET ROLE postgres", "ALTER TABLE customers DISABLE ROW LEVEL SECURITY"):
        with pytest.raises(ProgrammingError), app_engine().begin() as connection:
            connection.execute(text(statement))


def test_the_scope_ends_with_its_transaction(two_tenants: tuple[UUID, UUID]) -> None:
    with tenant_session(two_tenants[0]):
        pass
    with app_engine().connect() as connection:
        assert not connection.scalar(text("SELECT current_setting('safar.tenant', true)"))
