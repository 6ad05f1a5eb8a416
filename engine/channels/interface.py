"""What a channel is, and what every provider offers: one file a provider, all of one shape (H1)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol
from uuid import UUID


class Channel(StrEnum):
    """Ways to reach a customer, in the order in which India prefers them."""

    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"
    PUSH = "push"

    @property
    def label(self) -> str:
        """As people write it."""
        return {"whatsapp": "WhatsApp", "sms": "SMS", "email": "e-mail", "push": "push"}[self.value]


class Outcome(StrEnum):
    """What a provider's answer means to us; its codes are mapped to these by tables (providers 1.9, 3.3).

    After `LINE_DOWN` (it cannot be reached) and `CHANNEL_DOWN` (it refuses the account) nothing else is tried.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"
    LINE_DOWN = "line_down"
    CHANNEL_DOWN = "channel_down"
    OPTED_OUT = "opted_out"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, written out, on its way to one address."""

    message_id: UUID
    customer_id: UUID
    channel: Channel
    address: str
    language: str
    body: str
    subject: str | None = None
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    whatsapp: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of handing one message over. `code` and `reason` are the provider's own words."""

    outcome: Outcome
    provider_message_id: str | None = None
    code: str | None = None
    reason: str | None = None
    wait: timedelta | None = None

    @property
    def leaves_line_down(self) -> bool:
        """Whether trying further messages now is of no use."""
        return self.outcome in (Outcome.LINE_DOWN, Outcome.CHANNEL_DOWN)


class HandoverLog(Protocol):
    """Where a provider notes, before the bytes that cannot be taken back, that they leave now."""

    def leaving(self, message_id: UUID) -> None:
        """From here on the message may have reached the provider."""


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant's account at a provider, its secrets decrypted."""

    tenant_id: UUID
    channel: Channel
    provider: str
    credentials: Mapping[str, str]
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a provider's settings, as the settings page asks for it."""

    name: str
    label: str
    hint: str = ""
    secret: bool = False
    optional: bool = False
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()


class Line(Protocol):
    """An open connection to a provider; used by one thread at a time."""

    def send(self, messages: Iterable[Outgoing], log: HandoverLog) -> Iterator[tuple[Outgoing, Answer]]:
        """Hand messages over, one after another, each answered before the next is taken from `messages`.

        Never raises for a single message: a broken connection is an answer too.
        """


class Provider(Protocol):
    """One provider. `hook` is its part of `/hooks/{hook}/{tenant}`, empty when it reports nothing."""

    name: ClassVar[str]
    label: ClassVar[str]
    channels: ClassVar[frozenset[Channel]]
    fields: ClassVar[Sequence[FormField]]
    hook: ClassVar[str]

    def open(self, account: Account) -> AbstractContextManager[Line]:
        """A line to the provider; connects when first used."""

    def check(self, account: Account) -> None:
        """Try the account without sending anything.

        Raises:
            InvalidInput: names the field that is wrong and the way out.
        """
