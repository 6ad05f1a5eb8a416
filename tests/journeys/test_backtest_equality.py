"""A backtest says of a past exactly what the real engine did in it, message by message; and who would have entered is
what plain SQL says."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.journeys.backtest.grid import Grid
from engine.journeys.backtest.stage import Played
from engine.segments.segments import SegmentDraft, create_segment
from tests.journeys.conftest import Graph, graph_of, node
from tests.journeys.past import (
    Past,
    make_past,
    really_entered,
    really_held,
    really_refused,
    really_sent,
)
from tests.simulation.graphs import Things, random_graph

HOUR = timedelta(hours=1)
GRID = Grid(
    datetime(2026, 2, 2, 3, 30, tzinfo=UTC), datetime(2026, 2, 19, 3, 30, tzinfo=UTC), 6 * HOUR, 24 * HOUR
)
CUSTOMERS = 120

QUIET_BY_SQL = text("""
    WITH ticks AS (
        SELECT tick, tick - CAST(:step AS interval) AS before
        FROM generate_series(CAST(:start AS timestamptz), CAST(:until AS timestamptz), CAST(:step AS interval)) AS tick
        WHERE tick > :start
    ), asked AS (
        SELECT customer.id, tick, zone, day::date AS day
        FROM customers customer
        CROSS JOIN LATERAL (SELECT coalesce(customer.timezone, 'Asia/Kolkata') AS zone) AS home
        CROSS JOIN generate_series(date '2026-02-01', date '2026-02-20', interval '1 day') AS day
        JOIN ticks ON (day + time '19:30') AT TIME ZONE zone > before AND (day + time '19:30') AT TIME ZONE zone <= tick
    )
    SELECT DISTINCT asked.id FROM asked
    WHERE (
        SELECT (max(ordered_at) AT TIME ZONE asked.zone)::date FROM orders
        WHERE orders.customer_id = asked.id AND ordered_at <= asked.tick
    ) = asked.day - 6
""")
"""Whose last order, as known at the next tick, was six days before one on which their clock shows half past seven."""


@pytest.fixture
def past(tenant: UUID) -> Past:
    """Seventeen days of 120 customers, which nobody has lived through yet."""
    return make_past(tenant, CUSTOMERS, GRID)


def same(past: Past, journey_id: UUID, played: Played) -> None:
    """The backtest told what happened."""
    told = sorted((m.at, m.customer_id, m.node_id, m.channel, m.template_id) for m in played.messages)
    assert told == really_sent(past.tenant, journey_id)
    entered = [(each.customer_id, each.entered_at, each.converted_at) for each in played.passages]
    assert sorted(entered, key=str) == really_entered(past.tenant, journey_id)
    refused = Counter(really_refused(past.tenant, journey_id))
    steps = played.result.steps
    assert {(step.node_id, code): n for step in steps for code, n in step.skipped.items()} == refused
    assert played.result.held == really_held(past.tenant, journey_id)


def message(past: Past, node_id: str, channel: str, **config: Any) -> dict[str, Any]:
    return node(
        node_id, "action.message", channel=channel, template_id=str(past.templates[channel]), **config
    )


def win_back(past: Past, trigger: dict[str, Any]) -> Graph:
    """Waits a day, writes to good customers by WhatsApp or else SMS, to the others by e-mail, and once more later."""
    spent = {"operator": "AND", "conditions": [{"field": "total_spend", "op": "gte", "value": 5_000}]}
    sms = {"channel": "sms", "template_id": str(past.templates["sms"])}
    nodes = [
        trigger,
        node("w", "wait.duration", duration={"amount": 1, "unit": "days"}),
        node("best", "branch.rule", rules=spent),
        message(past, "personal", "whatsapp", fallback=sms, on_failure="branch"),
        node(
            "came",
            "branch.reaction",
            message="personal",
            reaction="ordered",
            within={"amount": 3, "unit": "days"},
        ),
        message(past, "again", "email"),
        message(past, "kind", "email"),
        node("x", "exit"),
    ]
    ways = [
        "t > w",
        "w > best",
        "best.yes > personal",
        "best.no > kind",
        "personal > came",
        "personal.failed > kind",
    ]
    settings = {"reentry": "after_days", "reentry_days": 7, "goal_event": "Order Completed", "goal_days": 5}
    return graph_of(nodes, *ways, "came.yes > x", "came.no > again", settings=settings)


def test_a_win_back_enters_whom_sql_finds_and_sends_what_the_engine_sent(past: Past) -> None:
    graph = win_back(past, node("t", "trigger.quiet", what="order", days=6, at="19:30"))
    journey = past.live_through(GRID, graph)
    played = past.played(GRID, graph, journey.id)
    assert played.result.sent > 30
    assert played.result.held > 10
    assert played.result.converted > 5
    assert {code for step in played.result.steps for code in step.skipped} >= {"SAFAR_020", "MARKETING_010"}
    same(past, journey.id, played)
    with tenant_session(past.tenant) as session:
        asked = {"start": GRID.start, "until": GRID.until, "step": GRID.step}
        found = {row.id for row in session.execute(QUIET_BY_SQL, asked)}
    assert {each.customer_id for each in played.passages} == found


def test_a_segment_lets_in_its_members_and_then_who_joins_it(past: Past) -> None:
    rules = {"operator": "AND", "conditions": [{"field": "last_order_days", "op": "gt", "value": 7}]}
    with tenant_session(past.tenant) as session:
        segment = create_segment(
            session, past.tenant, SegmentDraft(name="Quiet", rules=rules), now=GRID.start
        )
    trigger = node(
        "t", "trigger.segment", segment_id=str(segment.id), change="entered", include_existing=True
    )
    graph = win_back(past, trigger)
    journey = past.live_through(GRID, graph, [segment.id])
    played = past.played(GRID, graph, journey.id)
    assert len({each.entered_at for each in played.passages}) > 5
    same(past, journey.id, played)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_graph_the_backtest_says_what_the_engine_did(seed: int, tenant: UUID) -> None:
    grid = Grid(GRID.start, GRID.start + timedelta(days=9), 6 * HOUR, 24 * HOUR)
    past = make_past(tenant, 60, grid, seed=seed)
    graph = arbitrary_graph(Random(seed), past)
    journey = past.live_through(grid, graph)
    same(past, journey.id, past.played(grid, graph, journey.id))


UNKNOWABLE = {"wait.rate", "wait.date", "branch.rule", "branch.value", "action.coupon", "action.gift_card"}


def arbitrary_graph(random: Random, past: Past) -> Graph:
    """Without what a backtest cannot know: turns that are taken in no order, and changes by the journey itself."""
    while True:
        graph = random_graph(random, Things(past.templates, new_id()), largest=10)
        kinds = {each["type"] for each in graph["nodes"]}
        if not kinds & UNKNOWABLE and "action.message" in kinds:
            return graph
