"""Set-based writes: many rows in one statement through `unnest`, far cheaper than one by one (design decision 3)."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session


def as_json(value: object) -> str:
    """JSON text for a `jsonb[]` parameter."""
    return orjson.dumps(value, default=str).decode()


def unnest(columns: dict[str, str]) -> str:
    """`unnest(CAST(:a AS uuid[]), ...) AS rows(a, ...)` for `{column: sql type}`, to select or join from."""
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in columns.items())
    return f"unnest({arrays}) AS rows({', '.join(columns)})"


def transpose(columns: dict[str, str], rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """Rows, in the order of `columns`, as one list a column: the parameters of `unnest`."""
    lists = zip(*rows, strict=True) if rows else ([] for _ in columns)
    return dict(zip(columns, map(list, lists), strict=True))


def insert_many(
    session: Session, table: str, columns: dict[str, str], rows: Sequence[Sequence[Any]], *, then: str = ""
) -> CursorResult[Any] | None:
    """Insert rows into `table`; `then` is what follows, e.g. `ON CONFLICT DO NOTHING RETURNING id`.

    Returns None when there are no rows, so that callers need not ask.
    """
    if not rows:
        return None
    names = ", ".join(columns)
    statement = text(f"INSERT INTO {table} ({names}) SELECT {names} FROM {unnest(columns)} {then}")
    result = session.execute(statement, transpose(columns, rows))
    assert isinstance(result, CursorResult)
    return result
