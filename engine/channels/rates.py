"""What one message usually costs, as data: `rates.json`, by channel, category, country and day (D6)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import phonenumbers

from engine.channels.interface import Channel

ANYWHERE = "*"
"""The country of all numbers without a price of their own, and of channels that know no countries."""

NO_REGION = "001"
"""What `phonenumbers` calls codes of no country: satellites, freephone."""


class Category(StrEnum):
    """What providers charge for differently."""

    MARKETING = "marketing"
    UTILITY = "utility"
    TRANSACTIONAL = "transactional"


NOT_MARKETING: Mapping[str, Category] = {Channel.WHATSAPP: Category.UTILITY}
"""What a channel calls messages that are owed; elsewhere they are transactional."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A price in millionths of the currency's major unit."""

    channel: Channel
    category: Category
    country: str
    price_micro: int


def category_of(channel: str, purpose: str) -> Category:
    """The category of a message of this purpose, `marketing` or `transactional`, on this channel."""
    if purpose == Category.MARKETING:
        return Category.MARKETING
    return NOT_MARKETING.get(channel, Category.TRANSACTIONAL)


def categories_of(channel: Channel) -> tuple[Category, Category]:
    """The categories a channel is charged by."""
    return Category.MARKETING, NOT_MARKETING.get(channel, Category.TRANSACTIONAL)


def country_of(phone: str) -> str:
    """The country of a number in E.164; the largest one where countries share a code."""
    return _region(phone[1:4])


def default_currency() -> str:
    """The currency of the usual rates."""
    return str(_data()["currency"])


@lru_cache(maxsize=64)
def default_rates(on: date) -> Mapping[tuple[str, str, str], Rate]:
    """The usual rates in force on this day, by `(channel, category, country)`."""
    rates: dict[tuple[str, str, str], Rate] = {}
    for line in sorted(_data()["prices"], key=lambda line: line["from"]):
        if date.fromisoformat(line["from"]) <= on:
            place = (line["channel"], line["category"], line["country"])
            rates[place] = Rate(Channel(place[0]), Category(place[1]), place[2], line["price_micro"])
    return rates


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return dict(json.loads(Path(__file__).with_name("rates.json").read_text()))


@lru_cache(maxsize=1024)
def _region(digits: str) -> str:
    for end in (1, 2, 3):
        code = digits[:end]
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code.isdecimal() else None
        if regions:
            return ANYWHERE if regions[0] == NO_REGION else regions[0]
    return ANYWHERE
