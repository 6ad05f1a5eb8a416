"""A provider of the simulated world: it remembers every message it took, and answers as the script says."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import ClassVar
from uuid import UUID

from engine.channels.interface import Account, Answer, Channel, FormField, HandoverLog, Outcome, Outgoing


class PowerCut(BaseException):
    """The process is gone, here and now."""


@dataclass(frozen=True)
class Taken:
    """A message the provider took: it will reach the customer."""

    order: int
    message_id: UUID
    customer_id: UUID
    channel: Channel
    at: datetime


ANSWERS = (
    (Outcome.REFUSED, 2),
    (Outcome.LATER, 3),
    (Outcome.LINE_DOWN, 2),
    (Outcome.UNREACHABLE, 2),
    (Outcome.UNKNOWN, 2),
    (Outcome.OPTED_OUT, 1),
)
"""What may come instead of "accepted", by weight. `UNKNOWN` is a time-out after the provider took it."""


@dataclass
class World:
    """What the provider sees of the world: its clock, its luck, and what it took."""

    random: Random
    now: Callable[[], datetime]
    order: Callable[[], int]
    trouble: float = 0.0
    cuts: float = 0.0
    taken: list[Taken] = field(default_factory=list)


class SimulatedLine:
    """Takes messages one by one."""

    def __init__(self, world: World) -> None:
        self.world = world

    def send(self, messages: Iterable[Outgoing], log: HandoverLog) -> Iterator[tuple[Outgoing, Answer]]:
        """Accept, refuse, be away, or vanish before or after taking the message."""
        world = self.world
        for message in messages:
            self._maybe_cut()
            log.leaving(message.message_id)
            self._maybe_cut()
            outcome = Outcome.ACCEPTED
            if world.random.random() < world.trouble:
                outcome = world.random.choices(
                    [each for each, _ in ANSWERS], [weight for _, weight in ANSWERS]
                )[0]
            if outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN):
                world.taken.append(
                    Taken(
                        world.order(), message.message_id, message.customer_id, message.channel, world.now()
                    )
                )
            self._maybe_cut()
            own_id = f"sim-{message.message_id}" if outcome is Outcome.ACCEPTED else None
            yield message, Answer(outcome, own_id, reason=outcome.value)

    def _maybe_cut(self) -> None:
        if self.world.random.random() < self.world.cuts:
            raise PowerCut


class SimulatedProvider:
    """Carries every channel of the simulated world."""

    name: ClassVar[str] = "whatsapp_cloud"
    label: ClassVar[str] = "Simulated"
    hook: ClassVar[str] = ""
    channels: ClassVar[frozenset[Channel]] = frozenset(Channel)
    fields: ClassVar[Sequence[FormField]] = ()

    def __init__(self, world: World) -> None:
        self.world = world

    @contextmanager
    def open(self, account: Account) -> Iterator[SimulatedLine]:
        """A line into the simulated world."""
        yield SimulatedLine(self.world)

    def check(self, account: Account) -> None:
        """Nothing can be wrong."""
