"""Set-based writes: many rows in one statement through `unnest`, far cheaper than one by one (design decision 3)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

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


def transpose(columns: dict[str, str], rows: Sequence[Sequence[Any]]) -> dict[str, str]:
    """Rows, in the order of `columns`, as one array literal a column: the parameters of `unnest`.

    Literals are written here because the driver writes arrays an element at a time, which took most of a batch.
    """
    lists = zip(*rows, strict=True) if rows else ([] for _ in columns)
    return {name: array_literal(values) for name, values in zip(columns, lists, strict=True)}


def array_literal(values: Iterable[Any]) -> str:
    """PostgreSQL's text form of an array (manual 8.15.2), for a parameter that is cast: `CAST(:ids AS uuid[])`."""
    elements = tuple(values)
    if elements and all(value is elements[0] for value in elements):
        return "{" + ",".join([_literal(elements[0])] * len(elements)) + "}"
    return "{" + ",".join([_LITERALS.get(type(value), _quoted)(value) for value in elements]) + "}"


def _literal(value: Any) -> str:
    return _LITERALS.get(type(value), _quoted)(value)


def _quoted(value: Any) -> str:
    text = str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


_LITERALS: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "NULL",
    UUID: lambda value: value.hex,
    datetime: datetime.isoformat,
    date: date.isoformat,
    bool: lambda value: "t" if value else "f",
    int: str,
    float: repr,
}


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
