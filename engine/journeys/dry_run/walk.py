"""The walk: virtual time goes from one thing that is due to the next, and each is done by the engine's own rules."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.errors import InvalidInput
from engine.core.ids import key_of
from engine.core.models import Tenant
from engine.delivery.outbox import skip_enrolments
from engine.journeys.decide import Decision, EffectDue, StepDone
from engine.journeys.dry_run.entrance import Entered
from engine.journeys.dry_run.giving import give
from engine.journeys.dry_run.happenings import Scene, happen
from engine.journeys.dry_run.letters import Desk
from engine.journeys.dry_run.told import Entry, Fate, Kind
from engine.journeys.dry_run.wish import DryRun, Happening
from engine.journeys.dry_run.words import Teller
from engine.journeys.facts import load_facts
from engine.journeys.interpreter import decide_safely
from engine.journeys.models import EnrolmentStatus
from engine.journeys.nodes.base import Run, Trigger
from engine.journeys.plan import Plan

A_MOMENT = timedelta(seconds=1)
"""What happens at a moment at which steps were passed happens right after them."""

MOST_MOMENTS = 1_000
LATE = "The customer reached the goal or replied meanwhile"

HEARD = text("""
    SELECT id, name FROM events
    WHERE tenant_id = :tenant AND customer_id = :customer AND occurred_at >= :since ORDER BY occurred_at, id
""")

WAITING = text("""
    SELECT node_id FROM messages
    WHERE tenant_id = :tenant AND customer_id = :customer AND enrolment_id = :enrolment AND status = 'queued'
        AND purpose = 'marketing'
