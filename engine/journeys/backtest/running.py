"""Backtests in the background: run by a worker that tells how far it is, and hears of cancelling."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from engine.core.bulk import as_json, insert_many
from engine.core.db import reading_session, tenant_session
from engine.core.errors import InvalidGraph, SafarError
from engine.core.poison import POISON
from engine.customers.models import Customer
from engine.journeys.backtest.grid import Grid, last_days
from engine.journeys.backtest.models import Backtest, BacktestStatus
from engine.journeys.backtest.stage import Played, play
from engine.journeys.graph import read_graph
from engine.journeys.plan import Plan, compile_plan

KEPT = timedelta(days=30)
"""Results are kept for so long: they are made anew in a minute."""

BEAT_SECONDS = 0.5
DEAD_AFTER = timedelta(seconds=60)
"""A running backtest of which nothing was heard for so long has lost its worker."""

log = structlog.get_logger()

BURY = text("""
    UPDATE backtests SET status = 'failed', ended_at = :now,
        problem = 'The worker that ran it was stopped. Run it again.'
    WHERE tenant_id = :tenant AND status = 'running' AND beat_at < :before
""")

CLAIM = text("""
    UPDATE backtests SET status = 'running', beat_at = :now WHERE id = (
        SELECT id FROM backtests WHERE tenant_id = :tenant AND status = 'queued'
        ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, journey_id, graph, days, asked_at
""")

BEAT = text("""
    UPDATE backtests SET progress = :progress, reached = :reached, beat_at = :now
    WHERE id = :id AND status = 'running' RETURNING id
""")

_PASSAGE = {
    "backtest_id": "uuid",
    "number": "integer",
    "tenant_id": "uuid",
    "customer_id": "uuid",
    "passage": "jsonb",
}

Clock = Callable[[], datetime]


class Cancelled(Exception):
    """The backtest was cancelled meanwhile."""


def run_backtest(tenant_id: UUID, *, clock: Clock) -> int:
    """Run the tenant's next backtest to its end; returns how many were run, 0 when none waits.

    One whose worker died is given up.
    """
    with tenant_session(tenant_id) as session:
        now = clock()
        session.execute(BURY, {"tenant": tenant_id, "now": now, "before": now - DEAD_AFTER})
        row = session.execute(CLAIM, {"tenant": tenant_id, "now": now}).one_or_none()
    if row is None:
        return 0
    try:
        _store(tenant_id, row.id, _play(tenant_id, row, clock), clock())
    except Cancelled:
        log.info("a backtest was cancelled", tenant=str(tenant_id), backtest=str(row.id))
    except POISON as error:
        log.exception("a backtest failed", tenant=str(tenant_id), backtest=str(row.id))
        told = error.message if isinstance(error, SafarError) else "It could not be computed. Run it again."
        _end(tenant_id, row.id, clock(), status=BacktestStatus.FAILED, problem=told)
    return 1


def _play(tenant_id: UUID, row: Any, clock: Clock) -> Played:
    grid = last_days(row.days, now=row.asked_at)
    with reading_session(tenant_id) as session:
        return play(session, _plan(row), grid, watch=_Beat(tenant_id, row.id, grid, clock))


def _plan(row: Any) -> Plan:
    graph, problems = read_graph(row.graph)
    if graph is None:
        raise InvalidGraph(problems[0].message)
    return compile_plan(graph, version_id=row.id, journey_id=row.journey_id)


class _Beat:
    """Tells how far it is twice a second, and hears of cancelling."""

    def __init__(self, tenant_id: UUID, backtest_id: UUID, grid: Grid, clock: Clock) -> None:
        self._tenant_id, self._id, self._grid, self._clock = tenant_id, backtest_id, grid, clock
        self._next = 0.0

    def __call__(self, at: datetime) -> None:
        if time.monotonic() < self._next:
            return
        told = {"id": self._id, "progress": self._grid.done(at), "reached": at, "now": self._clock()}
        with tenant_session(self._tenant_id) as session:
            if session.execute(BEAT, told).one_or_none() is None:
                raise Cancelled
        self._next = time.monotonic() + BEAT_SECONDS


def _store(tenant_id: UUID, backtest_id: UUID, played: Played, now: datetime) -> None:
    rows = [
        (backtest_id, number, tenant_id, each.customer_id, as_json(each))
        for number, each in enumerate(played.passages)
    ]
    result = played.result.as_json()
    if _end(tenant_id, backtest_id, now, status=BacktestStatus.DONE, progress=1.0, result=result):
        with tenant_session(tenant_id) as session:
            known = set(session.scalars(select(Customer.id).where(Customer.id.in_({row[3] for row in rows}))))
            insert_many(session, "backtest_passages", _PASSAGE, [row for row in rows if row[3] in known])


def _end(tenant_id: UUID, backtest_id: UUID, now: datetime, **values: Any) -> bool:
    """Write down how it ended, unless it was cancelled meanwhile."""
    with tenant_session(tenant_id) as session:
        ended = update(Backtest).where(Backtest.id == backtest_id, Backtest.status == BacktestStatus.RUNNING)
        ended = ended.values(ended_at=now, **values).returning(Backtest.id)
        return session.execute(ended).one_or_none() is not None


def delete_old_backtests(session: Session, tenant_id: UUID, *, now: datetime, limit: int = 50) -> int:
    """Delete a batch of results nobody looks at any more; returns how many."""
    old = (
        select(Backtest.id)
        .where(Backtest.tenant_id == tenant_id, Backtest.asked_at < now - KEPT)
        .order_by(Backtest.asked_at)
        .limit(limit)
    )
    gone = session.scalars(delete(Backtest).where(Backtest.id.in_(old)).returning(Backtest.id))
    return len(gone.all())
