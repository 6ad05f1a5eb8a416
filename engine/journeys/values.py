"""What steps may ask of a customer or of the event by which they entered, by name, and how dates among it are read."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

ATTRIBUTE_PREFIX = "attribute."
ENTRY_PREFIX = "event."

VALUES: Mapping[str, str] = {
    "first_name": "First name",
    "city": "City",
    "language": "Language",
    "category": "Category",
    "source": "Source",
    "lead_status": "Lead status",
    "membership_status": "Membership",
    "birthday": "Birthday",
    "anniversary": "Anniversary",
    "first_visit_at": "First visit",
    "last_visit_at": "Last visit",
    "first_order_at": "First order",
    "last_order_at": "Last order",
    "created_at": "Known since",
}
"""Columns of customers that a step may ask for, with their names; `attribute.<name>` and `event.<path>` besides."""

DATES = frozenset(
    {
        "birthday",
        "anniversary",
        "first_visit_at",
        "last_visit_at",
        "first_order_at",
        "last_order_at",
        "created_at",
    }
)
"""Those of them that are days or moments."""


def is_value(name: str) -> bool:
    """Whether a step may ask for this: a column, one of the tenant's attributes, a property of the entry event."""
    prefix, dot, rest = name.partition(".")
    return name in VALUES or (dot == "." and f"{prefix}." in (ATTRIBUTE_PREFIX, ENTRY_PREFIX) and bool(rest))


def is_date(name: str) -> bool:
    """Whether this may be a day or a moment; of attributes and properties nobody can tell beforehand."""
    return is_value(name) and (name not in VALUES or name in DATES)


def value_words(name: str) -> str:
    """What a marketer calls it: `Birthday`, or the key of an attribute or property."""
    return VALUES.get(name) or name.partition(".")[2].replace("_", " ")


def as_moment(value: Any, zone: ZoneInfo) -> date | datetime | None:
    """A date or moment out of a column, an attribute or an event's property; None when it is none."""
    if isinstance(value, datetime | date):
        return value
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if len(value.strip()) == len("2026-01-01"):
        return found.date()
    return found if found.tzinfo else found.replace(tzinfo=zone)


def as_day(value: Any, zone: ZoneInfo) -> date | None:
    """The day of a date or moment on the calendar of a place; None when it is none."""
    found = as_moment(value, zone)
    if not isinstance(found, datetime):
        return found
    try:
        return found.astimezone(zone).date()
    except OverflowError:
        return None