""")

FREE_AT = text("SELECT next_at FROM release_rates WHERE journey_id = :journey AND node_id = :node")


@dataclass(slots=True)
class Walk:
    """One customer on the way. `now` is the virtual time of the last thing that was done."""

    session: Session
    tenant: Tenant
    wish: DryRun
    plan: Plan
    desk: Desk
    teller: Teller
    run: Run
    now: datetime
    due_at: datetime | None
    zone: ZoneInfo
    status: EnrolmentStatus = EnrolmentStatus.ACTIVE
    reason: str = ""
    entries: list[Entry] = field(default_factory=list)
    passed: list[tuple[str, str]] = field(default_factory=list)
    refused: dict[int, InvalidInput] = field(default_factory=dict)
    entered: Entered = field(default_factory=Entered)
    converted_at: datetime | None = None
    moments: int = 0
    _heard: set[UUID] = field(default_factory=set)
    _waits: tuple[int, datetime] | None = None

    def play(self, until: datetime) -> None:
        """Let happen what was wished for, and do what is due up to and including `until`."""
        self._listen()
        for number, happening in enumerate(self.wish.happenings):
            self.go_on(max(happening.at, self.now))
            self._happen(number, happening)
        self.go_on(max(until, self.now))

    def go_on(self, until: datetime) -> None:
        """Do all that is due up to and including a moment."""
        while (due := self.next_at()) is not None and due <= until:
            self.now = max(self.now, due)
            self.moments += 1
            if self.due_at is not None and self.due_at <= self.now:
                self._advance()
            else:
                self._deliver()
            self._listen()

    def next_at(self) -> datetime | None:
        """When the next thing is due; None when nothing is, or the walk goes round and round."""
        moments = [each for each in (self.due_at, self.desk.next_at()) if each is not None]
        due = min(moments, default=None)
        is_endless = self.moments >= MOST_MOMENTS or (due is not None and due > self.wish.latest)
        return None if is_endless else due

    def _advance(self) -> None:
        """One pass of the interpreter."""
        plans = {self.run.id: self.plan}
        facts = load_facts(self.session, [self.run], plans, now=self.now)
        facts = replace(facts, slots=self._turn())
        decision = decide_safely(self.plan, self.run, facts, self.now)
        effects = {(each.node_id, each.visit): each for each in decision.effects}
        for step in decision.steps:
            self._tell_step(step, effects.get((step.node_id, step.visit)))
        give(self.session, self.tenant.id, decision.effects, plans, now=self.now)
        self._move(decision)
        if decision.left:
            self._give_up(decision.reason or "Left the journey")

    def _move(self, decision: Decision) -> None:
        self.run = replace(decision.run, promised_at=decision.promised_at)
        self.status, self.due_at, self.reason = decision.status, decision.due_at, decision.reason or ""
        self._convert(decision.converted_at)
        if self.due_at is None:
            node_id = self.run.node_id
            told = self.teller.ending(self.status, self.reason)
            self._tell(Entry(self.now, Kind.ENDED, told, node_id, self.teller.sentence(node_id)))
        elif self.due_at > self.now and self._waits != (self.run.visit, self.due_at):
            self._waits = self.run.visit, self.due_at
            self._tell(self.teller.wait(self.run.node_id, self.reason, self.now, self.due_at))

    def _convert(self, at: datetime | None) -> None:
        if at is not None and self.converted_at is None:
            self.converted_at = at
            self._tell(Entry(self.now, Kind.GOAL, f"Goal reached: {self.plan.settings.goal_event}"))

    def _turn(self) -> dict[tuple[UUID, int], datetime]:
        """The moment a rate-limited wait would give, behind those who really wait there; it is not taken."""
        node = self.plan.nodes.get(self.run.node_id)
        if node is None or node.release_interval() is None or self.run.promised_at is not None:
            return {}
        asked = {"journey": self.plan.journey_id, "node": node.id}
        free_at = self.session.scalar(FREE_AT, asked)
        return {(self.run.id, self.run.visit): max(free_at or self.now, self.now)}

    def _tell_step(self, step: StepDone, due: EffectDue | None) -> None:
        node = self.plan.nodes.get(step.node_id)
        if step.port is not None and self.plan.after(step.node_id, step.port):
            self.passed.append((step.node_id, step.port))
        if isinstance(node, Trigger):
            told = self.teller.entrance(step, self.now, self.entered)
        else:
            told = self.teller.step(step, due, self.now)
        if step.port is not None or due is not None:
            self._tell(told)

    def _deliver(self) -> None:
        """One message before the guard."""
        judged = self.desk.judge_next(now=self.now)
        if judged is None:
            return
        node_id, letter = judged
        words = {
            Fate.SENT: "Sent",
            Fate.HELD: "Held",
            Fate.SKIPPED: "Not sent",
            Fate.FAILED: "Failed",
        }[letter.fate]
        told = f"{words}: “{letter.template}”"
        step = self.teller.sentence(node_id)
        self._tell(
            Entry(
                self.now, Kind.MESSAGE, told, node_id, step, letter.because, until=letter.until, letter=letter
            )
        )

    def _happen(self, number: int, happening: Happening) -> None:
        """Something that was wished for; what cannot happen is told, and the walk goes on."""
        self.now = max(happening.at, self.now + A_MOMENT)
        scene = Scene(self.session, self.tenant, self.wish, self.run.id)
        try:
            done = happen(scene, happening, number, now=self.now)
        except InvalidInput as refusal:
            self.refused[number] = refusal
            self._tell(Entry(self.now, Kind.NOTE, refusal.message))
            return
        self._tell(Entry(self.now, Kind.HAPPENED, done.text, done.node_id, facts=done.facts))
        self._listen()

    def _listen(self) -> None:
        """Whom an event concerns is looked at again at once, as live (`hearing.wake`)."""
        asked = {"tenant": self.tenant.id, "customer": self.wish.walker, "since": self.wish.start}
        rows = [row for row in self.session.execute(HEARD, asked) if row.id not in self._heard]
        self._heard |= {row.id for row in rows}
        names = {row.name for row in rows} & self.plan.wakes
        if names and self.due_at is not None:
            self.due_at = min(self.due_at, self.now)
        elif names & self.plan.exit_events:
            self._after_the_end()

    def _after_the_end(self) -> None:
        """As `hearing.note_finished`: a goal still counts, and what still waits is not sent."""
        facts = load_facts(self.session, [self.run], {self.run.id: self.plan}, now=self.now)
        self._convert(facts.goals.get(self.run.id))
        if self.run.id in facts.exits:
            self._give_up(LATE)

    def _give_up(self, reason: str) -> None:
        asked = {"tenant": self.tenant.id, "customer": self.wish.walker, "enrolment": self.run.id}
        waiting = self.session.scalars(WAITING, asked).all()
        skip_enrolments(self.session, self.tenant.id, [(self.wish.walker, self.run.id)], reason)
        for node_id in waiting:
            told = f"The message that still waited is not sent: {reason}"
            self._tell(Entry(self.now, Kind.NOTE, told, node_id or "", self.teller.sentence(node_id or "")))

    def _tell(self, entry: Entry) -> None:
        self.entries.append(entry)


def first_run(wish: DryRun, plan: Plan, entry: dict[str, Any], entry_key: UUID | None) -> Run:
    """The enrolment as it begins; its id is this dry run's own."""
    return Run(
        id=key_of("dry run", wish.id, "enrolment"),
        journey_id=plan.journey_id,
        customer_id=wish.walker,
        node_id=wish.trigger,
        visit=0,
        arrived_at=wish.start,
        entered_at=wish.start,
        entry=entry,
        entry_key=entry_key,
    )


def stopped_short(walk: Walk) -> Iterator[str]:
    """Why a walk that has not ended is not told further."""
    if walk.moments >= MOST_MOMENTS:
        yield f"This goes round and round: stopped after {MOST_MOMENTS:,} moments."
    elif walk.due_at is not None and walk.due_at > walk.wish.latest:
        yield "What comes next lies more than three years ahead."
