"""Gift cards: given to customers, looked up, spent to the last coin and never beyond (O2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from engine.core.bulk import insert_many, unnest
from engine.core.errors import Code, InvalidInput, NotFound, SafarError
from engine.core.ids import key_of, new_id
from engine.core.tenants import get_tenant, today_of
from engine.customers.models import Customer
from engine.events.record import NewEvent, record
from engine.offers.codes import GIFT_CARD_LENGTH, draw_code, insert_once, tidy
from engine.offers.granting import SOURCE
from engine.offers.models import GiftCard, GiftCardEntry
from engine.offers.words import amount_words, day_words

GRANTED, REDEEMED = "gift_card.granted", "gift_card.redeemed"
LARGEST_PAGE = 200


class GiftCardRefused(SafarError):
    """A gift card has expired, or less is left on it than was asked for; `details` hold the balance."""

    code = Code.GIFT_CARD_REFUSED
    status = 409


@dataclass(frozen=True, slots=True)
class GiftCardGrant:
    """A gift card for a customer, in minor units of the tenant's currency; the rest as of `granting.Grant`."""

    dedupe_key: UUID
    customer_id: UUID
    amount_minor: int
    valid_days: int | None = None
    enrolment_id: UUID | None = None
    node_id: str | None = None
    visit: int | None = None


_NEW = {
    "id": "uuid",
    "dedupe_key": "uuid",
    "customer_id": "uuid",
    "code": "text",
    "amount_minor": "bigint",
    "enrolment_id": "uuid",
    "node_id": "text",
    "visit": "integer",
    "valid_until": "date",
}

GIVE = text(f"""
    INSERT INTO gift_cards (tenant_id, id, dedupe_key, customer_id, code, currency, initial_minor, balance_minor,
        enrolment_id, node_id, visit, valid_until, created_at)
    SELECT :tenant, rows.id, rows.dedupe_key, coalesce(customer.merged_into, customer.id), rows.code, :currency,
        rows.amount_minor, rows.amount_minor, rows.enrolment_id, rows.node_id, rows.visit, rows.valid_until, :now
    FROM {unnest(_NEW)}
    JOIN customers customer ON customer.id = rows.customer_id AND customer.erased_at IS NULL
    ON CONFLICT DO NOTHING
    RETURNING id, dedupe_key, customer_id, code, initial_minor, valid_until
""")

_ENTRIES = {
    "id": "uuid",
    "tenant_id": "uuid",
    "gift_card_id": "uuid",
    "amount_minor": "bigint",
    "balance_minor": "bigint",
    "at": "timestamptz",
}


def grant_gift_cards(
    session: Session, tenant_id: UUID, grants: Sequence[GiftCardGrant], *, now: datetime
) -> int:
    """Give customers gift cards, each once by its key, with `gift_card.granted` for each; returns how many were new.

    Customers who were merged stand for who took over, who was erased gets none.
    """
    today, currency = today_of(session, now), get_tenant(session).currency
    wishes = {each.dedupe_key: partial(_row, each, today) for each in grants}
    values = {"now": now, "currency": currency}
    new = insert_once(session, tenant_id, "gift_cards", GIVE, _NEW, wishes, values)
    lines = [(new_id(), tenant_id, row.id, row.initial_minor, row.initial_minor, now) for row in new]
    insert_many(session, "gift_card_entries", _ENTRIES, lines)
    events = [
        _event(
            GRANTED,
            row.customer_id,
            row.code,
            {
                "amount": amount_words(row.initial_minor, currency),
                "valid_until": row.valid_until and row.valid_until.isoformat(),
            },
            row.dedupe_key,
            now,
        )
        for row in new
    ]
    record(session, tenant_id, events, now=now)
    return len(new)


@dataclass(frozen=True, slots=True)
class GiftCardRow:
    """A gift card as lists and tills see it; amounts in minor units of `currency`."""

    id: UUID
    code: str
    customer_id: UUID
    customer_name: str
    currency: str
    initial_minor: int
    balance_minor: int
    valid_until: date | None
    created_at: datetime


_SHOWN = (
    GiftCard.id,
    GiftCard.code,
    GiftCard.customer_id,
    Customer.name,
    GiftCard.currency,
    GiftCard.initial_minor,
    GiftCard.balance_minor,
    GiftCard.valid_until,
    GiftCard.created_at,
)


def list_gift_cards(
    session: Session, *, search: str = "", customer_id: UUID | None = None, page: int = 1, size: int = 50
) -> tuple[list[GiftCardRow], int]:
    """One page of gift cards, the newest first, and how many there are; `search` looks in codes and names."""
    size = min(size, LARGEST_PAGE)
    wanted: list[ColumnElement[bool]] = []
    if search.strip():
        by_code = GiftCard.code.startswith(tidy(search), autoescape=True)
        wanted.append(by_code | Customer.name.icontains(search.strip(), autoescape=True))
    if customer_id is not None:
        wanted.append(GiftCard.customer_id == customer_id)
    joined = select(*_SHOWN).join(Customer, Customer.id == GiftCard.customer_id).where(*wanted)
    total = session.scalar(select(func.count()).select_from(joined.subquery())) or 0
    rows = joined.order_by(GiftCard.created_at.desc(), GiftCard.id.desc())
    found = session.execute(rows.offset((page - 1) * size).limit(size))
    return [GiftCardRow(*row) for row in found], total


