"""Backtests in the background: asked for, run by a worker with its progress told, cancelled, looked at again later."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine.core.audit import record_audit
from engine.core.bulk import as_json, insert_many
from engine.core.db import reading_session, tenant_session
from engine.core.errors import Conflict, InvalidGraph, NotFound, SafarError
from engine.core.ids import new_id
from engine.core.poison import POISON
from engine.customers.models import Customer
from engine.journeys.backtest.grid import Grid, last_days
from engine.journeys.backtest.models import OPEN, Backtest, BacktestPassage, BacktestStatus
from engine.journeys.backtest.stage import Played, play
from engine.journeys.graph import read_graph
from engine.journeys.journeys import check_draft, load_journey
from engine.journeys.models import Journey
from engine.journeys.plan import Plan, compile_plan
from engine.journeys.wording import load_words, steps_in_words

KEPT = timedelta(days=30)
"""Results are kept for so long: they are made anew in a minute."""

BEAT_SECONDS = 0.5
DEAD_AFTER = timedelta(seconds=60)
"""A running backtest of which nothing was heard for so long has lost its worker."""

LARGEST_PAGE = 100

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


@dataclass(frozen=True, slots=True)
class Asked:
    """A backtest as it stands. `is_stale`: the draft was changed since it was asked for."""

    id: UUID
    journey_id: UUID
    days: int
    status: BacktestStatus
    progress: float
    reached: datetime | None
    asked_at: datetime
    ended_at: datetime | None
    problem: str | None
    result: dict[str, Any] | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A listed customer with today's name."""

    customer_id: UUID
    name: str
    passage: dict[str, Any]


def ask_backtest(
    session: Session, tenant_id: UUID, journey_id: UUID, days: int, *, user_id: UUID | None, now: datetime
) -> UUID:
    """Have the saved draft played over the last days; a worker begins within a second.

    Raises:
        NotFound: there is no such journey.
        InvalidGraph: the draft has problems; `details` lists them.
        InvalidInput: `days` is not from 1 to 365.
        Conflict: another backtest of the tenant is not over yet.
    """
    journey = load_journey(session, journey_id)
    last_days(days, now=now)
    problems = check_draft(session, journey_id)
    if problems:
        raise InvalidGraph(
            f"This draft cannot be tested yet: {problems[0].message}",
            details=[problem.as_json() for problem in problems],
        )
    asked = Backtest(
        id=new_id(),
        tenant_id=tenant_id,
        journey_id=journey_id,
        revision=journey.revision,
        graph=journey.draft,
        days=days,
        status=BacktestStatus.QUEUED,
        progress=0.0,
        asked_at=now,
        asked_by=user_id,
    )
    try:
        with session.begin_nested():
            session.add(asked)
    except IntegrityError:
        raise Conflict("Another backtest is running. Wait until it is done, or cancel it.") from None
    actor = str(user_id) if user_id else "api"
    record_audit(session, tenant_id, actor, "journey.backtested", str(journey_id), {"days": days}, now=now)
    return asked.id


def cancel_backtest(session: Session, backtest_id: UUID, *, now: datetime) -> Asked:
    """Have a backtest end; one that is over stays as it is.

    Raises:
        NotFound: there is no such backtest.
    """
    session.execute(
        update(Backtest)
        .where(Backtest.id == backtest_id, Backtest.status.in_(OPEN))
        .values(status=BacktestStatus.CANCELLED, ended_at=now)
    )
    return load_backtest(session, backtest_id)


def load_backtest(session: Session, backtest_id: UUID, journey_id: UUID | None = None) -> Asked:
    """A backtest as it stands.

    Raises:
        NotFound: there is none with this id, or it is another journey's.
    """
    row = session.execute(_rows().where(Backtest.id == backtest_id)).one_or_none()
    if row is None or journey_id not in (None, row.Backtest.journey_id):
        raise NotFound("This backtest does not exist any more. Run a new one.")
    return _asked(row)


def latest_backtest(session: Session, journey_id: UUID) -> Asked | None:
    """The journey's newest backtest that was not cancelled; None when there is none."""
    newest = (
        _rows()
        .where(Backtest.journey_id == journey_id, Backtest.status != BacktestStatus.CANCELLED)
        .order_by(Backtest.asked_at.desc())
        .limit(1)
    )
    row = session.execute(newest).one_or_none()
    return _asked(row) if row else None


def is_stale(session: Session, backtest_id: UUID) -> bool:
    """Whether the draft was changed since this backtest was asked for, or is gone."""
    newer = (
        select(Journey.revision != Backtest.revision)
        .join(Backtest, Backtest.journey_id == Journey.id)
        .where(Backtest.id == backtest_id)
    )
    return session.scalar(newer) is not False


def list_passages(
    session: Session, backtest_id: UUID, *, search: str = "", page: int = 1, size: int = 20
) -> tuple[list[PassageRow], int]:
    """A page of the listed customers, in the order in which they entered, and how many there are.

    Args:
        search: part of a name.
    """
    query = (
        select(BacktestPassage.customer_id, Customer.name, BacktestPassage.passage)
        .join(Customer, Customer.id == BacktestPassage.customer_id)
        .where(BacktestPassage.backtest_id == backtest_id)
    )
    if search.strip():
        query = query.where(Customer.name.icontains(search.strip(), autoescape=True))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    size = min(size, LARGEST_PAGE)
    rows = session.execute(query.order_by(BacktestPassage.number).offset((page - 1) * size).limit(size))
    return [PassageRow(row.customer_id, row.name, row.passage) for row in rows], total


def name_steps(session: Session, backtest_id: UUID) -> dict[str, str]:
    """The steps of the draft that was played, as a marketer tells them apart, by node id."""
    graph, _ = read_graph(session.get_one(Backtest, backtest_id).graph)
    if graph is None:
        return {}
    words = load_words(session, [graph])
    told = {node.id: words(node) for node in graph.nodes}
    return told | {step.node_id: step.sentence for step in steps_in_words(graph, words)}


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


def _rows() -> Any:
    return select(Backtest, Journey.revision).join(Journey, Journey.id == Backtest.journey_id)


def _asked(row: Any) -> Asked:
    found: Backtest = row.Backtest
    return Asked(
        id=found.id,
        journey_id=found.journey_id,
        days=found.days,
        status=BacktestStatus(found.status),
        progress=found.progress,
        reached=found.reached,
        asked_at=found.asked_at,
        ended_at=found.ended_at,
        problem=found.problem,
        result=found.result,
        is_stale=found.revision != row.revision,
    )
