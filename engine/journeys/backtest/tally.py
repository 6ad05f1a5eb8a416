"""Counting while a backtest runs: sums for the result, and the stories of the first customers."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from engine.core.errors import Code
from engine.delivery.models import MessageStatus
from engine.delivery.spend import month_of
from engine.journeys.backtest.letter import Letter
from engine.journeys.backtest.result import Cost, Day, Passage, Refused, StepResult, Told, Waiting
from engine.journeys.decide import StepDone

MOST_LISTED = 5_000
"""Customers whose way is kept for the list; of the others only sums."""

LONGEST_STORY = 200

CAPPED = frozenset({Code.THROTTLE_LIMIT.value, Code.OUTRANKED.value})
"""Holds by a limit on how many messages a customer gets."""


@dataclass(slots=True)
class Journeyer:
    """One entry: who, when, and what became of it. `story` is None for those who are not listed."""

    customer_id: UUID
    entered_at: datetime
    outcome: str = ""
    sent: int = 0
    skipped: int = 0
    converted_at: datetime | None = None
    revenue_minor: int | None = None
    story: list[dict[str, Any]] | None = None

    def tell(self, at: datetime, node_id: str, what: str, words: str | None) -> None:
        """Add a line to the story of a listed customer."""
        if self.story is not None and len(self.story) < LONGEST_STORY:
            self.story.append({"at": at.isoformat(), "node_id": node_id, "what": what, "words": words or ""})


@dataclass(slots=True)
class Tally:
    """Everything that is counted."""

    timezone: str
    passages: list[Journeyer] = field(default_factory=list)
    customers: set[UUID] = field(default_factory=set)
    entered: int = 0
    converted: int = 0
    revenue_minor: int = 0
    has_revenue: bool = False
    outcomes: Counter[str] = field(default_factory=Counter)
    ports: Counter[tuple[str, str]] = field(default_factory=Counter)
    letters: Counter[tuple[str, str]] = field(default_factory=Counter)
    skips: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    holds: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    effects: Counter[tuple[str, str]] = field(default_factory=Counter)
    costs: Counter[tuple[date, str]] = field(default_factory=Counter)
    sent_by: Counter[tuple[date, str]] = field(default_factory=Counter)
    node_cost: Counter[str] = field(default_factory=Counter)
    days: Counter[tuple[date, str]] = field(default_factory=Counter)
    held: int = 0
    capped: int = 0
    told: list[Told] | None = None

    def enter(self, customer_id: UUID, node_id: str, now: datetime) -> Journeyer:
        """A customer enters."""
        is_listed = len(self.passages) < MOST_LISTED
        one = Journeyer(customer_id, now, story=[] if is_listed else None)
        if is_listed:
            self.passages.append(one)
        self.entered += 1
        self.customers.add(customer_id)
        self._day(now, "entered")
        return one

    def step(self, one: Journeyer, steps: Sequence[StepDone], now: datetime) -> None:
        """A customer leaves steps."""
        for each in steps:
            self.ports[each.node_id, each.port or ""] += 1
            one.tell(now, each.node_id, "step", each.why)

    def end(self, one: Journeyer, reason: str) -> None:
        """A customer's way is over."""
        one.outcome = reason
        self.outcomes[reason] += 1

    def convert(self, one: Journeyer, node_id: str, at: datetime, worth_minor: int | None) -> None:
        """A customer has done what the journey is for."""
        one.converted_at, one.revenue_minor = at, worth_minor
        self.converted += 1
        self._day(at, "converted")
        if worth_minor is not None:
            self.has_revenue = True
            self.revenue_minor += worth_minor
        one.tell(at, node_id, "converted", None)

    def queue(self, letter: Letter) -> None:
        """A message is queued."""
        self.letters[letter.node_id, "queued"] += 1

    def hold(self, one: Journeyer, letter: Letter, now: datetime) -> None:
        """A message must wait."""
        _, _, code, reason = letter.holds[-1]
        codes = {each.value for _, _, each, _ in letter.holds[:-1]}
        if not codes:
            self.held += 1
            self._day(now, "held")
        if code.value in CAPPED and not codes & CAPPED:
            self.capped += 1
        one.tell(now, letter.node_id, "held", reason)

    def decide(self, one: Journeyer, letter: Letter, now: datetime) -> None:
        """A message has left or never will."""
        self._waited(letter, now)
        if letter.status is not MessageStatus.SENT:
            code = str(letter.code or "")
            self.skips[letter.node_id, code] += 1
            self.reasons[code, letter.reason or ""] += 1
            self._day(now, "skipped")
            one.skipped += 1
            one.tell(now, letter.node_id, "skipped", letter.reason)
            return
        self.letters[letter.node_id, "sent"] += 1
        place = month_of(now, self.timezone), letter.channel
        self.costs[place] += letter.cost_micro
        self.sent_by[place] += 1
        self.node_cost[letter.node_id] += letter.cost_micro
        self._day(now, "sent")
        one.sent += 1
        one.tell(now, letter.node_id, "sent", letter.channel)
        if self.told is not None:
            self.told.append(
                Told(now, letter.customer_id, letter.node_id, letter.channel, letter.template_id)
            )

    def _waited(self, letter: Letter, now: datetime) -> None:
        """How long each rule held a message: until it was asked again, or was given up."""
        seconds: Counter[str] = Counter()
        for at, until, code, _ in letter.holds:
            seconds[code.value] += int((min(until, now) - at).total_seconds())
        for name, length in seconds.items():
            self.holds[letter.node_id, name].append(length)

    def _day(self, at: datetime, what: str) -> None:
        self.days[at.astimezone(ZoneInfo(self.timezone)).date(), what] += 1

    # What it comes to

    def all_days(self, first: date, last: date) -> tuple[Day, ...]:
        """Every day of the time, also those on which nothing happened."""
        names = ("entered", "sent", "held", "skipped", "converted")
        whole = (date.fromordinal(each) for each in range(first.toordinal(), last.toordinal() + 1))
        return tuple(Day(day, **{name: self.days[day, name] for name in names}) for day in whole)

    def all_costs(self) -> tuple[Cost, ...]:
        """By month and channel."""
        return tuple(
            Cost(month, channel, self.sent_by[month, channel], cost)
            for (month, channel), cost in sorted(self.costs.items())
        )

    def all_refusals(self) -> tuple[Refused, ...]:
        """The most frequent first."""
        return tuple(Refused(code, reason, number) for (code, reason), number in self.reasons.most_common(50))

    def all_holds(self) -> dict[str, Waiting]:
        """By code, over all steps."""
        by_code: dict[str, list[int]] = defaultdict(list)
        for (_, code), lengths in self.holds.items():
            by_code[code] += lengths
        return {code: _waiting(lengths) for code, lengths in sorted(by_code.items())}

    def step_result(self, node_id: str, *, here: int, waiting: int) -> StepResult:
        """What happened at one step."""
        ports = _of(self.ports, node_id)
        return StepResult(
            node_id,
            passed=sum(ports.values()),
            here=here,
            ports=ports,
            queued=self.letters[node_id, "queued"],
            sent=self.letters[node_id, "sent"],
            waiting=waiting,
            skipped=_of(self.skips, node_id),
            held={
                code: _waiting(lengths) for (place, code), lengths in self.holds.items() if place == node_id
            },
            effects=_of(self.effects, node_id),
            cost_micro=self.node_cost[node_id],
        )

    def all_passages(self) -> tuple[Passage, ...]:
        """The listed customers, in the order in which they entered."""
        return tuple(
            Passage(
                one.customer_id,
                one.entered_at,
                one.outcome,
                one.sent,
                one.skipped,
                one.converted_at,
                one.revenue_minor,
                tuple(one.story or ()),
            )
            for one in self.passages
        )


def _of(counted: Counter[tuple[str, str]], node_id: str) -> dict[str, int]:
    return {what: number for (place, what), number in sorted(counted.items()) if place == node_id}


def _waiting(lengths: Sequence[int]) -> Waiting:
    return Waiting(len(lengths), sum(lengths), max(lengths, default=0))
