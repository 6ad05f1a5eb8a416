"""Reading JSON values of conditions; every refusal says what would be right."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from uuid import UUID

from engine.segments.operators import WITH_LIST, WITH_PAIR, WITHOUT_VALUE, Operator

Value = TypeVar("Value")

LONGEST_TEXT = 500
LONGEST_LIST = 1000
LARGEST_NUMBER = Decimal(10) ** 15
MOST_DAYS = Decimal(36_500)


def read_by(one: Callable[[Any], Value], operator: Operator, raw: Any) -> Any:
    """Read none, one, two or many values with `one`, as the operator wants.

    Lists may be JSON arrays or comma-separated text, as react-querybuilder sends them.
    """
    if operator in WITHOUT_VALUE:
        return None
    if operator in WITH_LIST:
        return tuple(one(part) for part in as_list(raw))
    if operator in WITH_PAIR:
        return as_pair(one, raw)
    return one(raw)


def as_list(raw: Any) -> Sequence[Any]:
    """One or more values: an array, or text separated by commas."""
    parts = raw if isinstance(raw, list | tuple) else str(raw).split(",") if isinstance(raw, str) else [raw]
    parts = [part for part in parts if not (isinstance(part, str) and not part.strip())]
    if not parts or raw is None:
        raise ValueError("give at least one value")
    if len(parts) > LONGEST_LIST:
        raise ValueError(f"give at most {LONGEST_LIST} values, or use a static segment")
    return parts


def as_pair(one: Callable[[Any], Any], raw: Any) -> tuple[Any, Any]:
    """A lower and an upper value, both included."""
    parts = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple) or len(parts) != 2:
        raise ValueError("give two values: from and to")
    low, high = one(parts[0]), one(parts[1])
    if low > high:
        raise ValueError("give the smaller value first")
    return low, high


def as_number(raw: Any) -> Decimal:
    """A number, also as text such as "12.5"."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str | Decimal):
        raise ValueError("give a number")
    try:
        number = Decimal(str(raw).strip())
    except InvalidOperation:
        raise ValueError("give a number") from None
    if not number.is_finite() or abs(number) > LARGEST_NUMBER:
        raise ValueError("give a number of at most 15 digits")
    return number


def as_days(raw: Any) -> Decimal:
    """A number of days, 0 to 36,500."""
    days = as_number(raw)
    if not 0 <= days <= MOST_DAYS:
        raise ValueError("give a number of days from 0 to 36500")
    return days


def as_text(raw: Any) -> str:
    """Text of 1 to 500 characters."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ValueError("give a text")
    text = str(raw).strip()
    if not text:
        raise ValueError("give a text, or use “has no value”")
    if len(text) > LONGEST_TEXT or "\x00" in text:
        raise ValueError(f"give a text of at most {LONGEST_TEXT} characters")
    return text


def as_bool(raw: Any) -> bool:
    """`true` or `false`, also as text."""
    known = {"true": True, "false": False, "yes": True, "no": False}
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.strip().lower() in known:
        return known[raw.strip().lower()]
    raise ValueError("give true or false")


def as_date(raw: Any) -> date:
    """A day such as 2026-11-20."""
    if isinstance(raw, str):
        try:
            return date.fromisoformat(raw.strip()[:10])
        except ValueError:
            pass
    raise ValueError("give a day such as 2026-11-20")


def as_id(raw: Any) -> UUID:
    """An id."""
    try:
        return raw if isinstance(raw, UUID) else UUID(str(raw))
    except ValueError:
        raise ValueError("give an id such as 0191f0aa-0000-7000-8000-000000000000") from None
