"""Amounts between forms, which write major units, and the store, which keeps minor ones and millionths."""

import re
from decimal import Decimal

from babel.numbers import get_currency_precision, get_currency_symbol

from engine.core.errors import InvalidInput
from engine.delivery.prices import MICRO_DIGITS

AMOUNT = re.compile(r"[0-9]{1,14}(\.[0-9]{1,6})?")


def minor_of(text: str, *, currency: str, field: str) -> int | None:
    """`1,500.50` in minor units; None for an empty field.

    Raises:
        InvalidInput: it is no amount, or finer than the currency's coins.
    """
    return _whole(text, get_currency_precision(currency), "Write an amount, like 1500 or 99.50.", field)


def micro_from(text: str, *, field: str) -> int | None:
    """`0.8631` in millionths of the major unit; None for an empty field.

    Raises:
        InvalidInput: it is no amount, or finer than a millionth.
    """
    return _whole(text, MICRO_DIGITS, "Write a price, like 0.85.", field)


def major_text(minor: int | None, *, currency: str) -> str:
    """Minor units as a form shows them: `1500.50`, nothing for no amount."""
    return "" if minor is None else _plain(minor, get_currency_precision(currency))


def micro_text(micro: int | None) -> str:
    """Millionths as a form shows them: `0.8631`, nothing for no price."""
    return "" if micro is None else _plain(micro, MICRO_DIGITS)


def symbol_of(currency: str) -> str:
    """`₹`."""
    return get_currency_symbol(currency, locale="en_IN")


def _whole(text: str, digits: int, wanted: str, field: str) -> int | None:
    plain = text.strip().replace(",", "").replace(" ", "")
    if not plain:
        return None
    amount = Decimal(plain).scaleb(digits) if AMOUNT.fullmatch(plain) else None
    if amount is None or amount != amount.to_integral_value():
        raise InvalidInput(f"{field}: {wanted}", details={"field": field})
    return int(amount)


def _plain(whole: int, digits: int) -> str:
    amount = Decimal(whole).scaleb(-digits)
    text = f"{amount:f}"
    return (
        text.rstrip("0").rstrip(".") if digits > 2 and "." in text else text.removesuffix(f".{'0' * digits}")
    )
