"""Importing CSV files of customers and orders: looked at first, taken in chunks, rejected rows kept (C2).

A row is taken whole or not at all. What is not taken stays in `customer_imports` with the reason and its
original values, and can be downloaded, put right and imported again. The same file twice changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import cast, func, select, update
from sqlalchemy.orm import Session

from engine.core.db import tenant_session
from engine.core.errors import NotFound
from engine.core.ids import new_id
from engine.core.tenants import get_tenant
from engine.customers.csv_customers import read_customers, save_customers
from engine.customers.csv_file import CsvFile, read_csv, write_csv
from engine.customers.csv_mapping import (
    PROBLEM_COLUMN,
    ImportKind,
    check_mapping,
    guess_mapping,
    mapping_problems,
)
from engine.customers.csv_orders import read_orders, save_order_records
from engine.customers.csv_reading import Outcome, Read, Reading, RejectedRow, RowProblem, reading_for
from engine.customers.models import CustomerImport

CHUNK = 5_000
SHOWN_ROWS = 10
SHOWN_PROBLEMS = 100

Progress = Callable[[int, int], None]
"""Told after each chunk: records done, records in all."""


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """How one kind of file is read and saved."""

    read: Callable[[CsvFile, Mapping[str, str], Reading], Read[Any]]
    save: Callable[..., Outcome]


FORMATS = {
    ImportKind.CUSTOMERS: ImportFormat(read_customers, save_customers),
    ImportKind.ORDERS: ImportFormat(read_orders, save_order_records),
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would find. `problems` are the first 100; `rejected_rows` counts all rows kept back."""

    columns: Sequence[str]
    rows: Sequence[Mapping[str, str]]
    mapping: Mapping[str, str]
    problems: Sequence[RowProblem]
    total_rows: int
    rejected_rows: int
    encoding: str
    delimiter: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of an import: of customers or orders made, of those already known, and rows not taken."""

    import_id: UUID
    created: int = 0
    updated: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)


def preview_csv(
    kind: ImportKind | str,
    data: bytes,
    *,
    file_name: str,
    now: datetime,
    mapping: Mapping[str, str] | None = None,
    country: str = "IN",
    currency: str = "INR",
    timezone: str = "Asia/Kolkata",
    day_first: bool | None = None,
) -> Preview:
    """Look at a file without writing anything: its columns, what they seem to be, and what is wrong in which row.

    Args:
        mapping: column to field; guessed from the headers by default.
        day_first: whether 05/03 is the 5th of March; by default everywhere but in the United States.

    Raises:
        InvalidFile, TooLarge: the file cannot be read.
    """
    kind = ImportKind(kind)
    file = read_csv(data)
    chosen = dict(guess_mapping(kind, file.columns) if mapping is None else mapping)
    reading = reading_for(country, currency, timezone, now=now, day_first=day_first)
    problems = [RowProblem(1, "", sentence) for sentence in mapping_problems(kind, chosen, file.columns)]
    problems += [
        RowProblem(1, name, "The column had no name, or one that was taken.") for name in file.renamed
    ]
    if file.encoding == "cp1252":
        problems.append(
            RowProblem(1, "", "The file was read as Windows-1252; see whether accents look right.")
        )
    there = {column: name for column, name in chosen.items() if column in file.columns}
    read = FORMATS[kind].read(file, there, reading)
    return Preview(
        columns=file.columns,
        rows=[row.values for row in file.rows[:SHOWN_ROWS]],
        mapping=chosen,
        problems=[*problems, *read.problems][:SHOWN_PROBLEMS],
        total_rows=len(file.rows),
        rejected_rows=len(read.rejected),
        encoding=file.encoding,
        delimiter=file.delimiter,
    )


def import_csv(
    tenant_id: UUID,
    kind: ImportKind | str,
    data: bytes,
    mapping: Mapping[str, str] | None,
    *,
    file_name: str,
    actor: str,
    now: datetime,
    progress: Progress | None = None,
    day_first: bool | None = None,
) -> ImportResult:
    """Import a file. Each chunk of 5,000 commits by itself; after a crash the same file may be imported again.

    Args:
        mapping: column to field (`csv_mapping.FIELDS`), or `attribute`, or empty to pass over; None guesses.

    Raises:
        InvalidFile, TooLarge: the file cannot be read.
        InvalidInput: the mapping does not fit the file, or what must be there is missing.
    """
    kind = ImportKind(kind)
    file = read_csv(data)
    chosen = dict(guess_mapping(kind, file.columns) if mapping is None else mapping)
    check_mapping(kind, chosen, file.columns)
    with tenant_session(tenant_id) as session:
        tenant = get_tenant(session)
        reading = reading_for(tenant.country, tenant.currency, tenant.timezone, now=now, day_first=day_first)
    read = FORMATS[kind].read(file, chosen, reading)
    result = ImportResult(
        _begin(tenant_id, kind, chosen, read.rejected, file_name, actor, now), 0, 0, read.rejected
    )
    for start in range(0, len(read.records), CHUNK):
        chunk = read.records[start : start + CHUNK]
        with tenant_session(tenant_id) as session:
            outcome = FORMATS[kind].save(session, tenant_id, chunk, file_name=file_name, actor=actor, now=now)
            result = _add(session, result, outcome)
        if progress:
            progress(start + len(chunk), len(read.records))
    return result


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One line of the list of imports."""

    id: UUID
    kind: str
    file_name: str
    created: int
    updated: int
    rejected: int
    actor: str
    at: datetime


