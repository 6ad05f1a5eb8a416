"""The pool of connections."""

from uuid import UUID

import pytest
from sqlalchemy import text

from engine.core import db
from engine.core.db import owner_engine, tenant_session


def test_a_connection_that_died_while_it_rested_is_replaced_unseen(
    tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "TRUSTED_SECONDS", 0.0)
    first = _process_of(tenant)
    with owner_engine().begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:process)"), {"process": first})
    assert _process_of(tenant) != first


def test_a_connection_in_steady_use_is_not_asked_each_time(tenant: UUID) -> None:
    first = _process_of(tenant)
    assert _last_statement(first) != "SELECT 1"
    assert _process_of(tenant) == first
    assert _last_statement(first) != "SELECT 1"


def _process_of(tenant: UUID) -> int:
    with tenant_session(tenant) as session:
        return int(session.scalar(text("SELECT pg_backend_pid()")) or 0)


def _last_statement(process: int) -> str:
    with owner_engine().connect() as connection:
        query = text("SELECT query FROM pg_stat_activity WHERE pid = :process")
        return str(connection.scalar(query, {"process": process}))
