"""Backtests that were asked for: how far each is, and what it found."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.core.models import Base, Identified, Tenanted


class BacktestStatus(StrEnum):
    """A backtest's life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


OPEN = (BacktestStatus.QUEUED, BacktestStatus.RUNNING)
"""The states of one that is not over; a tenant has one such at a time."""


class Backtest(Identified, Tenanted, Base):
    """One backtest of a draft as it was when it was asked for.

    `progress` goes from 0 to 1, `reached` is the moment of the past that is played; `beat_at` is renewed while a worker
    is at it. `result` is that of `result.Result`, `problem` what went wrong, in a sentence.
    """

    __tablename__ = "backtests"
    __table_args__ = (
        Index(
            "uq_backtests_open",
            "tenant_id",
            unique=True,
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
        Index("ix_backtests_journey", "tenant_id", "journey_id", "asked_at"),
        Index("ix_backtests_asked_at", "tenant_id", "asked_at"),
    )

    journey_id: Mapped[UUID] = mapped_column(ForeignKey("journeys.id", ondelete="CASCADE"))
    revision: Mapped[int]
    graph: Mapped[dict[str, Any]]
    days: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(String(12), server_default=BacktestStatus.QUEUED)
    progress: Mapped[float] = mapped_column(server_default="0")
    reached: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    beat_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    problem: Mapped[str | None]
    result: Mapped[dict[str, Any] | None]


class BacktestPassage(Tenanted, Base):
    """One listed customer's way through a backtest; `passage` is that of `result.Passage`."""

    __tablename__ = "backtest_passages"
    __table_args__ = (Index("ix_backtest_passages_customer", "customer_id"),)

    backtest_id: Mapped[UUID] = mapped_column(
        ForeignKey("backtests.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    passage: Mapped[dict[str, Any]]
