"""Values out of an event's properties, read with care: what cannot be used is named, with what it must be."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from engine.customers.commerce import LONGEST_ID, read_minor
from engine.customers.messages import Unusable, read_moment
from engine.customers.profiles import LONGEST_TEXT

LARGEST_COUNT = 1_000_000_000
"""Sessions or points; whatever is above is a mistake."""

EARLIEST_YEAR, LATEST_YEAR = 1900, 2200

Properties = Mapping[str, Any]


def text_in(properties: Properties, name: str, *, longest: int = LONGEST_TEXT) -> str | None:
    """A text, or a number as a text; None when it is not there or empty.

    Raises:
        Unusable: it is neither, or too long.
    """
    value = properties.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Unusable(name, "must be text")
    words = str(value).strip()
    if len(words) > longest:
        raise Unusable(name, f"must be at most {longest} characters")
    return words or None


def id_in(properties: Properties, name: str) -> str:
    """The sender's own number of a thing.

    Raises:
        Unusable: it is missing or too long.
    """
    own_id = text_in(properties, name, longest=LONGEST_ID)
    if own_id is None:
        raise Unusable(name, "is missing")
    return own_id


def moment_in(properties: Properties, name: str) -> datetime | None:
    """A moment in ISO 8601, UTC unless it says otherwise.

    Raises:
        Unusable: it is not one, or not of our times.
    """
    moment = read_moment(properties.get(name), name)
    if moment is not None and not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise Unusable(name, f"must be a time between {EARLIEST_YEAR} and {LATEST_YEAR}")
    return moment


def day_in(properties: Properties, name: str) -> date | None:
    """A calendar day as year-month-day; of a moment, its day as written.

    Raises:
        Unusable: it is not one, or not of our times.
    """
    value = properties.get(name)
    if value is None or value == "":
        return None
    try:
        day = date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        raise Unusable(name, "must be a date as year-month-day, e.g. 2026-03-31") from None
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise Unusable(name, f"must be a date between {EARLIEST_YEAR} and {LATEST_YEAR}")
    return day


def count_in(properties: Properties, name: str) -> int | None:
    """How many, at least 1.

    Raises:
        Unusable: it is not a whole number, or too small or large.
    """
    value = properties.get(name)
    if value is None:
        return None
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value[:20])
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
        raise Unusable(name, "must be a whole number, e.g. 10")
    if not 1 <= value <= LARGEST_COUNT:
        raise Unusable(name, f"must be a whole number from 1 to {LARGEST_COUNT:,}")
    return int(value)


def amount_in(properties: Properties, name: str, currency: str) -> int | None:
    """An amount of money in minor units; senders write major ones.

    Raises:
        Unusable: it is none.
    """
    value = properties.get(name)
    if value is None:
        return None
    amount = read_minor(value, currency)
    if amount is None:
        raise Unusable(name, "must be an amount, e.g. 1499.50")
    return amount
