"""What providers tell us afterwards, in one shape whatever the provider (providers 9.3)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReportKind(StrEnum):
    """What a report is about."""

    STATUS = "status"
    REPLY = "reply"
    STOP = "stop"
    RESUME = "resume"


class Reported(StrEnum):
    """How far a message has come."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    Args:
        unique_key: the same report again has the same key.
        reference: our own message id, as the provider returns it.
        provider_message_id: the provider's id of the message this is about.
        address: the customer's address, for replies and preferences.
        text: what the customer wrote.
    """

    kind: ReportKind
    unique_key: str
    at: datetime
    status: Reported | None = None
    reference: str | None = None
    provider_message_id: str | None = None
    address: str | None = None
    text: str | None = None
    code: str | None = None
    reason: str | None = None
