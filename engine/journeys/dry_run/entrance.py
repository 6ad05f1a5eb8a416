"""The entrance: the event by which the customer comes, and whether they would be let in."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.errors import InvalidInput
from engine.core.ids import key_of
from engine.customers.models import Customer
from engine.journeys.absence import kept_out_by
from engine.journeys.dry_run.happenings import Scene, tell_event
from engine.journeys.dry_run.wish import DryRun
from engine.journeys.entries import Entry, enrol
from engine.journeys.firsts import first_of, firsts_among
from engine.journeys.models import Journey
from engine.journeys.nodes.base import Trigger
from engine.journeys.plan import Plan

BEFORE_ALL = -1
"""The number of the entering event among what happens."""

NOT_FIRST = "It is not the first time for them, and only the first time counts."
COOLING = "They entered by this trigger not long ago."

CAME = text("""
    SELECT id AS event_id, customer_id, name, occurred_at FROM events
    WHERE tenant_id = :tenant AND customer_id = :customer AND name = :name AND occurred_at = :at AND source = 'segment'
    ORDER BY id DESC LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class Entered:
    """How the customer came in: by which event (None for triggers of the calendar), and what would keep them out."""

    event_id: UUID | None = None
    kept_out_by: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def find_trigger(plan: Plan, wanted: str | None) -> Trigger:
    """The trigger of this id; without one, the plan's first.

    Raises:
        InvalidInput: the draft has no such trigger.
    """
    for trigger in plan.triggers:
        if wanted in (None, "", trigger.id):
            return trigger
    known = ", ".join(trigger.id for trigger in plan.triggers)
    raise InvalidInput(
        f"trigger: the draft has no trigger “{wanted}”; use one of {known}.", details={"field": "trigger"}
    )


def enter(
    scene: Scene, journey: Journey, plan: Plan, trigger: Trigger, customer: Customer, entry: dict[str, Any]
) -> Entered:
    """Record the event by which they come, and ask the door; who would be kept out walks all the same."""
    session, wish = scene.session, scene.wish
    came, left_out = _arrive(scene, trigger, entry)
    reasons = [] if came is None or _is_in_time(session, scene, plan, trigger, came) else [NOT_FIRST]
    if not _lets_in(session, scene, plan, trigger, entry):
        told = kept_out_by(session, journey, plan, customer, trigger, entry, now=wish.start)
        reasons += told or ([] if reasons else [COOLING])
    elif not trigger.admits(entry):
        reasons += kept_out_by(session, journey, plan, customer, trigger, entry, now=wish.start)
    return Entered(came.event_id if came else None, tuple(reasons), left_out)


def _arrive(scene: Scene, trigger: Trigger, entry: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    name = next(iter(sorted(trigger.events())), None)
    if name is None:
        return None, ()
    left_out = tell_event(scene, name, entry, BEFORE_ALL, scene.wish.start)
    asked = {
        "tenant": scene.tenant.id,
        "customer": scene.wish.walker,
        "name": name,
        "at": scene.wish.start,
    }
    return scene.session.execute(CAME, asked).one_or_none(), tuple(left_out)


def _is_in_time(session: Session, scene: Scene, plan: Plan, trigger: Trigger, came: Any) -> bool:
    activity = first_of(trigger)
    if activity is None:
        return True
    firsts = firsts_among(session, scene.tenant.id, [came], [plan])
    return came.event_id in firsts.get(activity, ())


def _lets_in(session: Session, scene: Scene, plan: Plan, trigger: Trigger, entry: dict[str, Any]) -> bool:
    """Whether the real door opens; what it wrote is taken back at once, so that its lock is held for a moment only."""
    at_the_door = Entry(scene.wish.walker, trigger, key_of("dry run", scene.wish.id, "entry"), entry)
    with session.begin_nested() as door:
        entered = enrol(session, scene.tenant.id, plan, [at_the_door], now=scene.wish.start)
        door.rollback()
    return entered > 0


def wished_entry(wish: DryRun, trigger: Trigger) -> dict[str, Any]:
    """What the customer brings: what was wished for, with what the trigger expects where nothing was said."""
    return {**trigger.expects(), **wish.entry}
