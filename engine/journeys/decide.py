"""The interpreter's rule: where an enrolment goes from here. Pure: no I/O, no clock (design decision 4).

The worker, the simulator and the tests call this same function with different stores and clocks.
"""

from dataclasses import dataclass
from datetime import datetime

from engine.journeys.models import EnrolmentStatus
from engine.journeys.nodes.base import ChangeAttribute, ChangeTags, Effect, End, Facts, Go, Run, Wait
from engine.journeys.plan import Plan

CHANGES_CUSTOMER = (ChangeTags, ChangeAttribute)
"""Effects after which rules must be asked anew."""

LONGEST_PASS = 200
"""Steps in one pass; a longer walk goes on in the next one, so that no graph can hold a worker."""


@dataclass(frozen=True, slots=True)
class StepDone:
    """One node left, by which port and why."""

    node_id: str
    visit: int
    port: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class EffectDue:
    """Something a node wants done; `(enrolment, node, visit)` names it for ever."""

    run: Run
    node_id: str
    visit: int
    effect: Effect


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the enrolment stands after this pass. `due_at` is None when it has ended."""

    run: Run
    status: EnrolmentStatus
    due_at: datetime | None
    reason: str | None
    steps: tuple[StepDone, ...]
    effects: tuple[EffectDue, ...]


def decide(plan: Plan, run: Run, facts: Facts, now: datetime) -> Decision:
    """Walk from the enrolment's node until it must wait, has ended, or needs facts that its own effects changed."""
    steps: list[StepDone] = []
    effects: list[EffectDue] = []
    customer_changed = False

    def at(run: Run, status: EnrolmentStatus, due_at: datetime | None, reason: str | None = None) -> Decision:
        return Decision(run, status, due_at, reason, tuple(steps), tuple(effects))

    while len(steps) < LONGEST_PASS:
        node = plan.nodes.get(run.node_id)
        if node is None:
            return at(run, EnrolmentStatus.QUARANTINED, None, f"Step “{run.node_id}” is not in this version")
        if customer_changed and run.node_id in plan.rules:
            return at(run, EnrolmentStatus.ACTIVE, now)
        outcome = node.decide(run, facts, now)
        match outcome:
            case Wait(until=until, why=why):
                return at(run, EnrolmentStatus.ACTIVE, until, why)
            case End(reason=reason):
                steps.append(StepDone(run.node_id, run.visit, None, reason))
                return at(run, EnrolmentStatus.EXITED, None, reason)
            case Go(port=port, why=why, effect=effect):
                steps.append(StepDone(run.node_id, run.visit, port, why))
                if effect is not None:
                    effects.append(EffectDue(run, run.node_id, run.visit, effect))
                    customer_changed = customer_changed or isinstance(effect, CHANGES_CUSTOMER)
                following = plan.after(run.node_id, port)
                if following is None:
                    return at(run, EnrolmentStatus.COMPLETED, None, "Came to the end")
                run = run.moved_to(following, now)
    return at(run, EnrolmentStatus.ACTIVE, now)
