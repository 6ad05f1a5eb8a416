"""A journey played through in virtual time, with the interpreter's own `decide` and nothing written.

Rules are answered from what was known at each virtual moment, so a past date gives what would have happened then.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine.core.ids import key_of
from engine.core.tenants import get_tenant
from engine.delivery.models import MessageStatus
from engine.journeys.decide import EffectDue, decide
from engine.journeys.facts import load_facts
from engine.journeys.models import EnrolmentStatus
from engine.journeys.nodes.base import (
    Facts,
    MessageFate,
    Run,
    Trigger,
)
from engine.journeys.nodes.outcomes import (
    SendMessage,
)
from engine.journeys.plan import Plan
from engine.segments.compiler import matching_among, members
from engine.segments.rules import parse_rules
from engine.segments.segments import get_segment

BATCH = 1_000
MOST_MOMENTS = 10_000
"""Virtual moments played at most; an endless loop of waits ends here."""


@dataclass(frozen=True, slots=True)
class WouldSend:
    """A message the journey would have queued."""

    at: datetime
    customer_id: UUID
    node_id: str
    channel: str
    template_id: UUID


@dataclass(frozen=True, slots=True)
class Simulation:
    """What would have happened: who entered, steps by node and port, messages in order, how enrolments ended."""

    entered: tuple[UUID, ...]
    steps: Mapping[tuple[str, str | None], int]
    messages: tuple[WouldSend, ...]
    outcomes: Mapping[str, int]
    until: datetime


def entrants(session: Session, plan: Plan, *, now: datetime) -> dict[UUID, Trigger]:
    """Who would be let in at `now` by the plan's segment triggers, from what was known then."""
    tenant = get_tenant(session)
    found: dict[UUID, Trigger] = {}
    for trigger in plan.triggers:
        segment_id = trigger.existing_members_of()
        if segment_id is None:
            continue
        rules = parse_rules(get_segment(session, segment_id).rules)
        for customer_id in members(session, rules, now=now, timezone=tenant.timezone, as_of=True):
            found.setdefault(customer_id, trigger)
    if plan.entry_rules is not None:
        fitting = matching_among(
            session, plan.entry_rules, list(found), now=now, timezone=tenant.timezone, as_of=True
        )
        found = {customer_id: trigger for customer_id, trigger in found.items() if customer_id in fitting}
    return found


def simulate(
    session: Session, plan: Plan, entries: Mapping[UUID, Trigger], *, start: datetime, until: datetime
) -> Simulation:
    """Play the journey from `start` to `until` for these customers, batch by batch, moment by moment.

    Messages leave at once, and nobody reacts to them.
    """
    stage = _Stage(plan)
    for customer_id, trigger in entries.items():
        stage.waiting[start].append(_run(plan, customer_id, trigger, start))
    for _ in range(MOST_MOMENTS):
        moment = min(stage.waiting, default=None)
        if moment is None or moment > until:
            break
        for batch in _batches(stage.waiting.pop(moment)):
            plans = dict.fromkeys((run.id for run in batch), plan)
            facts = load_facts(session, batch, plans, now=moment, as_of=True)
            stage.play(batch, facts, moment)
    stage.outcomes["Still on the way"] += sum(map(len, stage.waiting.values()))
    return Simulation(tuple(entries), stage.steps, tuple(stage.messages), +stage.outcomes, until)


@dataclass(slots=True)
class _Stage:
    """Who waits for which moment, what was sent so far, and when each rate-limited wait is free next."""

    plan: Plan
    waiting: dict[datetime, list[Run]] = field(default_factory=lambda: defaultdict(list))
    steps: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    messages: list[WouldSend] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    fates: dict[tuple[UUID, str], MessageFate] = field(default_factory=dict)
    free_at: dict[str, datetime] = field(default_factory=dict)

    def play(self, batch: Sequence[Run], facts: Facts, moment: datetime) -> None:
        """One moment of these enrolments."""
        facts = replace(facts, fates=self.fates, slots=self._take_turns(batch, moment))
        for decision in [decide(self.plan, run, facts, moment) for run in batch]:
            self.steps.update((step.node_id, step.port) for step in decision.steps)
            told = [
                self._send(due, moment) for due in decision.effects if isinstance(due.effect, SendMessage)
            ]
            if decision.status is EnrolmentStatus.ACTIVE and decision.due_at is not None:
                due_at = moment if any(told) else decision.due_at
                self.waiting[due_at].append(replace(decision.run, promised_at=decision.promised_at))
            else:
                self.outcomes[decision.reason or decision.status.value] += 1

    def _send(self, due: EffectDue, moment: datetime) -> bool:
        """Note a message; whether somebody waits to be told that it was sent."""
        assert isinstance(due.effect, SendMessage)
        sent = WouldSend(moment, due.run.customer_id, due.node_id, due.effect.channel, due.effect.template_id)
        self.messages.append(sent)
        self.fates[due.run.id, due.node_id] = MessageFate(MessageStatus.SENT, moment, sent_at=moment)
        return due.node_id in self.plan.announced

    def _take_turns(self, batch: Sequence[Run], moment: datetime) -> dict[tuple[UUID, int], datetime]:
        turns: dict[tuple[UUID, int], datetime] = {}
        for run in batch:
            node = self.plan.nodes.get(run.node_id)
            interval = node.release_interval() if node and run.promised_at is None else None
            if interval is not None:
                turn = max(self.free_at.get(run.node_id, moment), moment)
                turns[run.id, run.visit] = turn
                self.free_at[run.node_id] = turn + interval
        return turns


def _run(plan: Plan, customer_id: UUID, trigger: Trigger, start: datetime) -> Run:
    entry: dict[str, Any] = dict(trigger.expects())
    return Run(
        id=key_of(plan.journey_id, customer_id),
        journey_id=plan.journey_id,
        customer_id=customer_id,
        node_id=trigger.id,
        visit=0,
        arrived_at=start,
        entered_at=start,
        entry=entry,
    )


def _batches(runs: Sequence[Run]) -> list[Sequence[Run]]:
    return [runs[first : first + BATCH] for first in range(0, len(runs), BATCH)]
