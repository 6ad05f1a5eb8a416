"""Values as people write them in spreadsheets: days, moments, amounts, yes and no. A ValueError says why not."""

import math
import re
from datetime import UTC, date, datetime, time, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import get_currency_precision

DAY_FIRST = ("%d/%m/%Y", "%d/%m/%y", "%m/%d/%Y", "%m/%d/%y")
MONTH_FIRST = ("%m/%d/%Y", "%m/%d/%y", "%d/%m/%Y", "%d/%m/%y")
WORDED = ("%d/%b/%Y", "%d/%B/%Y", "%d/%b/%y", "%b/%d/%Y", "%B/%d/%Y", "%Y/%m/%d", "%Y/%b/%d")
TIMES = ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I %p")

YES = frozenset(
    (
        "yes",
        "y",
        "true",
        "1",
        "agreed",
        "granted",
        "subscribed",
        "opted-in",
        "opt-in",
        "optin",
        "हाँ",
        "हां",
        "haan",
    )
)
NO = frozenset(
    (
        "no",
        "n",
        "false",
        "0",
        "denied",
        "refused",
        "unsubscribed",
        "opted-out",
        "opt-out",
        "optout",
        "नहीं",
        "nahi",
        "nahin",
    )
)
LARGEST_AMOUNT = Decimal(10) ** 15


def read_day(value: str, *, day_first: bool, now: datetime) -> date:
    """A calendar day, e.g. 1990-03-05, 05/03/1990, 5-Mar-90. Of a year in two digits the past century is meant."""
    words = value.strip()
    try:
        return datetime.fromisoformat(words).date()
    except ValueError:
        pass
    day, short_year = _day(words, day_first)
    if short_year and day > now.date():
        day = day.replace(year=day.year - 100)
    return day


def read_moment(value: str, *, day_first: bool, timezone: tzinfo) -> datetime:
    """A moment in UTC, e.g. 2026-02-15T19:03:00+05:30, 15/02/2026 7:03 PM; without a zone it is of `timezone`."""
    words = value.strip()
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        moment = _worded_moment(words, day_first)
    if not 1970 <= moment.year <= 2100:
        raise ValueError("is not a date of our time; write it as year-month-day, e.g. 2026-02-15 19:03")
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone)).astimezone(UTC)


def read_amount(value: str, *, currency: str) -> int:
    """An amount in minor units: `₹1,23,456.50` is 12345650 paise; `1.234,50` has a decimal comma."""
    words = re.sub(r"(?i)^(?:rs\.?|inr|usd|eur|gbp)|(?:inr|usd|eur|gbp|/-)$", "", value.strip())
    figures = re.sub(r"[\s\u00a0₹$€£'’]", "", words)
    if not re.fullmatch(r"[+-]?(?:\d[\d,.]*|\.\d+)", figures):
        raise ValueError("is not an amount; write it like 1,250.50")
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", figures) and get_currency_precision(currency) < 3:
        raise ValueError("can be read in two ways; write thousands with a comma and paise with a point")
    amount = Decimal(_with_decimal_point(figures))
    if amount < 0:
        raise ValueError("is negative; write the amount that was paid, and 'returned' as the order's status")
    if amount >= LARGEST_AMOUNT:
        raise ValueError("is larger than any order")
    return int(amount.scaleb(get_currency_precision(currency)).quantize(Decimal(1), ROUND_HALF_UP))


def read_pieces(value: str) -> int:
    """How many pieces; of a weight, e.g. 0.75 kg, the next whole number."""
    found = re.fullmatch(r"(\d{1,7}(?:\.\d+)?)\s*[A-Za-z.]{0,6}", value.strip().replace(",", ""))
    if not found:
        raise ValueError("is not a number of pieces, e.g. 2")
    return max(math.ceil(Decimal(found[1])), 1)


def read_yes_or_no(value: str) -> bool:
    """A yes or a no, also as 1/0, true/false, opted in/out, हाँ/नहीं."""
    word = value.strip().lower().replace("opted ", "opted-").replace("opt ", "opt-")
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError("must be yes or no")


def read_attribute(value: str) -> Any:
    """A number when it is written as one, else the text; 007 stays text."""
    if re.fullmatch(r"-?(?:0|[1-9]\d{0,14})", value):
        return int(value)
    if re.fullmatch(r"-?(?:0|[1-9]\d{0,11})\.\d{1,6}", value):
        return float(value)
    return value


@lru_cache(maxsize=20_000)
def _day(words: str, day_first: bool) -> tuple[date, bool]:
    plain = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", words.lower())
    plain = re.sub(r"[\s.,/-]+", "/", plain.strip()).strip("/").replace("sept/", "sep/")
    for form in (*(DAY_FIRST if day_first else MONTH_FIRST), *WORDED):
        try:
            day = datetime.strptime(plain, form).date()  # noqa: DTZ007 - a calendar day has no time zone
        except ValueError:
            continue
        if day.year >= 1000:
            return day, "%y" in form
    order = "day/month/year" if day_first else "month/day/year"
    raise ValueError(f"is not a date; write it as year-month-day, e.g. 1990-03-05, or {order}")


def _worded_moment(words: str, day_first: bool) -> datetime:
    found = re.fullmatch(
        r"(.*?)(?:[\s,]+(?:at\s+)?(\d{1,2}(?::\d{2}){0,2}(?:\.\d+)?\s*(?:[AaPp]\.?[Mm]\.?)?))?", words
    )
    assert found is not None
    try:
        day, _ = _day(found[1], day_first)
        clock = found[2]
    except ValueError:
        day, _ = _day(words, day_first)  # what looked like an hour was the year: 15 Feb 26
        clock = None
    return datetime.combine(day, _clock(clock) if clock else time())


@lru_cache(maxsize=20_000)
def _clock(words: str) -> time:
    plain = re.sub(r"\s*([AP])\.?M\.?$", r" \1M", words.strip().upper())
    for form in TIMES:
        try:
            return datetime.strptime(plain, form).time()  # noqa: DTZ007 - a time of day has no zone
        except ValueError:
            continue
    raise ValueError("has no time of day that can be read; write it like 19:03")


def _with_decimal_point(figures: str) -> str:
    """Figures with a decimal point and nothing between thousands."""
    whole, comma, rest = figures.rpartition(",")
    if comma and ("." in whole or len(rest) in (1, 2)) and "." not in rest:
        return f"{whole.replace('.', '').replace(',', '')}.{rest}"
    if figures.count(".") > 1:
        raise ValueError("has more than one decimal point")
    return figures.replace(",", "")
