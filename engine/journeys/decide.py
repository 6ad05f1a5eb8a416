"""The interpreter's rule: where an enrolment goes from here. Pure: no I/O, no clock (design decision 4).

The worker, the simulator and the tests call this same function with different stores and clocks.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core.ids import key_of
from engine.journeys.models import EnrolmentStatus
from engine.journeys.nodes.base import (
    Facts,
    Run,
)
from engine.journeys.nodes.outcomes import (
    ChangeAttribute,
    ChangeList,
    ChangeTags,
    Effect,
    End,
    Go,
    GrantPoints,
    Outcome,
    SendMessage,
    Wait,
)
from engine.journeys.plan import Plan

CHANGES_CUSTOMER = (ChangeTags, ChangeAttribute, ChangeList, GrantPoints)
"""Effects after which what is known of the customer must be asked anew."""

LONGEST_PASS = 200
"""Steps in one pass; a longer walk goes on in the next one, so that no graph can hold a worker."""


@dataclass(frozen=True, slots=True)
class StepDone:
    """One node left, by which port and why."""

    node_id: str
    visit: int
    port: str | None
    why: str | None
    found: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class EffectDue:
    """Something a node wants done; `key`, made of enrolment, node and visit, names it for ever (J9)."""

    run: Run
    node_id: str
    visit: int
    effect: Effect

    @property
    def key(self) -> UUID:
        """The idempotency key of what it makes."""
        return key_of(self.run.id, self.node_id, self.visit)


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the enrolment stands after this pass.

    `due_at` is None when it has ended, `promised_at` what a wait promised it, `converted_at` when it reached the
    goal. `left`: it was made to leave by a goal, a condition or a reply, so what it has queued shall not be sent.
    """

    run: Run
    status: EnrolmentStatus
    due_at: datetime | None
    reason: str | None
    steps: tuple[StepDone, ...]
    effects: tuple[EffectDue, ...]
    promised_at: datetime | None = None
    converted_at: datetime | None = None
    left: bool = False


def decide(plan: Plan, run: Run, facts: Facts, now: datetime) -> Decision:
    """Walk from the enrolment's node until it must wait, has ended, or needs facts that its own effects changed."""
    steps: list[StepDone] = []
    effects: list[EffectDue] = []
    customer_changed = message_queued = False
    converted_at = facts.goals.get(run.id)

    def at(
        run: Run,
        status: EnrolmentStatus,
        due_at: datetime | None,
        reason: str | None = None,
        promised_at: datetime | None = None,
    ) -> Decision:
        return Decision(run, status, due_at, reason, tuple(steps), tuple(effects), promised_at, converted_at)

    why_left = facts.exits.get(run.id)
    if why_left is not None:
        steps.append(StepDone(run.node_id, run.visit, None, why_left))
        return replace(at(run, EnrolmentStatus.EXITED, None, why_left), left=True)
    while len(steps) < LONGEST_PASS:
        node = plan.nodes.get(run.node_id)
        if node is None:
            return at(run, EnrolmentStatus.QUARANTINED, None, f"Step “{run.node_id}” is not in this version")
        if (customer_changed and run.node_id in plan.asks_customer) or (
            message_queued and run.node_id in plan.asks_messages
        ):
            return at(run, EnrolmentStatus.ACTIVE, now)
        outcome = node.decide(run, facts, now)
        if run.moved_visit is not None:
            outcome = _not_twice(outcome, run, facts)
        match outcome:
            case Wait(until=until, why=why, effect=effect, promises=promises):
                if effect is not None:
                    effects.append(EffectDue(run, run.node_id, run.visit, effect))
                return at(run, EnrolmentStatus.ACTIVE, until, why, until if promises else run.promised_at)
            case End(reason=reason):
                steps.append(StepDone(run.node_id, run.visit, None, reason))
                return at(run, EnrolmentStatus.EXITED, None, reason)
            case Go(port=port, why=why, effect=effect, found=found):
                steps.append(StepDone(run.node_id, run.visit, port, why, found))
                if effect is not None:
                    effects.append(EffectDue(run, run.node_id, run.visit, effect))
                    customer_changed = customer_changed or isinstance(effect, CHANGES_CUSTOMER)
                    message_queued = message_queued or isinstance(effect, SendMessage)
                following = plan.after(run.node_id, port)
                if following is None:
                    return at(run, EnrolmentStatus.COMPLETED, None, "Came to the end")
                run = run.moved_to(following, now)
    return at(run, EnrolmentStatus.ACTIVE, now)


def _not_twice(outcome: Outcome, run: Run, facts: Facts) -> Outcome:
    """Nothing is sent again that the enrolment was sent before it was moved to this version (J8)."""
    sent = run.node_id in facts.sent_before.get(run.id, ())
    if sent and isinstance(outcome, (Go, Wait)) and isinstance(outcome.effect, SendMessage):
        return Go(why="Sent already, before the journey was changed")
    return outcome
