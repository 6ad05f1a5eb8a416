"""The journey map: the stages of a customer's path, and what every journey does in its stage (J13).

*Entries* count every time a customer entered a journey, ever and in the last 30 days: a customer who came twice
counts twice. They are summed as they happen (`journey_counts`), those of late by an index. *Revenue* is what
customers who reached a journey's goal bought after entering it, within the days in which the goal counts: every order
once for each journey, in minor units of the tenant's currency, orders that were called off left out. An order may
belong to two journeys, so the sum of a stage can be more than the till took.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.tenants import get_tenant
from engine.customers.orders import NOT_COUNTED
from engine.journeys.models import JourneyStatus, Stage

RECENT = timedelta(days=30)
CARDS = 60
"""Journeys of one stage that the map shows; the list has the others."""

SHOWN = tuple(status for status in JourneyStatus if status is not JourneyStatus.ARCHIVED)

MAP = text("""
    WITH recent AS (
        SELECT journey_id, count(*) AS recent_entries FROM enrolments
        WHERE tenant_id = :tenant AND entered_at >= :recent GROUP BY journey_id
    ), reached AS (
        SELECT journey_id, CAST(sum(entered) AS bigint) AS entries, CAST(sum(in_progress) AS bigint) AS in_progress,
            CAST(sum(converted) AS bigint) AS converted
        FROM journey_counts WHERE tenant_id = :tenant GROUP BY journey_id
    ), counted AS MATERIALIZED (
        SELECT id, coalesce(CAST(graph -> 'settings' ->> 'goal_days' AS integer), 30) * interval '1 day' AS days
        FROM journey_versions WHERE tenant_id = :tenant
    ), bought AS (
        SELECT DISTINCT run.journey_id, orders.id, orders.total_minor, orders.ordered_at >= :recent AS is_recent
        FROM enrolments run
        JOIN counted ON counted.id = run.version_id
        JOIN orders ON orders.tenant_id = :tenant AND orders.customer_id = run.customer_id
            AND orders.ordered_at > run.entered_at AND orders.ordered_at <= run.entered_at + counted.days
        WHERE run.tenant_id = :tenant AND run.converted_at IS NOT NULL
            AND orders.currency = :currency AND orders.status <> ALL(CAST(:not_counted AS text[]))
    ), earned AS (
        SELECT journey_id, CAST(sum(total_minor) AS bigint) AS revenue,
            CAST(coalesce(sum(total_minor) FILTER (WHERE is_recent), 0) AS bigint) AS recent_revenue
        FROM bought GROUP BY journey_id
    ), cards AS (
        SELECT journeys.id, name, stage, journeys.status, request.id IS NOT NULL AS awaits_approval,
            coalesce(entries, 0) AS entries, coalesce(recent_entries, 0) AS recent_entries,
            coalesce(in_progress, 0) AS in_progress, coalesce(converted, 0) AS converted,
            coalesce(revenue, 0) AS revenue_minor, coalesce(recent_revenue, 0) AS recent_revenue_minor
        FROM journeys
        LEFT JOIN reached ON reached.journey_id = journeys.id
        LEFT JOIN recent ON recent.journey_id = journeys.id
        LEFT JOIN earned ON earned.journey_id = journeys.id
        LEFT JOIN publish_requests request ON request.journey_id = journeys.id AND request.status = 'pending'
        WHERE journeys.tenant_id = :tenant AND journeys.status = ANY(CAST(:statuses AS text[]))
            AND (request.id IS NOT NULL OR NOT :awaits_approval)
    ), placed AS (
        SELECT *, count(*) OVER whole AS total, count(*) FILTER (WHERE status = 'live') OVER whole AS live,
            CAST(sum(entries) OVER whole AS bigint) AS total_entries,
            CAST(sum(recent_entries) OVER whole AS bigint) AS total_recent_entries,
            CAST(sum(revenue_minor) OVER whole AS bigint) AS total_revenue,
            CAST(sum(recent_revenue_minor) OVER whole AS bigint) AS total_recent_revenue,
            row_number() OVER (
                PARTITION BY stage ORDER BY array_position(CAST(:order AS text[]), status::text), entries DESC, name, id
            ) AS place
        FROM cards WINDOW whole AS (PARTITION BY stage)
    )
    SELECT * FROM placed WHERE place <= :cards ORDER BY stage, place
""")

ORDER = (
    JourneyStatus.LIVE,
    JourneyStatus.PAUSED,
    JourneyStatus.FINISHING,
    JourneyStatus.DRAFT,
    JourneyStatus.STOPPED,
    JourneyStatus.ARCHIVED,
)
"""Those that work stand first."""


@dataclass(frozen=True, slots=True)
class MapCard:
    """What works in a stage; `kind` tells journeys from what else may stand there. Figures: see the module.

    `awaits_approval`: somebody asked to publish it, and nobody has decided yet.
    """

    kind: str
    id: UUID
    name: str
    stage: str
    status: str
    awaits_approval: bool
    entries: int
    recent_entries: int
    in_progress: int
    converted: int
    revenue_minor: int
    recent_revenue_minor: int


@dataclass(frozen=True, slots=True)
class MapStage:
    """A stage: its first `CARDS` cards, and the totals of all `total` that stand in it."""

    stage: Stage
    total: int
    live: int
    entries: int
    recent_entries: int
    revenue_minor: int
    recent_revenue_minor: int
    cards: Sequence[MapCard]


@dataclass(frozen=True, slots=True)
class JourneyMap:
    """The five stages in the order in which a customer passes them; amounts in minor units of `currency`."""

    currency: str
    stages: Sequence[MapStage]


def journey_map(
    session: Session,
    *,
    now: datetime,
    statuses: Sequence[JourneyStatus] = SHOWN,
    awaits_approval: bool = False,
) -> JourneyMap:
    """The map of this tenant, in one query.

    Args:
        statuses: the states of the journeys it shows.
        awaits_approval: only those whose publishing somebody has to decide on.
    """
    tenant = get_tenant(session)
    rows = session.execute(
        MAP,
        {
            "tenant": tenant.id,
            "currency": tenant.currency,
            "recent": now - RECENT,
            "not_counted": array_literal(sorted(NOT_COUNTED)),
            "statuses": array_literal(statuses or SHOWN),
            "awaits_approval": awaits_approval,
            "order": array_literal(ORDER),
            "cards": CARDS,
        },
    )
    by_stage: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_stage[row.stage].append(row)
    return JourneyMap(tenant.currency, [_stage(stage, by_stage[stage]) for stage in Stage])


def _stage(stage: Stage, rows: Sequence[Any]) -> MapStage:
    names = [name for name in MapCard.__dataclass_fields__ if name != "kind"]
    cards = [MapCard("journey", **{name: getattr(row, name) for name in names}) for row in rows]
    if not rows:
        return MapStage(stage, 0, 0, 0, 0, 0, 0, cards)
    first = rows[0]
    return MapStage(
        stage,
        total=first.total,
        live=first.live,
        entries=first.total_entries,
        recent_entries=first.total_recent_entries,
        revenue_minor=first.total_revenue,
        recent_revenue_minor=first.total_recent_revenue,
        cards=cards,
    )
