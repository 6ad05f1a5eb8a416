"""Properties as a marketer types them: a name and a value a line."""

from collections.abc import Mapping
from typing import Any

import orjson

from engine.core.errors import InvalidInput

WORDS: Mapping[str, bool] = {"true": True, "false": False}


def read_properties(typed: str, *, field: str) -> dict[str, Any]:
    """`name: value` lines as a dict; numbers, true and false are such, `[…]` and `{…}` are JSON.

    Raises:
        InvalidInput: a line has no name or is no proper JSON; names the line.
    """
    found: dict[str, Any] = {}
    for number, line in enumerate(typed.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise InvalidInput(
                f"Line {number}: write a name, a colon and a value, such as “service: Haircut”.",
                details={"field": field},
            )
        found[name.strip()] = _value(value.strip(), number, field)
    return found


def write_properties(properties: Mapping[str, Any]) -> str:
    """The lines that `read_properties` reads."""
    return "\n".join(f"{name}: {_text(value)}" for name, value in properties.items())


def read_value(text: str) -> str | bool | int | float:
    """A value as it was meant: `5` is a number, `true` is yes."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if str(number) == text else text
    return text


def _value(text: str, number: int, field: str) -> Any:
    if not text.startswith(("{", "[", '"')):
        return read_value(text)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(
            f"Line {number}: this is not proper JSON ({error.msg}).", details={"field": field}
        ) from error


def _text(value: Any) -> str:
    if isinstance(value, str) and not isinstance(read_value(value), str):
        return f'"{value}"'
    return value if isinstance(value, str) else orjson.dumps(value).decode()
