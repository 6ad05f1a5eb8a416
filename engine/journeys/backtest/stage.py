"""A journey played over a time that has passed, for all customers at once, with `decide` and `guard` as they run live.

At each tick of the grid everything is done that the real engine would do then, in its order: what has happened wakes
those under way and lets customers in, the calendar lets customers in, all who are due go on, all messages that are due
are judged. Nothing is written: it may run in a transaction that only reads.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from uuid import UUID

from sqlalchemy.orm import Session

from engine.core.ids import key_of
from engine.core.poison import POISON, told
from engine.core.tenants import get_tenant
from engine.delivery.consequences import can_be_replaced
from engine.delivery.models import MessageStatus
from engine.journeys.backtest.assumptions import told_assumptions
from engine.journeys.backtest.entrance import Entrance
from engine.journeys.backtest.goals import Goals
from engine.journeys.backtest.grid import Grid
from engine.journeys.backtest.history import Events, Happened
from engine.journeys.backtest.letter import Letter
from engine.journeys.backtest.post import Post, open_post
from engine.journeys.backtest.result import Passage, Result, Told
from engine.journeys.backtest.summing import sum_up
from engine.journeys.backtest.tally import Journeyer, Tally
from engine.journeys.backtest.turns import Turns
from engine.journeys.decide import Decision, EffectDue, decide
from engine.journeys.effects import message_intents
from engine.journeys.entries import Entry
from engine.journeys.facts import load_facts
from engine.journeys.firsts import first_of, firsts_among
from engine.journeys.interpreter import BATCH, FAILED
from engine.journeys.models import EnrolmentStatus
from engine.journeys.nodes.base import Facts, MessageFate, Run, Trigger
from engine.journeys.nodes.outcomes import SendMessage
from engine.journeys.plan import Plan

REACHED = "The customer reached the goal or replied meanwhile"

MOST_ROUNDS = 1_000
"""Rounds within one tick at most: who goes round in circles goes on at the next."""

Watch = Callable[[datetime], None]
"""Told each moment that was played; what it raises ends the backtest."""


@dataclass(frozen=True, slots=True)
class Played:
    """What a backtest found, the ways of the customers it lists, and each message if it was asked to tell them."""

    result: Result
    passages: tuple[Passage, ...]
    messages: tuple[Told, ...] = ()


def play(
    session: Session,
    plan: Plan,
    grid: Grid,
    *,
    chosen: Mapping[UUID, Trigger] | None = None,
    watch: Watch | None = None,
    tell_messages: bool = False,
) -> Played:
    """Play the journey from the beginning of the grid to its end as though it had been published then.

    Reads only. Memory holds who is under way, what waits, a day of events and sums.

    Args:
        chosen: these customers enter at the start by these triggers, and nobody else does.
        tell_messages: list every message that was sent.
    """
    stage = _open(session, plan, grid, tell_messages)
    for now in grid.ticks():
        stage.tick(now, chosen)
        if watch is not None:
            watch(now)
    return stage.close()


@dataclass(slots=True)
class Under:
    """Somebody under way."""

    run: Run
    one: Journeyer
    due_at: datetime


@dataclass(slots=True)
class _Stage:
    session: Session
    tenant_id: UUID
    plan: Plan
    grid: Grid
    post: Post
    tally: Tally
    events: Events
    entrance: Entrance
    goals: Goals
    turns: Turns
    under_way: dict[UUID, Under] = field(default_factory=dict)
    """By customer: nobody is in a journey twice at a time."""
    dues: list[tuple[datetime, int, UUID]] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)
    journeyers: dict[UUID, Journeyer] = field(default_factory=dict)
    """By enrolment, those whose messages may still wait."""
    fates: dict[tuple[UUID, str], MessageFate] = field(default_factory=dict)

    def tick(self, now: datetime, chosen: Mapping[UUID, Trigger] | None) -> None:
        """Everything that happens at one moment."""
        happened = self.events.until(now)
        self._wake(happened, now)
        self._note_goals(happened)
        if chosen is None:
            self._enter(self._entries_of(happened), now)
            for entries in self.entrance.at(now):
                self._enter(entries, now)
        elif now == self.grid.start:
            self._enter([_by_hand(self.plan, who, trigger) for who, trigger in chosen.items()], now)
        for _ in range(MOST_ROUNDS):
            if not self._advance(now) and not self._deliver(now):
                return

    # Coming in

    def _entries_of(self, happened: Sequence[Happened]) -> list[Entry]:
        asks_first = any(first_of(trigger) for trigger in self.plan.triggers)
        firsts = (
            firsts_among(self.session, self.tenant_id, happened, [self.plan])
            if asks_first and happened
            else {}
        )
        return [entry for each in happened for entry in self.entrance.by_event(each, firsts)]

    def _enter(self, entries: Sequence[Entry], now: datetime) -> None:
        for each in self.entrance.let_in(entries, self.under_way, now):
            one = self.tally.enter(each.customer_id, each.trigger.id, now)
            run = Run(
                id=key_of(self.plan.journey_id, each.customer_id, each.key),
                journey_id=self.plan.journey_id,
                customer_id=each.customer_id,
                node_id=each.trigger.id,
                visit=0,
                arrived_at=now,
                entered_at=now,
                entry=each.properties,
                entry_key=each.key,
            )
            self.goals.enter(one)
            self.journeyers[run.id] = one
            self._wait(Under(run, one, now))

    def _wait(self, under: Under) -> None:
        self.under_way[under.run.customer_id] = under
        heappush(self.dues, (under.due_at, next(self.numbers), under.run.customer_id))

    # What has happened

    def _wake(self, happened: Iterable[Happened], now: datetime) -> None:
        for each in happened:
            self._wake_one(each.customer_id, now)

    def _wake_one(self, customer_id: UUID, now: datetime) -> None:
        under = self.under_way.get(customer_id)
        if under is not None and under.due_at > now:
            under.due_at = now
            self._wait(under)

    def _note_goals(self, happened: Iterable[Happened]) -> None:
        """Whoever does what the journey is for, within its time, under way or not (as `facts` and `hearing` do)."""
        settings = self.plan.settings
        for each in happened:
            if not each.fits or not self.goals.knows(each.customer_id):
                continue
            if each.name == settings.goal_event:
                self.goals.reach(each)
            if each.name != settings.goal_event or settings.leave_on_goal:
                self._drop_finished(each)

    def _drop_finished(self, each: Happened) -> None:
        under = self.under_way.get(each.customer_id)
        running = under.run.id if under else None
        self._drop(each.customer_id, REACHED, each.occurred_at, staying=running)

    def _drop(self, customer_id: UUID, reason: str, at: datetime, *, staying: UUID | None) -> None:
        for letter in self.post.drop(customer_id, reason, staying=staying):
            self.tally.decide(self.journeyers[letter.enrolment_id], letter, at)

    # Going on

    def _advance(self, now: datetime) -> bool:
        """One batch of those who are due; whether there was any."""
        batch = self._due(now)
        if not batch:
            return False
        plans = dict.fromkeys((under.run.id for under in batch), self.plan)
        facts = load_facts(
            self.session, [under.run for under in batch], plans, now=now, as_of=True, fates=self.fates
        )
        facts = replace(
            facts, slots=self.turns.take([u.run for u in batch if u.run.id not in facts.exits], now)
        )
        decided = [(under, self._decide(under.run, facts, now)) for under in batch]
        self._want([each for _, decision in decided for each in decision.effects], plans, now)
        for under, decision in decided:
            self._move(under, decision, now)
        return True

    def _due(self, now: datetime) -> list[Under]:
        found: dict[UUID, Under] = {}
        while self.dues and self.dues[0][0] <= now and len(found) < BATCH:
            due_at, _, customer_id = heappop(self.dues)
            under = self.under_way.get(customer_id)
            if under is not None and under.due_at == due_at:
                found[customer_id] = under
        return list(found.values())

    def _decide(self, run: Run, facts: Facts, now: datetime) -> Decision:
        try:
            return decide(self.plan, run, facts, now)
        except POISON as error:
            return Decision(run, EnrolmentStatus.QUARANTINED, None, f"{FAILED}: {told(error)}", (), ())

    def _move(self, under: Under, decision: Decision, now: datetime) -> None:
        self.tally.step(under.one, decision.steps, now)
        if decision.left:
            self._drop(under.run.customer_id, decision.reason or "Left the journey", now, staying=None)
        if decision.status is EnrolmentStatus.ACTIVE and decision.due_at is not None:
            run = replace(decision.run, promised_at=decision.promised_at)
            self._wait(Under(run, under.one, decision.due_at))
            return
        del self.under_way[under.run.customer_id]
        for node_id in self.plan.announced:
            self.fates.pop((under.run.id, node_id), None)
        self.tally.end(under.one, decision.reason or decision.status.value)

    def _want(self, effects: Sequence[EffectDue], plans: Mapping[UUID, Plan], now: datetime) -> None:
        """Queue what is to be sent; count what else is wanted."""
        messages = [each for each in effects if isinstance(each.effect, SendMessage)]
        for each in effects:
            if not isinstance(each.effect, SendMessage):
                self.tally.effects[each.node_id, type(each.effect).__name__] += 1
        if messages:
            self._queued(
                self.post.queue(message_intents(self.session, self.tenant_id, messages, plans, now=now), now)
            )

    def _queued(self, letters: Iterable[Letter]) -> None:
        for letter in letters:
            self.tally.queue(letter)
            self._note_fate(letter)

    # Leaving the house

    def _deliver(self, now: datetime) -> bool:
        """One batch of messages that are due; whether there was any."""
        letters = self.post.due(now)
        if not letters:
            return False
        self._queued(self.post.judge(letters, now))
        for letter in letters:
            one = self.journeyers[letter.enrolment_id]
            if letter.status is MessageStatus.QUEUED:
                self.tally.hold(one, letter, now)
                continue
            self.tally.decide(one, letter, now)
            if not can_be_replaced(letter):
                self._note_fate(letter)
                if letter.announce:
                    self._wake_one(letter.customer_id, now)
        return True

    def _note_fate(self, letter: Letter) -> None:
        if letter.node_id in self.plan.announced:
            self.fates[letter.enrolment_id, letter.node_id] = MessageFate(
                letter.status, letter.created_at, sent_at=letter.sent_at, reason=letter.reason
            )

    # The end

    def close(self) -> Played:
        """The sums, once the last tick is played."""
        for under in self.under_way.values():
            under.one.outcome = "Still on the way"
        result = sum_up(
            self.plan,
            self.grid,
            self.tally,
            standing=Counter(under.run.node_id for under in self.under_way.values()),
            waiting=Counter(letter.node_id for letter in self.post.waiting.values()),
            undecided=self.goals.undecided(),
            currency=self.post.letterhead.currency,
            assumptions=told_assumptions(self.plan, self.grid, self.tally, self.entrance),
        )
        return Played(result, self.tally.all_passages(), tuple(self.tally.told or ()))


def _open(session: Session, plan: Plan, grid: Grid, tell_messages: bool) -> _Stage:
    tenant = get_tenant(session)
    entrance = Entrance.open(session, tenant.id, plan, grid)
    tally = Tally(tenant.timezone, told=[] if tell_messages else None)
    return _Stage(
        session=session,
        tenant_id=tenant.id,
        plan=plan,
        grid=grid,
        post=open_post(session, tenant.id, plan, grid),
        tally=tally,
        events=Events(session, plan, grid, by_membership=entrance.memberships.dynamic),
        entrance=entrance,
        goals=Goals(timedelta(days=plan.settings.goal_days), tally),
        turns=Turns(plan),
    )


def _by_hand(plan: Plan, customer_id: UUID, trigger: Trigger) -> Entry:
    return Entry(customer_id, trigger, key_of(plan.journey_id, customer_id), dict(trigger.expects()))
