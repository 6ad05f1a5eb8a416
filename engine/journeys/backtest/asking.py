"""Backtests as they are asked for, cancelled and looked at; a worker runs them (`running`)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine.core.audit import record_audit
from engine.core.errors import Conflict, InvalidGraph, NotFound
from engine.core.ids import new_id
from engine.customers.models import Customer
from engine.journeys.backtest.grid import last_days
from engine.journeys.backtest.models import OPEN, Backtest, BacktestPassage, BacktestStatus
from engine.journeys.drafts import load_journey
from engine.journeys.graph import read_graph
from engine.journeys.models import Journey
from engine.journeys.publishing import check_draft
from engine.journeys.wording import load_words, steps_in_words

LARGEST_PAGE = 100


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
