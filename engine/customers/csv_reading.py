"""What the readers of customers and of orders share: how values are meant, and rows that cannot be taken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from engine.customers.csv_file import CsvRow
from engine.customers.csv_mapping import ATTRIBUTE, SKIP

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """How values are meant: whose phone numbers, which money, where clocks stand, which of 05/03 is the day."""

    country: str
    currency: str
    timezone: tzinfo
    day_first: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row cannot be taken; `row` is its line in the file, `column` is empty when it is the whole row."""

    row: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"{self.column}: {self.message}" if self.column else self.message


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not taken, as it was in the file."""

    row: int
    reason: str
    values: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """As it is kept in `customer_imports.rejected`: values in pairs, for `jsonb` forgets the order of keys."""
        return {"row": self.row, "reason": self.reason, "values": list(self.values.items())}


@dataclass(frozen=True)
class Read(Generic[T]):
    """What was found in a file: records to save, and rows that cannot be taken with all their problems."""

    records: list[T] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of records that were saved together."""

    created: int
    updated: int
    rejected: list[RejectedRow] = field(default_factory=list)


def reading_for(
    country: str, currency: str, timezone: str, *, now: datetime, day_first: bool | None = None
) -> Reading:
    """How a tenant's files are read; the day comes first except in the United States, unless said otherwise."""
    first = country != "US" if day_first is None else day_first
    return Reading(country, currency, ZoneInfo(timezone), first, now)


class RowReader:
    """Reads the fields of one row and collects what is wrong with it."""

    def __init__(self, row: CsvRow, columns: Mapping[str, str]) -> None:
        """`columns` holds the column of each field."""
        self.row = row
        self.columns = columns
        self.problems: list[RowProblem] = []
        if row.extra:
            self.refuse(
                "",
                f"The row has {len(row.extra)} value(s) more than there are columns: '{row.extra[0][:40]}'. "
                'Put quotation marks around values with a comma: "Rao, Asha".',
            )

    def text(self, name: str) -> str:
        """The value of a field as it stands; empty when no column fills it."""
        return self.row.values.get(self.columns.get(name, ""), "")

    def read(self, name: str, reader: Callable[[str], T]) -> T | None:
        """The value of a field; None when it is empty, or cannot be read, which is then a problem."""
        value = self.text(name)
        if not value:
            return None
        try:
            return reader(value)
        except ValueError as error:
            self.refuse(name, f"'{value[:60]}' {error}")
            return None

    def refuse(self, name: str, message: str) -> None:
        """Note that the row cannot be taken because of a field, or as a whole when it is empty."""
        self.problems.append(RowProblem(self.row.line, self.columns.get(name, ""), message))


def columns_of(mapping: Mapping[str, str]) -> dict[str, str]:
    """The column of each field, the other way round."""
    return {field: column for column, field in mapping.items() if field not in (ATTRIBUTE, SKIP)}


def rejected(row: CsvRow, reason: str) -> RejectedRow:
    """The row as one that is not taken, with values beyond the last column under names of their own."""
    extra = {f"Column {place}": value for place, value in enumerate(row.extra, start=len(row.values) + 1)}
    return RejectedRow(row.line, reason, {**row.values, **extra})


def reason_of(problems: list[RowProblem]) -> str:
    """All that is wrong with a row, in one text."""
    return " ".join(f"{each}".rstrip(".") + "." for each in problems)
