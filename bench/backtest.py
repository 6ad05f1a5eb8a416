"""A win-back journey played over a real shop's year: 2,469 households, 1.47 million lines, 155,848 orders.

Who would have entered is compared with what hand-written SQL finds on the same data, whose time is the reference. The
data has no addresses and no consents, so that every household is given a number and has agreed before the year began.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from bench.ground import line, servers
from engine.core import db
from engine.core.accounts import create_tenant
from engine.core.db import reading_session, tenant_session
from engine.core.ids import new_id
from engine.customers.completejourney import load
from engine.journeys.backtest.grid import Grid, last_days
from engine.journeys.backtest.stage import Played, play
from engine.journeys.drafts import load_journey
from engine.journeys.gallery import install
from engine.journeys.graph import read_graph
from engine.journeys.plan import Plan, compile_plan
from engine.templates.system import install_system_templates

NEW_YEAR = datetime(2018, 1, 1, tzinfo=UTC)
QUIET_DAYS = 30

CONTACTS = text("""
    UPDATE customers SET phone = '+1212' || lpad(external_id, 7, '0'), email = external_id || '@example.com'
    WHERE tenant_id = :tenant
""")
CONSENTS = text("""
    INSERT INTO consent_history (id, tenant_id, customer_id, channel, purpose, state, version, source, actor, at)
    SELECT uuidv7(), tenant_id, id, channel, 'marketing', 'granted', 1, 'form', 'bench', '2016-12-01'
    FROM customers, unnest(ARRAY['whatsapp', 'email']) AS channel WHERE tenant_id = :tenant
""")
EVENTS = text("""
    INSERT INTO events (id, occurred_at, tenant_id, customer_id, name, kind, source, properties, received_at)
    SELECT uuidv7(), ordered_at, tenant_id, customer_id, 'Order Completed', 'track', 'bench',
        jsonb_build_object('order_id', external_id, 'total', total_minor / 100.0, 'currency', currency), ordered_at
    FROM orders WHERE tenant_id = :tenant
""")
"""The data set brings orders only; a shop that sends its orders has an event for each."""

BY_SEGMENT = text("""
    WITH looked AS (
        SELECT customer.id, day, (
            SELECT max(ordered_at) FROM orders
            WHERE orders.tenant_id = :tenant AND orders.customer_id = customer.id AND ordered_at <= day
        ) < day - interval '30 days' AS quiet
        FROM customers customer
        CROSS JOIN generate_series(CAST(:start AS timestamptz), :until, interval '1 day') AS day
        WHERE customer.tenant_id = :tenant
    ), before AS (
        SELECT id, day, quiet, lag(quiet) OVER (PARTITION BY id ORDER BY day) AS was FROM looked
    )
    SELECT id, day FROM before WHERE quiet AND was IS NOT TRUE
""")
"""Whoever was not quiet a day before, for each day."""

BY_CALENDAR = text("""
    WITH spells AS (
        SELECT customer_id, ordered_at, lead(ordered_at) OVER (PARTITION BY customer_id ORDER BY ordered_at, id) AS next
        FROM orders WHERE tenant_id = :tenant
    ), due AS (
        SELECT customer_id, next, (date_trunc('day', ordered_at) + interval '30 days 10 hours') AS moment FROM spells
    )
    SELECT customer_id, moment FROM due
    WHERE moment > :start AND moment <= :until AND (next IS NULL OR next > moment)
""")
"""Every order after which none came until ten o'clock thirty days later."""


def main() -> None:
    """Print the figures."""
    print("Backtest: a win-back journey over a real shop's year")
    with servers():
        tenant, loading = timed(prepare)
        line("loading 155,848 orders", loading, "s")
        grid = last_days(365, now=NEW_YEAR)
        measure("segment looked at daily", tenant, grid, by_segment, BY_SEGMENT)
        measure("calendar, every hour", tenant, grid, by_calendar, BY_CALENDAR)


def prepare() -> UUID:
    """The year, in a shop whose customers can be reached."""
    tenant = create_tenant("grocer", "Grocer", timezone="UTC", currency="USD", country="US")
    load(tenant, now=NEW_YEAR)
    with db.owner_engine().begin() as connection:
        for statement in (CONTACTS, CONSENTS, EVENTS):
            connection.execute(statement, {"tenant": tenant})
    with db.owner_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    with tenant_session(tenant) as session:
        install_system_templates(session, tenant, NEW_YEAR)
        install(session, tenant, "win_back", user_id=None, now=NEW_YEAR)
    return tenant


def by_segment(graph: dict[str, Any]) -> dict[str, Any]:
    """The gallery's own graph; whoever is quiet again comes again."""
    return graph | {"settings": graph["settings"] | {"reentry": "always"}}


def by_calendar(graph: dict[str, Any]) -> dict[str, Any]:
    """The same, entered by the calendar."""
    config = {"what": "order", "days": QUIET_DAYS, "at": "10:00"}
    nodes = [
        {**node, "type": "trigger.quiet", "config": config} if node["id"] == "quiet" else node
        for node in graph["nodes"]
    ]
    return by_segment(graph) | {"nodes": nodes}


def measure(
    name: str, tenant: UUID, grid: Grid, make: Callable[[dict[str, Any]], dict[str, Any]], query: Any
) -> None:
    """One journey's figures beside SQL's."""
    plan = plan_of(tenant, make)
    busy = time.process_time()
    played, ours = timed(lambda: backtest(tenant, plan, grid))
    busy = time.process_time() - busy
    expected, by_hand = timed(lambda: find(tenant, grid, query))
    found = played.result
    entered = {(each.customer_id, each.entered_at) for each in played.passages}
    listed = "the same entries" if entered == expected else f"{len(entered ^ expected)} ENTRIES DIFFER"
    line(
        f"{name}: whole backtest", ours, "s", reference=by_hand, beside=f"SQL for the entries alone, {listed}"
    )
    line(f"{name}: processor time of the worker in it", busy, "s")
    print(
        f"    {found.entered:,} entries, {found.sent:,} messages sent, {found.held:,} held, {found.skipped:,} never "
        f"sent, {found.converted:,} reached the goal"
    )


def plan_of(tenant: UUID, make: Callable[[dict[str, Any]], dict[str, Any]]) -> Plan:
    """The gallery's win-back, changed."""
    with tenant_session(tenant) as session:
        journey_id = session.execute(text("SELECT id FROM journeys")).scalar_one()
        graph, problems = read_graph(make(load_journey(session, journey_id).draft))
    if graph is None:
        raise RuntimeError(problems[0].message)
    return compile_plan(graph, version_id=new_id(), journey_id=journey_id)


def backtest(tenant: UUID, plan: Plan, grid: Grid) -> Played:
    """As a worker plays it."""
    with reading_session(tenant) as session:
        return play(session, plan, grid)


def find(tenant: UUID, grid: Grid, query: Any) -> set[tuple[UUID, datetime]]:
    """Who entered when, by hand."""
    with reading_session(tenant) as session:
        asked = {"tenant": tenant, "start": grid.start, "until": grid.until}
        rows = session.execute(query, asked).all()
    step = grid.step
    return {(row[0], grid.start - (grid.start - row[1]) // step * step) for row in rows}


def timed(do: Callable[[], Any]) -> tuple[Any, float]:
    """What it returns, and how many seconds it took."""
    begun = time.perf_counter()
    done = do()
    return done, time.perf_counter() - begun


if __name__ == "__main__":
    main()
