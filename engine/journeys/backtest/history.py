"""What happened, read from the log as a backtest goes through time: a day at a time, one query for each."""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from sqlalchemy import case, func, literal, or_, select, text
from sqlalchemy.orm import Session

from engine.core.tenants import get_tenant
from engine.delivery.spend import NO_BRANCH
from engine.events.models import Event
from engine.journeys.backtest.grid import Grid
from engine.journeys.facts import event_fits, listenings, scope_of
from engine.journeys.nodes.trigger_segment import TriggerSegment
from engine.journeys.plan import Plan

CHUNK = timedelta(days=1)

AMOUNTS = ("total", "revenue", "value", "amount")
"""Properties in which events carry what they are worth, in the currency's major unit; the first one counts."""

SPENT = text("""
    SELECT date_bin(:step, admitted_at, :start) AS until, coalesce(branch_id, CAST(:nobody AS uuid)) AS branch_id,
        sum(cost_micro) AS cost_micro
    FROM messages
    WHERE tenant_id = :tenant AND created_at >= :earliest AND admitted_at >= :begins AND admitted_at < :ends
        AND cost_micro > 0 AND journey_id IS DISTINCT FROM :journey
    GROUP BY 1, 2 ORDER BY 1
""")


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of history, with what triggers read of it.

    `fits`: it is a goal or a reason to leave; `worth_minor`: what it brought, None when it does not say or says it in
    another currency.
    """

    event_id: UUID
    customer_id: UUID
    name: str
    occurred_at: datetime
    properties: dict[str, Any]
    fits: bool
    worth_minor: int | None


class Events:
    """The events that concern a plan, in the order in which they happened."""

    def __init__(self, session: Session, plan: Plan, grid: Grid, *, by_membership: frozenset[str]) -> None:
        self._session = session
        self._grid = grid
        tenant = get_tenant(session)
        self._currency = tenant.currency
        self._entering = frozenset(
            name
            for trigger in plan.triggers
            if not (isinstance(trigger, TriggerSegment) and trigger.id in by_membership)
            for name in trigger.events()
        )
        listened = {heard.event for heard in plan.listening.values()}
        self._names = sorted(self._entering | listened | plan.exit_events)
        scope = scope_of(tenant, grid.until, as_of=True)
        conditions = [event_fits(each, scope) for each in listenings(plan)]
        self._fits = or_(*conditions) if conditions else literal(False)
        self._goal = plan.settings.goal_event
        self._read_until = grid.start
        self._waiting: deque[Happened] = deque()

    def until(self, at: datetime) -> list[Happened]:
        """What has happened since the last call, up to this moment."""
        if not self._names:
            return []
        while self._read_until < at:
            ends = min(self._read_until + CHUNK, self._grid.until)
            self._waiting.extend(self._read(self._read_until, ends))
            self._read_until = ends
        found = []
        while self._waiting and self._waiting[0].occurred_at <= at:
            found.append(self._waiting.popleft())
        return found

    def _read(self, after: datetime, until: datetime) -> Iterator[Happened]:
        is_goal = Event.name == self._goal
        said = func.coalesce(*(Event.properties[name].astext for name in AMOUNTS))
        query = (
            select(
                Event.id,
                Event.customer_id,
                Event.name,
                Event.occurred_at,
                case((Event.name.in_(self._entering), Event.properties)).label("properties"),
                self._fits.label("fits"),
                case((is_goal, said)).label("worth"),
                case((is_goal, Event.properties["currency"].astext)).label("currency"),
            )
            .where(Event.name.in_(self._names), Event.occurred_at > after, Event.occurred_at <= until)
            .order_by(Event.occurred_at, Event.id)
        )
        for row in self._session.execute(query):
            yield Happened(
                row.id,
                row.customer_id,
                row.name,
                row.occurred_at,
                row.properties or {},
                bool(row.fits),
                self._worth(row),
            )

    def _worth(self, row: Any) -> int | None:
        if row.worth is None or row.currency not in (None, self._currency):
            return None
        try:
            amount = Decimal(row.worth)
        except InvalidOperation:
            return None
        minor = amount.scaleb(get_currency_precision(self._currency))
        return round(minor) if minor.is_finite() else None


class RealSpend:
    """What the tenant's real messages cost, as a month goes on; the tried journey's own are left out."""

    def __init__(self, session: Session, tenant_id: UUID, plan: Plan, grid: Grid) -> None:
        self._session = session
        self._given = {
            "tenant": tenant_id,
            "journey": plan.journey_id,
            "step": grid.step,
            "start": grid.start,
        }
        self._step = grid.step
        self._month: date | None = None
        self._ahead: deque[Any] = deque()

    def since(self, month: date, begins: datetime, ends: datetime, at: datetime) -> dict[UUID, int]:
        """What was spent since the last call of this month, by branch; all of it so far at a month's first call."""
        if month != self._month:
            self._month = month
            parameters = {
                "begins": begins,
                "ends": ends,
                "earliest": begins - timedelta(days=9),
                "nobody": NO_BRANCH,
            }
            self._ahead = deque(self._session.execute(SPENT, self._given | parameters))
        spent: dict[UUID, int] = defaultdict(int)
        while self._ahead and self._ahead[0].until + self._step <= at:
            row = self._ahead.popleft()
            spent[row.branch_id] += int(row.cost_micro)
        return dict(spent)
