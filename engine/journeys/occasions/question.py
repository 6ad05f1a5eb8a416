"""What a calendar trigger asks of a window of time, and what all such questions share.

Times are compared as moments and days as days: each zone's part of the window is worked out beforehand and joined by
the zone's name, for what customers call their time zone is never shown to PostgreSQL's clock.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause

from engine.core.bulk import array_literal, transpose
from engine.journeys.calendar_days import LocalDay, Window


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A customer whose moment has come. `which` tells it from other occurrences of the same trigger, for ever; `data`
    is what templates and branches read as `event.<name>`."""

    customer_id: UUID
    which: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A query, and how one of its rows is read. `segment_id`: brought up to date before it is asked."""

    query: TextClause
    parameters: Mapping[str, Any]
    read: Callable[[Any], Occurrence | None]
    segment_id: UUID | None = None


CUSTOMER = """
    customer.tenant_id = :tenant AND customer.merged_into IS NULL AND customer.erased_at IS NULL
"""

HERE = f"""{CUSTOMER}
    AND rows.zone = CASE WHEN customer.timezone = ANY(CAST(:zones AS text[])) THEN customer.timezone ELSE '' END
"""
"""A living customer of the row's zone."""

YEARLY = {"zone": "text", "target": "date", "month": "integer", "day": "integer"}
DATES = {"zone": "text", "target": "date"}
SPANS = {"zone": "text", "target": "date", "begins": "timestamptz", "ends": "timestamptz"}
"""Columns of the rows that queries join: a zone, the day there that is asked about, and how it is found."""


def zoned(
    window: Window, columns: dict[str, str], rows: Sequence[Sequence[Any]], **more: Any
) -> dict[str, Any]:
    """The parameters of a query over `unnest(columns)` and `HERE`."""
    return {**transpose(columns, rows), "zones": array_literal(window.named), **more}


def span(window: Window, due: LocalDay, target: date) -> tuple[Any, ...]:
    """A row of `SPANS`: what happened on the target's day, by the clock of the zone."""
    return due.zone, target, *window.bounds(due, target)
