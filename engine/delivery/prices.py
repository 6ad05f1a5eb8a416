"""What a message costs a tenant: its own prices, else the usual ones (D6). Money is in millionths of the major unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from babel.numbers import format_currency, get_currency_precision
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.channels.rates import (
    ANYWHERE,
    Rate,
    categories_of,
    category_of,
    country_of,
    default_currency,
    default_rates,
)
from engine.core.audit import record_audit
from engine.core.bulk import insert_many
from engine.core.errors import InvalidInput
from engine.customers.consent import ADDRESS_COLUMN
from engine.delivery.models import MessageRate

MICRO_DIGITS = 6
DEAREST_MICRO = 1_000_000_000
"""A thousand of the major unit for one message is a slip of the pen."""

MOST_RATES = 2_000

Place = tuple[str, str, str]
"""`(channel, category, country)`."""


@dataclass(frozen=True, slots=True)
class Prices:
    """A tenant's prices on one day. `own` goes before `usual`, a country before all others."""

    currency: str
    own: Mapping[Place, int]
    usual: Mapping[Place, int]

    def price(self, channel: str, purpose: str, address: str | None) -> int:
        """What a message to this address costs, in micro-units; 0 where no price is known."""
        is_called = address and ADDRESS_COLUMN.get(channel) == "phone"
        return self.price_in(country_of(address) if address and is_called else ANYWHERE, channel, purpose)

    def price_in(self, country: str, channel: str, purpose: str) -> int:
        """What a message to a number of this country costs; other addresses are of no country."""
        category = category_of(channel, purpose)
        places = (channel, category, country), (channel, category, ANYWHERE)
        for prices in (self.own, self.usual):
            for place in places:
                if place in prices:
                    return prices[place]
        return 0


@dataclass(frozen=True, slots=True)
class RateRow:
    """A price as lists show it; `is_own` when the tenant entered it."""

    channel: str
    category: str
    country: str
    price_micro: int
    is_own: bool


def load_prices(session: Session, *, currency: str, on: date) -> Prices:
    """The session's tenant's prices, in one query. The usual ones are in rupees and help nobody else."""
    usual = default_rates(on).items() if currency == default_currency() else ()
    own = session.execute(
        select(MessageRate.channel, MessageRate.category, MessageRate.country, MessageRate.price_micro)
    )
    return Prices(
        currency,
        {(row.channel, row.category, row.country): row.price_micro for row in own},
        {place: rate.price_micro for place, rate in usual},
    )


def list_rates(prices: Prices) -> list[RateRow]:
    """All prices in force, the own ones in place of the usual."""
    merged = {**prices.usual, **prices.own}
    return [RateRow(*place, merged[place], place in prices.own) for place in sorted(merged)]


def set_rates(session: Session, tenant_id: UUID, rates: Sequence[Rate], *, actor: str, now: datetime) -> None:
    """Replace the tenant's own prices by these; what is not among them costs the usual again.

    Raises:
        InvalidInput: names the rate and the field that is wrong.
    """
    if len(rates) > MOST_RATES:
        raise InvalidInput(f"rates: at most {MOST_RATES}.", details={"field": "rates"})
    for number, rate in enumerate(rates):
        _demand_possible(rate, f"rates.{number}")
    session.execute(delete(MessageRate))
    rows = {(tenant_id, each.channel, each.category, each.country): each.price_micro for each in rates}
    insert_many(session, "message_rates", _RATE, [(*place, price) for place, price in rows.items()])
    details = {"rates": len(rows)}
    record_audit(session, tenant_id, actor, "rates.changed", str(tenant_id), details, now=now)


_RATE = {
    "tenant_id": "uuid",
    "channel": "text",
    "category": "text",
    "country": "text",
    "price_micro": "bigint",
}


def _demand_possible(rate: Rate, name: str) -> None:
    possible = categories_of(rate.channel)
    if rate.category not in possible:
        raise InvalidInput(
            f"{name}.category: {rate.channel} knows {' and '.join(possible)}.",
            details={"field": f"{name}.category"},
        )
    is_code = len(rate.country) == 2 and rate.country.isascii() and rate.country.isupper()
    if rate.country != ANYWHERE and not is_code:
        raise InvalidInput(
            f"{name}.country: use a code like IN, or * for all others.", details={"field": f"{name}.country"}
        )
    if not 0 <= rate.price_micro <= DEAREST_MICRO:
        raise InvalidInput(
            f"{name}.price_micro: use millionths, from 0 to {DEAREST_MICRO} (1000.00 for one message).",
            details={"field": f"{name}.price_micro"},
        )


def micro_of(minor: int, currency: str) -> int:
    """Minor units (paise, cents) as micro-units."""
    return minor * int(10 ** (MICRO_DIGITS - get_currency_precision(currency)))


def micro_words(micro: int, currency: str) -> str:
    """`₹499.80`."""
    return format_currency(Decimal(micro) / 10**MICRO_DIGITS, currency, locale="en_IN")
