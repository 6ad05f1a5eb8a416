"""Orders of a CSV file: rows with one order number are the lines of one order, taken whole or not at all."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from engine.customers.csv_customers import SOURCE, read_own_id
from engine.customers.csv_file import CsvFile, CsvRow
from engine.customers.csv_reading import (
    Outcome,
    Read,
    Reading,
    RejectedRow,
    RowProblem,
    RowReader,
    columns_of,
    reason_of,
    rejected,
)
from engine.customers.csv_values import read_amount, read_moment, read_pieces
from engine.customers.identity import Claim, Owner, look_up
from engine.customers.orders import NewOrder, OrderItem, save_orders
from engine.customers.profiles import Profile, claims_of, read_email, read_phone, save_profiles

LONGEST_STATUS = 16
LONGEST_NAME = 500
STATUSES = {
    "": "placed",
    "canceled": "cancelled",
    "cancel": "cancelled",
    "void": "cancelled",
    "voided": "cancelled",
    "return": "returned",
    "refund": "refunded",
}
"""What shops call a status, if not as we do."""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One row that was read."""

    row: CsvRow
    order_id: str
    who: Profile
    ordered_at: datetime | None
    total_minor: int | None
    currency: str
    status: str
    item: OrderItem | None
    amount_minor: int | None


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order to save, before it is known whose customer id it gets."""

    rows: Sequence[CsvRow]
    order_id: str
    who: Profile
    ordered_at: datetime
    total_minor: int
    currency: str
    status: str
    lines: tuple[OrderItem, ...]


def read_orders(file: CsvFile, mapping: Mapping[str, str], reading: Reading) -> Read[OrderRecord]:
    """Read all rows and put those of one order together; the database is not asked.

    A bad row keeps its whole order back, for its total and lines would be wrong.
    """
    columns = columns_of(mapping)
    found = Read[OrderRecord]()
    orders: dict[str, list[tuple[OrderRow, list[RowProblem]]]] = {}
    for row in file.rows:
        reader = RowReader(row, columns)
        read = _read_row(reader, reading)
        found.problems.extend(reader.problems)
        if read.order_id:
            orders.setdefault(read.order_id, []).append((read, reader.problems))
        else:
            found.rejected.append(rejected(row, reason_of(reader.problems)))
    for order_id, rows in orders.items():
        bad = [problem for _, problems in rows for problem in problems]
        whole = "" if bad else _disagreement([row for row, _ in rows])
        if whole:
            found.problems.append(RowProblem(rows[0][0].row.line, "", whole))
        if bad:
            whole = f"Another row of order {order_id} cannot be read: the one at line {bad[0].row}."
        if whole:
            found.rejected.extend(
                rejected(row.row, reason_of(problems) if problems else whole) for row, problems in rows
            )
        else:
            found.records.append(_record([row for row, _ in rows]))
    found.rejected.sort(key=lambda each: each.row)
    return found


def save_order_records(
    session: Session,
    tenant_id: UUID,
    records: Sequence[OrderRecord],
    *,
    file_name: str,
    actor: str,
    now: datetime,
) -> Outcome:
    """Save orders for the customers they name; who has a phone or e-mail address but is unknown is made (C2)."""
    known = look_up(session, tenant_id, (claim for each in records for claim in claims_of(each.who)))
    strangers = [each for each in records if not _is_known(each, known)]
    nobody = [each for each in strangers if not (each.who.phone or each.who.email)]
    met = [each for each in strangers if each.who.phone or each.who.email]
    saved = save_profiles(
        session, tenant_id, [_introduced(each, known) for each in met], source=SOURCE, now=now
    )
    customers = {each.order_id: who.customer_id for each, who in zip(met, saved, strict=True)}
    for each in records:
        if _is_known(each, known):
            customers[each.order_id] = known[claims_of(each.who)[0]].customer_id
    orders = [_order(each, customers[each.order_id]) for each in records if each.order_id in customers]
    created = save_orders(session, tenant_id, orders, now=now)
    return Outcome(created, len(orders) - created, list(_without_customer(nobody)))


def _is_known(record: OrderRecord, known: Mapping[Claim, Owner]) -> bool:
    """Whether the strongest of the customer's ids is known."""
    return claims_of(record.who)[0] in known


def _introduced(record: OrderRecord, known: Mapping[Claim, Owner]) -> Profile:
    """What to save of an order's customer; the name of somebody known is not changed by an order."""
    who = record.who
    if any(claim in known for claim in claims_of(who)):
        return Profile(user_id=who.user_id, phone=who.phone, email=who.email)
    return who


