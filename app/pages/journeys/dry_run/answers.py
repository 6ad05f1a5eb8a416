"""What was answered before a dry run begins, as the engine takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.pages.journeys.dry_run.typed import read_value
from engine.core.accounts import Viewer
from engine.core.errors import InvalidInput
from engine.journeys.dry_run.wish import Invented

LISTS = frozenset({"tags", "interests"})
CHANNELS = ("whatsapp", "sms", "email")
ATTRIBUTE = "attribute."


@dataclass
class QuestionView:
    """Something the draft asks of a customer; `control` says how it is answered."""

    key: str
    label: str
    control: str


def start_of(typed: str, viewer: Viewer) -> datetime | None:
    """The moment on the studio's clock; None for now.

    Raises:
        InvalidInput: it is no moment.
    """
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(viewer.timezone))
    except ValueError:
        raise InvalidInput("Choose a day and a time.", details={"field": "dr-start"}) from None


def invented_of(form: Mapping[str, Any], questions: Sequence[QuestionView]) -> Invented:
    """Who was invented; what was left empty keeps its default."""
    agreed = [channel for channel in CHANNELS if form.get(f"dr-{channel}")]
    said: dict[str, Any] = {
        "name": form.get("dr-invented", ""),
        "language": form.get("dr-language") or None,
        "timezone": form.get("dr-timezone") or None,
        "consents": agreed,
    }
    attributes: dict[str, Any] = {}
    for question in questions:
        answer = form.get(f"dr-{question.key}")
        if question.control == "check":
            said[question.key] = bool(answer)
        elif answer and question.key.startswith(ATTRIBUTE):
            attributes[question.key.removeprefix(ATTRIBUTE)] = read_value(str(answer).strip())
        elif answer:
            said[question.key] = _words(answer) if question.key in LISTS else answer
    return Invented.model_validate(said | {"attributes": attributes})


def _words(typed: str) -> list[str]:
    return [word for part in typed.split(",") if (word := part.strip())]
