"""One customer in the words of their page: contact card, consents, totals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.pages.customers.told import state_words, tone_of
from app.pages.words import channel_words, language_words, short_moment
from engine.core.errors import NotFound
from engine.customers.consent import MARKETING_CHANNELS
from engine.customers.models import Consent, ConsentState, Customer, Purpose

ATTRIBUTES_SHOWN = 20


@dataclass
class Fact:
    """A line of the contact card; `href` calls or writes to them."""

    label: str
    value: str
    href: str = ""


@dataclass
class ConsentView:
    """What a customer said about a channel."""

    channel: str
    label: str
    state: str
    tone: str
    since: str
    is_granted: bool


@dataclass
class Totals:
    """The figures at the top."""

    orders: str = ""
    spend: str = ""
    last_order: str = ""
    visits: str = ""


def facts_of(customer: Customer, *, identities: list[tuple[str, str]]) -> list[Fact]:
    """The contact card."""
    born = f"{customer.birthday.day} {customer.birthday:%B %Y}" if customer.birthday else ""
    wed = f"{customer.anniversary.day} {customer.anniversary:%B %Y}" if customer.anniversary else ""
    known = (
        Fact("Phone", customer.phone or "", f"tel:{customer.phone}"),
        Fact("E-mail", customer.email or "", f"mailto:{customer.email}"),
        Fact("Language", language_words(customer.language) if customer.language else ""),
        Fact("City", customer.city or ""),
        Fact("Birthday", born),
        Fact("Anniversary", wed),
        Fact("Category", customer.category or ""),
        Fact("Interests", ", ".join(customer.interests)),
        Fact("Came by", (customer.source or "").replace("_", " ")),
        Fact("Own id", customer.external_id or ""),
    )
    others = [
        Fact(f"Other {kind.replace('_', ' ')}", value)
        for kind, value in identities
        if kind in ("phone", "email") and value not in (customer.phone, customer.email)
    ]
    return [fact for fact in (*known, *others) if fact.value]


def attributes_of(attributes: Mapping[str, Any]) -> list[Fact]:
    """The studio's own fields."""
    return [
        Fact(name.replace("_", " "), "yes" if value is True else "no" if value is False else str(value)[:200])
        for name, value in list(attributes.items())[:ATTRIBUTES_SHOWN]
        if value not in (None, "")
    ]


def consents_of(consents: list[Consent], *, now: datetime, timezone: str) -> list[ConsentView]:
    """Marketing consent, channel by channel; no record means no."""
    marketing = {each.channel: each for each in consents if each.purpose == Purpose.MARKETING}
    return [_consent_view(channel, marketing.get(channel), now, timezone) for channel in MARKETING_CHANNELS]


def _consent_view(channel: str, consent: Consent | None, now: datetime, timezone: str) -> ConsentView:
    state = consent.state if consent else ""
    since = ""
    if consent:
        moment = short_moment(consent.changed_at, now=now, timezone=timezone)
        since = f"{moment}, by {consent.source.replace('_', ' ')}"
    return ConsentView(
        channel=channel,
        label=channel_words(channel),
        state=state_words(state) if state else "Never asked",
        tone=tone_of(state),
        since=since,
        is_granted=state == ConsentState.GRANTED,
    )


def customer_id_of(raw: str) -> UUID:
    """The id in the address.

    Raises:
        NotFound: it is none.
    """
    try:
        return UUID(raw)
    except ValueError:
        raise NotFound("There is no such customer. Go back to the list.") from None
