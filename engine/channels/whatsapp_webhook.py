"""Meta's webhooks as reports (providers 1.5–1.8). Unknown fields are ignored; every entry and change is walked."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from engine.channels.reports import Report, Reported, ReportKind

STOP_WORDS = frozenset({"stop", "unsubscribe", "cancel", "रोकें", "रोको", "बंद", "बंद करो", "नहीं चाहिए"})
"""Whole messages, case-folded, that mean "no more" (providers 1.8, C5)."""

STATUSES: Mapping[str, Reported] = {
    "sent": Reported.SENT,
    "delivered": Reported.DELIVERED,
    "read": Reported.READ,
    "played": Reported.READ,
    "failed": Reported.FAILED,
}

PREFERENCES = {"stop": ReportKind.STOP, "resume": ReportKind.RESUME, "signup": ReportKind.RESUME}


def read_reports(payload: Mapping[str, Any]) -> list[Report]:
    """Every report of a webhook's body; what cannot be read is left out."""
    return [report for value in _values(payload) for read in READERS for report in read(value)]


def _values(payload: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entry in _dicts(payload.get("entry")):
        for change in _dicts(entry.get("changes")):
            value = change.get("value")
            if isinstance(value, dict):
                yield value


def _statuses(value: Mapping[str, Any]) -> Iterator[Report]:
    for each in _dicts(value.get("statuses")):
        status, at = STATUSES.get(str(each.get("status"))), _moment(each.get("timestamp"))
        if status is None or at is None or not each.get("id"):
            continue
        error = next(_dicts(each.get("errors")), {})
        details = (error.get("error_data") or {}).get("details") if error else None
        yield Report(
            kind=ReportKind.STATUS,
            unique_key=f"{each['id']}:{each['status']}:{each['timestamp']}",
            at=at,
            status=status,
            reference=each.get("biz_opaque_callback_data"),
            provider_message_id=str(each["id"]),
            address=_phone(each.get("recipient_id")),
            code=str(error["code"]) if "code" in error else None,
            reason=". ".join(filter(None, (error.get("title"), details))) or None,
        )


def _replies(value: Mapping[str, Any]) -> Iterator[Report]:
    for each in _dicts(value.get("messages")):
        at, said = _moment(each.get("timestamp")), _said(each)
        if at is None or not each.get("id"):
            continue
        is_stop = " ".join(said.split()).casefold() in STOP_WORDS or said.startswith("STOP_")
        yield Report(
            kind=ReportKind.STOP if is_stop else ReportKind.REPLY,
            unique_key=str(each["id"]),
            at=at,
            provider_message_id=(each.get("context") or {}).get("id"),
            address=_phone(each.get("from")),
            text=said,
        )


def _preferences(value: Mapping[str, Any]) -> Iterator[Report]:
    for each in _dicts(value.get("user_preferences")):
        kind, at = PREFERENCES.get(str(each.get("value"))), _moment(each.get("timestamp"))
        if kind is None or at is None or each.get("category") != "marketing_messages":
            continue
        yield Report(
            kind=kind,
            unique_key=f"{each.get('wa_id')}:{each['value']}:{each['timestamp']}",
            at=at,
            address=_phone(each.get("wa_id")),
            text=each.get("detail"),
        )


READERS: tuple[Callable[[Mapping[str, Any]], Iterator[Report]], ...] = (_statuses, _replies, _preferences)


def _said(message: Mapping[str, Any]) -> str:
    kind = message.get("type")
    part = message.get(str(kind)) or {}
    if not isinstance(part, dict):
        return ""
    if kind == "interactive":
        chosen = part.get("button_reply") or part.get("list_reply") or {}
        return str(chosen.get("id") or chosen.get("title") or "")
    return str(part.get("payload") or part.get("body") or part.get("text") or part.get("caption") or "")


def _phone(digits: object) -> str | None:
    return f"+{str(digits).lstrip('+')}" if digits else None


def _moment(seconds: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _dicts(values: object) -> Iterator[dict[str, Any]]:
    return (each for each in values if isinstance(each, dict)) if isinstance(values, list) else iter(())
