"""Many rows as one parameter: a JSON document that PostgreSQL reads as a set of rows.

For rows with a column that is itself an array, which `bulk.unnest` would flatten, and for columns of JSON.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson


def rowset(columns: dict[str, str], *, name: str = "rows") -> str:
    """`json_to_recordset(CAST(:rows AS json)) AS rows(a uuid, ...)` for `{column: sql type}`, to select from.

    The rows come out in the order in which they went in. Arrays and nested JSON need no further care.
    """
    listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    return f"json_to_recordset(CAST(:{name} AS json)) AS {name}({listed})"


def as_rows(columns: dict[str, str], rows: Iterable[Sequence[Any]]) -> str:
    """The parameter of `rowset`: rows in the order of `columns`; None is NULL.

    Raises:
        TypeError: a value is nested too deeply or is an integer of more than 64 bits.
    """
    said = [
        {column: value for column, value in zip(columns, row, strict=True) if value is not None}
        for row in rows
    ]
    return orjson.dumps(said, default=str).decode()