def find_gift_card(session: Session, code: str) -> GiftCardRow:
    """The gift card with this code, as people type it.

    Raises:
        NotFound: there is none.
    """
    query = select(*_SHOWN).join(Customer, Customer.id == GiftCard.customer_id)
    row = session.execute(query.where(GiftCard.code == _tidy(code))).one_or_none()
    if row is None:
        raise _unknown()
    return GiftCardRow(*row)


@dataclass(frozen=True, slots=True)
class Spent:
    """What was taken off a gift card for an order, and what is left; `is_new` False: it was taken off before."""

    code: str
    order_id: str
    amount_minor: int
    balance_minor: int
    is_new: bool


def redeem_gift_card(
    session: Session, tenant_id: UUID, code: str, *, amount_minor: int, order_id: str, now: datetime
) -> Spent:
    """Take an amount off a gift card, once for each order, and record `gift_card.redeemed`.

    The card's row is locked, so two tills never spend the same money.

    Raises:
        NotFound: there is no such gift card.
        InvalidInput: the amount is not above zero, or differs from what this order took off before.
        GiftCardRefused: it has expired, or too little is left on it.
    """
    if amount_minor <= 0:
        raise InvalidInput("amount_minor: must be above zero.", details={"field": "amount_minor"})
    card = session.scalars(
        select(GiftCard).where(GiftCard.code == _tidy(code)).with_for_update()
    ).one_or_none()
    if card is None:
        raise _unknown()
    before = session.scalars(
        select(GiftCardEntry).where(GiftCardEntry.gift_card_id == card.id, GiftCardEntry.order_id == order_id)
    ).one_or_none()
    if before is not None:
        return _as_before(card, before, amount_minor)
    _check(card, amount_minor, today_of(session, now))
    card.balance_minor -= amount_minor
    session.add(
        GiftCardEntry(
            tenant_id=tenant_id,
            gift_card_id=card.id,
            amount_minor=-amount_minor,
            balance_minor=card.balance_minor,
            order_id=order_id,
            at=now,
        )
    )
    session.flush()
    told = {
        "amount": amount_words(amount_minor, card.currency),
        "left": amount_words(card.balance_minor, card.currency),
        "order_id": order_id,
    }
    event = _event(REDEEMED, card.customer_id, card.code, told, key_of(card.id, order_id), now)
    record(session, tenant_id, [event], now=now)
    return Spent(card.code, order_id, amount_minor, card.balance_minor, True)


def gift_card_entries(session: Session, gift_card_id: UUID) -> list[GiftCardEntry]:
    """The ledger of a card, the newest line first."""
    query = select(GiftCardEntry).where(GiftCardEntry.gift_card_id == gift_card_id)
    return list(session.scalars(query.order_by(GiftCardEntry.at.desc(), GiftCardEntry.id.desc())))


def _as_before(card: GiftCard, before: GiftCardEntry, amount_minor: int) -> Spent:
    if -before.amount_minor != amount_minor:
        took = amount_words(-before.amount_minor, card.currency)
        raise InvalidInput(
            f"order_id: {took} were taken off for this order already. Give each payment a number of its own.",
            details={"field": "order_id", "amount_minor": -before.amount_minor},
        )
    return Spent(card.code, before.order_id or "", amount_minor, card.balance_minor, False)


def _check(card: GiftCard, amount_minor: int, today: date) -> None:
    details = {"balance_minor": card.balance_minor, "currency": card.currency}
    if card.valid_until is not None and card.valid_until < today:
        raise GiftCardRefused(
            f"This gift card was good until {day_words(card.valid_until)}.",
            details={**details, "reason": "expired"},
        )
    if amount_minor > card.balance_minor:
        raise GiftCardRefused(
            f"Only {amount_words(card.balance_minor, card.currency)} are left on this gift card.",
            details={**details, "reason": "too_little_left"},
        )


def _row(grant: GiftCardGrant, today: date) -> tuple[Any, ...]:
    return (
        new_id(),
        grant.dedupe_key,
        grant.customer_id,
        draw_code(GIFT_CARD_LENGTH),
        grant.amount_minor,
        grant.enrolment_id,
        grant.node_id,
        grant.visit,
        today + timedelta(days=grant.valid_days) if grant.valid_days else None,
    )


def _event(
    name: str, customer_id: UUID, code: str, told: dict[str, Any], key: UUID, now: datetime
) -> NewEvent:
    said = {"code": code, **{field: value for field, value in told.items() if value is not None}}
    return NewEvent(customer_id, name, "track", SOURCE, said, {}, now, key_of(name, key))


def _tidy(code: str) -> str:
    return tidy(code).replace("-", "")


def _unknown() -> NotFound:
    return NotFound(
        "There is no gift card with this code. Read it again: it has neither 0 and O nor 1, I and L."
    )
