"""A provider that accepts everything and keeps nothing: what benchmarks measure the house itself with."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from engine.channels.interface import Account, Answer, Channel, FormField, HandoverLog, Outcome, Outgoing


class NullLine:
    """Accepts."""

    def send(self, messages: Iterable[Outgoing], log: HandoverLog) -> Iterator[tuple[Outgoing, Answer]]:
        """Accept every message, noting each as a real provider must."""
        for message in messages:
            log.leaving(message.message_id)
            yield message, Answer(Outcome.ACCEPTED, str(message.message_id))


class NullProvider:
    """Not offered in the settings."""

    name: ClassVar[str] = "null"
    label: ClassVar[str] = "Nowhere"
    hook: ClassVar[str] = ""
    channels: ClassVar[frozenset[Channel]] = frozenset(Channel)
    fields: ClassVar[Sequence[FormField]] = ()

    @contextmanager
    def open(self, account: Account) -> Iterator[NullLine]:
        """A line to nowhere."""
        yield NullLine()

    def check(self, account: Account) -> None:
        """Nothing can be wrong."""
