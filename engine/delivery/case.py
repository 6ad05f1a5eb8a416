"""What the guard looks at and what it may say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from engine.channels.interface import Channel
from engine.core.errors import Code
from engine.customers.contacts import Contact
from engine.customers.models import Purpose
from engine.delivery.window import SendWindow


@dataclass(frozen=True, slots=True)
class DueMessage:
    """What the guard needs to know of a message.

    `journey_limit`: most of its journey's marketing in seven days. `cost_micro`: in millionths of the major unit.
    """

    channel: Channel
    purpose: Purpose
    expires_at: datetime | None
    journey_id: UUID | None = None
    journey_limit: int | None = None
    priority: int = 0
    cost_micro: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A marketing message that left for this customer in the last week."""

    at: datetime
    journey_id: UUID | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Rival:
    """Another marketing message that waits for this customer."""

    channel: Channel
    priority: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """A monthly budget the message is paid from, in micro-units; `name` is the branch's, empty for the tenant's."""

    name: str
    limit_micro: int
    spent_micro: int
    currency: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A tenant's rules. Limits are marketing messages for one customer over all channels."""

    is_enabled: bool
    channels: frozenset[Channel]
    window: SendWindow
    daily_limit: int
    weekly_limit: int
    timezone: str


@dataclass(frozen=True, slots=True)
class Admit:
    """It may leave now."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Not before `until` (UTC), because of `code`; `reason` are the facts, for the marketer (J14)."""

    until: datetime
    code: Code
    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Skip:
    """Never; `reason` is for the marketer."""

    code: Code
    reason: str


Verdict = Admit | Hold | Skip
Refusal = Hold | Skip | None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a rule may look at. `usage` is the last week's, `rivals` are those that wait."""

    message: DueMessage
    contact: Contact
    usage: Sequence[Sent]
    policy: Policy
    zone: ZoneInfo
    now: datetime
    rivals: Sequence[Rival] = ()
    budgets: Sequence[Budget] = ()


Rule = Callable[[Case], Refusal]


def moment_words(moment: datetime, zone: ZoneInfo) -> str:
    """`Mon 16 Nov 10:00`, on the customer's clock."""
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M}"
