"""What a dry run tells: one line for each thing that happened, and where the customer stands now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from engine.journeys.dry_run.wish import DryRun


class Kind(StrEnum):
    """What a line is about."""

    ENTERED = "entered"
    STEP = "step"
    WAIT = "wait"
    MESSAGE = "message"
    EFFECT = "effect"
    HAPPENED = "happened"
    GOAL = "goal"
    ENDED = "ended"
    NOTE = "note"


class Fate(StrEnum):
    """What the guard said of a message; `failed`: it could not be written."""

    SENT = "sent"
    HELD = "held"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as the customer would see it, and what became of it.

    `because` are the facts of the verdict, `until` when it is looked at again, `instead` the channel that takes over.
    `body` is empty when it cannot be written; `html` is an e-mail's.
    """

    channel: str
    purpose: str
    template: str
    sender: str
    fate: Fate
    code: str = ""
    because: tuple[str, ...] = ()
    until: datetime | None = None
    instead: str = ""
    language: str = ""
    subject: str = ""
    body: str = ""
    html: str = ""
    has_link: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `step` is the node in words, `text` what happened there and why, `facts` what it was decided by.

    `port` is the way taken, `way` its label; `until` is the end of a wait.
    """

    at: datetime
    kind: Kind
    text: str
    node_id: str = ""
    step: str = ""
    facts: tuple[str, ...] = ()
    port: str = ""
    way: str = ""
    until: datetime | None = None
    letter: Letter | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may happen next: `what` and `name` as in a `Happening`, with what its event usually says."""

    what: str
    label: str
    name: str = ""
    properties: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Played:
    """A dry run played up to its clock.

    `here` is the node where the customer stands, empty once the walk has ended; `next_at` when the next thing happens,
    None when nothing does any more. `timezone` is the customer's. `passed` are the ways taken, `(node, port)`.
    """

    dry_run: DryRun
    name: str
    timezone: str
    entries: Sequence[Entry]
    here: str
    status: str
    reason: str
    next_at: datetime | None
    passed: Sequence[tuple[str, str]]
    offers: Sequence[Offer]
    revision: int

    @property
    def is_over(self) -> bool:
        """Whether nothing happens any more by itself."""
        return self.next_at is None
