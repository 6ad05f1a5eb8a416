"""Customers of a CSV file: each row a profile with consents, taken whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from engine.customers.consent import MARKETING_CHANNELS, ConsentWish, change_consents
from engine.customers.csv_file import CsvFile, CsvRow
from engine.customers.csv_mapping import ATTRIBUTE
from engine.customers.csv_reading import Outcome, Read, Reading, RowReader, columns_of, reason_of, rejected
from engine.customers.csv_values import read_attribute, read_day, read_yes_or_no
from engine.customers.models import ConsentState, Purpose
from engine.customers.profiles import LONGEST_ID, Profile, read_profile, save_profiles

SOURCE = "import"
DAYS = ("birthday", "anniversary")
TRAITS = (
    "phone",
    "email",
    "name",
    "first_name",
    "last_name",
    "language",
    "city",
    "timezone",
    "category",
    "source",
    "tags",
    "interests",
)


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """A row to save; `consents` by channel."""

    row: CsvRow
    profile: Profile
    consents: Mapping[str, bool]


def read_customers(file: CsvFile, mapping: Mapping[str, str], reading: Reading) -> Read[CustomerRecord]:
    """Read all rows; the database is not asked."""
    columns = columns_of(mapping)
    others = [column for column, field in mapping.items() if field == ATTRIBUTE]
    found = Read[CustomerRecord]()
    for row in file.rows:
        reader = RowReader(row, columns)
        record = _read_row(reader, others, reading)
        if reader.problems:
            found.problems.extend(reader.problems)
            found.rejected.append(rejected(row, reason_of(reader.problems)))
        else:
            found.records.append(record)
    return found


def save_customers(
    session: Session,
    tenant_id: UUID,
    records: Sequence[CustomerRecord],
    *,
    file_name: str,
    actor: str,
    now: datetime,
) -> Outcome:
    """Save profiles and what they say of consents; a row about a known customer updates them (C2, C3)."""
    saved = save_profiles(session, tenant_id, [each.profile for each in records], source=SOURCE, now=now)
    wishes = [
        ConsentWish(
            who.customer_id,
            channel,
            Purpose.MARKETING,
            ConsentState.GRANTED if agreed else ConsentState.DENIED,
            SOURCE,
            evidence={"file": file_name, "line": record.row.line},
        )
        for record, who in zip(records, saved, strict=True)
        for channel, agreed in record.consents.items()
    ]
    change_consents(session, tenant_id, wishes, actor=actor, now=now)
    created = len({who.customer_id for who in saved if who.is_new})
    return Outcome(created, len(records) - created)


def _read_row(reader: RowReader, others: Sequence[str], reading: Reading) -> CustomerRecord:
    values = reader.row.values
    days = {
        name: reader.read(name, lambda v: read_day(v, day_first=reading.day_first, now=reading.now))
        for name in DAYS
    }
    user_id = reader.read("external_id", read_own_id)
    traits = {name: reader.text(name) for name in TRAITS if reader.text(name)}
    profile, problems = read_profile(
        {**traits, **{name: day for name, day in days.items() if day}},
        country=reading.country,
        user_id=user_id,
    )
    for each in problems:
        reader.refuse(each.field, f"'{each.value[:60]}' {each.message}")
    if not reader.problems and not (user_id or profile.phone or profile.email):
        reader.refuse("", "The row has no phone, e-mail or id, so the customer could never be found again")
    attributes = {column: read_attribute(values[column]) for column in others if values[column]}
    return CustomerRecord(reader.row, replace(profile, attributes=attributes), _consents(reader))


def _consents(reader: RowReader) -> dict[str, bool]:
    said = {channel: reader.read(f"{channel}_consent", read_yes_or_no) for channel in MARKETING_CHANNELS}
    return {channel: agreed for channel, agreed in said.items() if agreed is not None}


def read_own_id(value: str) -> str:
    """An id of the tenant's own.

    Raises:
        ValueError: it is too long.
    """
    if len(value) > LONGEST_ID:
        raise ValueError(f"is longer than {LONGEST_ID} characters")
    return value
