"""What a backtest found: totals, what happened at each step, what it would have cost and brought, day by day.

Money is in micro-units (millionths of the major unit) where it is a cost, in minor units where it is revenue.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that one rule held back, and how many seconds it held them: all together, and the longest."""

    messages: int = 0
    seconds: int = 0
    longest_seconds: int = 0


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step of the graph.

    `passed`: how often customers left it, by `ports` (the empty port is the journey's end); `here`: customers who stand
    there at the end of the time. For message steps: `queued` messages became `sent`, `skipped` (by code, with `skipped`
    the sum) or still `waiting`; `held` by code are those that had to wait.
    """

    node_id: str
    passed: int = 0
    here: int = 0
    ports: Mapping[str, int] = field(default_factory=dict)
    queued: int = 0
    sent: int = 0
    waiting: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, Waiting] = field(default_factory=dict)
    effects: Mapping[str, int] = field(default_factory=dict)
    cost_micro: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """What messages of one channel would have cost in one month of the tenant's calendar (its first day)."""

    month: date
    channel: str
    messages: int
    cost_micro: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the tenant's calendar."""

    day: date
    entered: int = 0
    sent: int = 0
    held: int = 0
    skipped: int = 0
    converted: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """Messages that one rule kept from leaving, in the words of the rule."""

    code: str
    reason: str
    messages: int


@dataclass(frozen=True, slots=True)
class Passage:
    """One customer's way through the journey; `story` is what happened, in order:
    `{"at", "node_id", "what", "words"}`."""

    customer_id: UUID
    entered_at: datetime
    outcome: str
    sent: int
    skipped: int
    converted_at: datetime | None
    revenue_minor: int | None
    story: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One message of the backtest, to be compared with a real one."""

    at: datetime
    customer_id: UUID
    node_id: str
    channel: str
    template_id: UUID


@dataclass(frozen=True, slots=True)
class Result:
    """All that a backtest found. `entered` are entries, `customers` those who entered at least once."""

    start: datetime
    until: datetime
    resolution_minutes: int
    currency: str
    entered: int
    customers: int
    finished: int
    on_the_way: int
    queued: int
    sent: int
    held: int
    capped: int
    skipped: int
    waiting: int
    converted: int
    still_open: int
    revenue_minor: int | None
    cost_micro: int
    outcomes: Mapping[str, int]
    steps: tuple[StepResult, ...]
    costs: tuple[Cost, ...]
    days: tuple[Day, ...]
    refusals: tuple[Refused, ...]
    holds: Mapping[str, Waiting]
    assumptions: tuple[str, ...]
    listed: int

    def as_json(self) -> dict[str, Any]:
        """As it is stored and sent: only types that JSON knows."""
        told: dict[str, Any] = orjson.loads(orjson.dumps(self))
        return told