def _read_row(reader: RowReader, reading: Reading) -> OrderRow:
    order_id = reader.read("order_id", read_own_id) or ""
    if not reader.text("order_id"):
        reader.refuse("order_id", "The order's number is missing, so it could not be told from others")
    currency = reader.read("currency", _read_currency) or reading.currency
    amount = reader.read("amount", lambda v: read_amount(v, currency=currency))
    return OrderRow(
        reader.row,
        order_id,
        _who(reader, reading),
        _ordered_at(reader, reading),
        reader.read("total", lambda v: read_amount(v, currency=currency)),
        currency,
        reader.read("status", _read_status) or "placed",
        _item(reader, amount),
        amount,
    )


def _who(reader: RowReader, reading: Reading) -> Profile:
    phone = reader.read("phone", lambda v: read_phone(v, reading.country))
    email = reader.read("email", read_email)
    name = reader.text("customer_name")[:LONGEST_NAME] or None
    first, _, last = (name or "").partition(" ")
    return Profile(
        user_id=reader.read("external_id", read_own_id),
        phone=phone,
        email=email,
        name=name,
        first_name=first or None,
        last_name=last or None,
    )


def _ordered_at(reader: RowReader, reading: Reading) -> datetime | None:
    moment = reader.read(
        "ordered_at", lambda v: read_moment(v, day_first=reading.day_first, timezone=reading.timezone)
    )
    if moment and moment > reading.now + timedelta(days=1):
        reader.refuse(
            "ordered_at", f"{moment:%d %b %Y} is in the future; perhaps day and month are exchanged"
        )
    return moment


def _item(reader: RowReader, amount_minor: int | None) -> OrderItem | None:
    name = reader.text("item")[:LONGEST_NAME]
    product_id = reader.text("product_id")[:255] or name[:255]
    quantity = reader.read("quantity", read_pieces) or 1
    category = reader.text("category")[:255] or None
    return OrderItem(product_id, name, category, quantity, amount_minor or 0) if product_id else None


def _read_currency(value: str) -> str:
    code = {"₹": "INR", "RS": "INR", "RS.": "INR", "$": "USD", "€": "EUR", "£": "GBP"}.get(
        value.upper(), value.upper()
    )
    if not re.fullmatch("[A-Z]{3}", code):
        raise ValueError("is not a currency; write its code, e.g. INR")
    return code


def _read_status(value: str) -> str:
    word = value.lower()
    status = STATUSES.get(word, word)
    if len(status) > LONGEST_STATUS:
        raise ValueError(
            f"is longer than {LONGEST_STATUS} characters; write e.g. placed, cancelled or returned"
        )
    return status


def _disagreement(rows: Sequence[OrderRow]) -> str:
    """Why these rows cannot be one order; empty when they can."""
    who = [claims_of(row.who)[0] for row in rows if claims_of(row.who)]
    totals = {row.total_minor for row in rows if row.total_minor is not None}
    if not who:
        return "The order names no customer: id, phone and e-mail are all empty."
    if len(set(who)) > 1:
        return "The rows of this order name different customers."
    if all(row.ordered_at is None for row in rows):
        return "The order's date is missing."
    if len(totals) > 1:
        return (
            "The rows of this order have different totals; if the column holds the amount of each row, "
            "choose 'Amount of the row' for it."
        )
    if not totals and all(row.amount_minor is None for row in rows):
        return "The order's total is missing."
    return ""


def _record(rows: Sequence[OrderRow]) -> OrderRecord:
    """The rows of one order, which agree, as that order. A single article cost all of it."""
    total = next((row.total_minor for row in rows if row.total_minor is not None), None)
    if total is None:
        total = sum(row.amount_minor or 0 for row in rows)
    items = [row.item for row in rows if row.item]
    if len(items) == 1 and all(row.amount_minor is None for row in rows):
        only = items[0]
        items = [OrderItem(only.product_id, only.name, only.category, only.quantity, total)]
    first = rows[0]
    return OrderRecord(
        [row.row for row in rows],
        first.order_id,
        next(row.who for row in rows if claims_of(row.who)),
        next(row.ordered_at for row in rows if row.ordered_at is not None),
        total,
        first.currency,
        first.status,
        tuple(items),
    )


def _order(record: OrderRecord, customer_id: UUID) -> NewOrder:
    return NewOrder(
        customer_id,
        record.order_id,
        record.ordered_at,
        record.total_minor,
        record.currency,
        record.status,
        SOURCE,
        record.lines,
    )


def _without_customer(records: Iterable[OrderRecord]) -> Iterable[RejectedRow]:
    for record in records:
        reason = (
            f"No customer has the id '{record.who.user_id}'. Import the customers first, "
            "or add a column with the phone or e-mail address."
        )
        for row in record.rows:
            yield rejected(row, reason)
