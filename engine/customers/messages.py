"""Messages of the Segment specification, checked: what they must have, in which form, and when they happened.

No model is built for each message: this is the hottest path of all, so a table of checks reads plain
dictionaries (design: ingestion; providers 6).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from engine.core.ids import key_of, new_id
from engine.customers.profiles import LONGEST_ID, without_nul

LARGEST_MESSAGE = 32 * 1024
"""Bytes of one message's JSON (Segment's limit)."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """The calls of the specification."""

    IDENTIFY = "identify"
    TRACK = "track"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"


class Message(NamedTuple):
    """One message as it is taken. `name` is empty unless it is an event; `said` are its traits or properties."""

    kind: str
    key: UUID
    occurred_at: datetime
    user_id: str | None
    anonymous_id: str | None
    name: str
    said: dict[str, Any]
    context: dict[str, Any]
    other_id: str | None


class Unusable(ValueError):
    """A message that cannot be taken: which field, and what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def read_message(item: Any, *, now: datetime, sent_at: datetime | None, kind: str | None = None) -> Message:
    """Check one message.

    Args:
        sent_at: when the call left by the sender's clock; a `sentAt` of the message itself goes before it.
        kind: what the address says it is; else its `type` does.

    Raises:
        Unusable: names the field and what it must be.
    """
    if not isinstance(item, dict):
        raise Unusable("message", "must be an object")
    kind = kind or item.get("type")
    read = READERS.get(kind) if isinstance(kind, str) else None
    if kind is None or read is None:
        raise Unusable("type", f"must be one of {', '.join(READERS)}")
    item = _storable(item)
    user_id, anonymous_id = _id(item, "userId"), _id(item, "anonymousId")
    name, said, other_id = read(item)
    if user_id is None and (anonymous_id is None or kind == Kind.ALIAS):
        raise Unusable("userId", "is missing" if kind == Kind.ALIAS else "or anonymousId must be there")
    message_id = _id(item, "messageId")
    if "sentAt" in item:
        sent_at = read_moment(item["sentAt"], "sentAt")
    return Message(
        kind,
        key_of(message_id) if message_id else new_id(),
        _occurred_at(item.get("timestamp"), sent_at, now),
        user_id,
        anonymous_id,
        name,
        said,
        _mapping(item, "context"),
        other_id,
    )


def read_moment(value: Any, field: str) -> datetime | None:
    """A moment in ISO 8601; without an offset it is UTC.

    Raises:
        Unusable: it is not one.
    """
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is UTC:
            return moment
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise Unusable(field, "must be a time in ISO 8601, e.g. 2026-03-02T10:00:00.000Z") from None


def _occurred_at(value: Any, sent_at: datetime | None, now: datetime) -> datetime:
    """The true moment: as long before we received it as the sender's clock says it was before sending.

    Never after `now`, for nothing is known before it happened.
    """
    moment = read_moment(value, "timestamp")
    if moment is None:
        return now
    if moment < EARLIEST:
        raise Unusable("timestamp", "must not be before 1970")
    if sent_at is not None:
        ago: timedelta = sent_at - moment
        return max(now - ago, EARLIEST) if ago > timedelta(0) else now
    return min(moment, now)


def _storable(item: dict[str, Any]) -> dict[str, Any]:
    try:
        document = orjson.dumps(item)
    except TypeError:
        raise Unusable("message", "is nested too deeply") from None
    if len(document) > LARGEST_MESSAGE:
        raise Unusable("message", f"is {len(document):,} bytes; at most {LARGEST_MESSAGE:,} are taken")
    if b"\\u0000" in document:
        cleaned: dict[str, Any] = without_nul(item)
        return cleaned
    return item


def _id(item: Mapping[str, Any], field: str) -> str | None:
    value = item.get(field)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Unusable(field, "must be text")
        value = str(value)
    if len(value) > LONGEST_ID:
        raise Unusable(field, f"must be at most {LONGEST_ID} characters")
    return value


def _needed(item: Mapping[str, Any], field: str) -> str:
    value = _id(item, field)
    if value is None:
        raise Unusable(field, "is missing")
    return value


def _mapping(item: Mapping[str, Any], field: str) -> dict[str, Any]:
    value = item.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unusable(field, "must be an object")
    return value


Read = tuple[str, dict[str, Any], str | None]


def _track(item: Mapping[str, Any]) -> Read:
    return _needed(item, "event"), _mapping(item, "properties"), None


def _identify(item: Mapping[str, Any]) -> Read:
    return "", _mapping(item, "traits"), None


def _viewed(event: str) -> Callable[[Mapping[str, Any]], Read]:
    def read(item: Mapping[str, Any]) -> Read:
        named = {field: value for field in ("name", "category") if (value := _id(item, field))}
        return event, named | _mapping(item, "properties"), None

    return read


def _group(item: Mapping[str, Any]) -> Read:
    return "", _mapping(item, "traits"), _needed(item, "groupId")


def _alias(item: Mapping[str, Any]) -> Read:
    return "", {}, _needed(item, "previousId")


READERS: dict[str, Callable[[Mapping[str, Any]], Read]] = {
    Kind.TRACK.value: _track,
    Kind.IDENTIFY.value: _identify,
    Kind.PAGE.value: _viewed("Page Viewed"),
    Kind.SCREEN.value: _viewed("Screen Viewed"),
    Kind.GROUP.value: _group,
    Kind.ALIAS.value: _alias,
}
"""What each kind of message must have: its event name, what it says, and the other id it names."""
