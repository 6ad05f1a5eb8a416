"""Arrays reach PostgreSQL as they were, whatever is in them."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from engine.core.bulk import array_literal
from engine.core.db import tenant_session

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.none() | WORDS))
def test_any_words_survive(tenant: UUID, values: list[str | None]) -> None:
    assert read_back(tenant, "text", values) == values


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("uuid", [UUID(int=7), None]),
        ("timestamptz", [datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC)]),
        ("date", [date(2026, 3, 2)]),
        ("boolean", [True, False, None]),
        ("bigint", [-(2**40), 0]),
        ("text", ["NULL", "{a}", "a,b", ' "x" \\ ', ""]),
    ],
)
def test_each_kind_survives(tenant: UUID, kind: str, values: list[Any]) -> None:
    assert read_back(tenant, kind, values) == values


def read_back(tenant: UUID, kind: str, values: list[Any]) -> list[Any]:
    with tenant_session(tenant) as session:
        statement = text(f"SELECT CAST(:values AS {kind}[])")
        return list(session.execute(statement, {"values": array_literal(values)}).scalar_one())
