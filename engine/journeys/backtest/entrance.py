"""Who comes in at a moment of the past, and who may: by what happened, by segments, by the calendar."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from engine.core.ids import key_of
from engine.core.tenants import get_tenant
from engine.journeys.backtest.grid import Grid
from engine.journeys.backtest.history import Happened
from engine.journeys.backtest.membership import Memberships, load_memberships, members_then
from engine.journeys.calendar_days import Window
from engine.journeys.calendar_zones import load_window
from engine.journeys.entries import Entry, admit, cooled_since, entered_since, entries_of, is_open, one_each
from engine.journeys.firsts import Firsts
from engine.journeys.nodes.base import CalendarTrigger
from engine.journeys.nodes.trigger_manual import TriggerManual
from engine.journeys.nodes.trigger_segment import TriggerSegment
from engine.journeys.occasions import question_of
from engine.journeys.occasions.question import Occurrence, Question
from engine.journeys.plan import Plan
from engine.segments.models import Segment


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A row as a schedule's question reads it: who was in its segment then."""

    customer_id: UUID


@dataclass(slots=True)
class Entrance:
    """The doors of a journey, and who went through them when."""

    session: Session
    tenant_id: UUID
    plan: Plan
    grid: Grid
    memberships: Memberships
    zones: dict[str, ZoneInfo]
    looked_until: datetime
    last_entered: dict[UUID, datetime] = field(default_factory=dict)
    last_by_trigger: dict[tuple[UUID, str], datetime] = field(default_factory=dict)
    used_keys: set[UUID] = field(default_factory=set)

    @classmethod
    def open(cls, session: Session, tenant_id: UUID, plan: Plan, grid: Grid) -> "Entrance":
        """The doors at the beginning of the time; nobody has gone through yet."""
        zones = dict(load_window(session, grid.start, grid.until, get_tenant(session).timezone).zones)
        return cls(session, tenant_id, plan, grid, load_memberships(session, plan), zones, grid.start)

    @property
    def by_hand_only(self) -> bool:
        """Whether no trigger lets anybody in that history could tell of."""
        return all(isinstance(each, TriggerManual) for each in self.plan.triggers)

    def by_event(self, happened: Happened, firsts: Firsts) -> Iterator[Entry]:
        """The entry that an event is; changes of dynamic segments are looked up and not read from the log."""
        for entry in entries_of(self.plan, happened, firsts):
            if entry.trigger.id not in self.memberships.dynamic:
                yield entry

    def at(self, now: datetime) -> Iterator[list[Entry]]:
        """Whom segments and the calendar let in at this tick."""
        if any(isinstance(each, TriggerSegment) for each in self.plan.triggers):
            if now == self.grid.start:
                yield self.memberships.at_start(now)
            elif self.grid.looks_at_segments(now):
                yield self.memberships.changes(now)
        window = Window(self.looked_until, now, self.zones, as_of=True)
        self.looked_until = now
        if window.after >= window.until:
            return
        for trigger in self.plan.triggers:
            if isinstance(trigger, CalendarTrigger):
                question = question_of(trigger, window)
                if question is not None:
                    yield [self._entry(trigger, each) for each in self._answers(question, now)]

    def let_in(self, entries: Sequence[Entry], under_way: Container[UUID], now: datetime) -> list[Entry]:
        """Those who may enter: the rules of `entries.enrol`, with a memory in place of its table."""
        if not entries or not is_open(self.session, self.plan, now):
            return []
        let_in: list[Entry] = []
        since = entered_since(self.plan, now)
        for wave in one_each(entries):
            inside = {each.customer_id for each in let_in}
            for each in admit(self.session, self.plan, wave, now=now, as_of=True):
                is_inside = each.customer_id in under_way or each.customer_id in inside
                if not is_inside and self._may_return(each, since, now):
                    self.used_keys.add(each.key)
                    self.last_entered[each.customer_id] = now
                    self.last_by_trigger[each.customer_id, each.trigger.id] = now
                    let_in.append(each)
        return let_in

    def _may_return(self, entry: Entry, since: datetime, now: datetime) -> bool:
        if entry.key in self.used_keys:
            return False
        last = self.last_entered.get(entry.customer_id)
        if last is not None and last > since:
            return False
        cooled = cooled_since(entry.trigger, now)
        by_this = self.last_by_trigger.get((entry.customer_id, entry.trigger.id))
        return cooled is None or by_this is None or by_this <= cooled

    def _answers(self, question: Question, now: datetime) -> list[Occurrence]:
        if question.segment_id is not None:
            segment = self.session.get_one(Segment, question.segment_id)
            rows = [Scheduled(each) for each in sorted(members_then(self.session, segment, now))]
            return [each for row in rows if (each := question.read(row)) is not None]
        found = self.session.execute(question.query, {"tenant": self.tenant_id, **question.parameters})
        return [each for row in found if (each := question.read(row)) is not None]

    def _entry(self, trigger: CalendarTrigger, each: Occurrence) -> Entry:
        key = key_of("calendar", self.plan.journey_id, trigger.id, each.customer_id, each.which)
        return Entry(each.customer_id, trigger, key, dict(each.data))