def list_imports(session: Session, *, limit: int = 20) -> list[ImportRow]:
    """The last imports, the newest first."""
    made = CustomerImport
    rows = session.execute(
        select(
            made.id,
            made.kind,
            made.file_name,
            made.created,
            made.updated,
            func.jsonb_array_length(made.rejected),
            made.actor,
            made.at,
        )
        .order_by(made.at.desc(), made.id.desc())
        .limit(limit)
    )
    return [ImportRow(*row) for row in rows]


def rejected_csv(session: Session, import_id: UUID) -> tuple[str, bytes]:
    """The rows an import did not take, with the reason in a last column: name and contents of a CSV file.

    Raises:
        NotFound: there is no such import.
    """
    made = session.get(CustomerImport, import_id)
    if made is None:
        raise NotFound("There is no such import.")
    rows = [{**dict(each["values"]), PROBLEM_COLUMN: each["reason"]} for each in made.rejected]
    columns = dict.fromkeys(column for row in rows for column in row if column != PROBLEM_COLUMN)
    stem = made.file_name.rsplit(".", 1)[0]
    return f"{stem}-not-imported.csv", write_csv([*columns, PROBLEM_COLUMN], rows)


def _begin(
    tenant_id: UUID,
    kind: ImportKind,
    mapping: Mapping[str, str],
    rejected: Sequence[RejectedRow],
    file_name: str,
    actor: str,
    now: datetime,
) -> UUID:
    """Keep the rejected rows before anything else happens."""
    import_id = new_id()
    with tenant_session(tenant_id) as session:
        session.add(
            CustomerImport(
                id=import_id,
                tenant_id=tenant_id,
                kind=kind.value,
                file_name=file_name.replace("\0", "")[:255],
                mapping=dict(mapping),
                rejected=[each.as_json() for each in rejected],
                actor=actor,
                at=now,
            )
        )
    return import_id


def _add(session: Session, result: ImportResult, outcome: Outcome) -> ImportResult:
    """Write down what a chunk did, in the transaction that did it."""
    made = CustomerImport
    session.execute(
        update(made)
        .where(made.id == result.import_id)
        .values(created=made.created + outcome.created, updated=made.updated + outcome.updated)
    )
    if outcome.rejected:
        more = [each.as_json() for each in outcome.rejected]
        session.execute(
            update(made)
            .where(made.id == result.import_id)
            .values(rejected=made.rejected.op("||")(cast(more, made.rejected.type)))
        )
    return ImportResult(
        result.import_id,
        result.created + outcome.created,
        result.updated + outcome.updated,
        [*result.rejected, *outcome.rejected],
    )
