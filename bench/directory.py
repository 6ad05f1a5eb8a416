"""The list of journeys and the journey map with 10,000 journeys and 1,000,000 runs through them, of half a year.

One run in twenty reached the goal, every customer bought twice. The reference is one scan that counts the runs.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.ground import line, servers, studio_with
from engine.core.clock import utc_now
from engine.core.db import owner_engine, tenant_session
from engine.journeys.directory import JourneyQuery, list_journeys
from engine.journeys.stages import journey_map

JOURNEYS = 10_000
RUNS = 1_000_000
CUSTOMERS = 100_000
ROUNDS = 5

COUNTED = text("SELECT journey_id, count(*), count(converted_at) FROM enrolments GROUP BY journey_id")


def main() -> None:
    """Print the figures."""
    print(f"Journeys: {JOURNEYS:,} of them, {RUNS:,} runs, {CUSTOMERS * 2:,} orders, median of {ROUNDS}")
    with servers():
        tenant = studio_with(CUSTOMERS)
        furnish(tenant)
        reference = timed(tenant, lambda session: session.execute(COUNTED).all())
        for sort in ("changed", "in_progress", "entered_today", "conversion"):
            tell(
                f"a page of the list, sorted by {sort.replace('_', ' ')}",
                timed(tenant, listed(sort)),
                reference,
            )
        tell("the map", timed(tenant, lambda session: journey_map(session, now=utc_now())), reference)


def listed(sort: str) -> Callable[[Session], object]:
    """Ask for the first page in this order."""
    query = JourneyQuery(sort=sort)
    return lambda session: list_journeys(session, query, since=utc_now() - timedelta(hours=12))


def timed(tenant: UUID, ask: Callable[[Session], object]) -> float:
    """Milliseconds."""
    took = []
    for _ in range(ROUNDS):
        with tenant_session(tenant) as session:
            begun = time.perf_counter()
            ask(session)
            took.append((time.perf_counter() - begun) * 1_000)
    return median(took)


def tell(title: str, milliseconds: float, reference: float) -> None:
    """A row of the report."""
    line(title, milliseconds, "ms", reference=reference, beside="one scan of the runs")


def furnish(tenant: UUID) -> None:
    """Journeys of all stages, runs spread over them, and orders."""
    with owner_engine().begin() as connection:
        for statement in FURNITURE:
            connection.execute(
                text(statement),
                {"tenant": tenant, "journeys": JOURNEYS, "runs": RUNS, "customers": CUSTOMERS},
            )
    with owner_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


FURNITURE = (
    """CREATE TEMPORARY TABLE places AS
        SELECT n, uuidv7() AS journey, uuidv7() AS version FROM generate_series(0, :journeys - 1) n""",
    """CREATE TEMPORARY TABLE people AS
        SELECT id, row_number() OVER () - 1 AS n FROM customers WHERE tenant_id = :tenant""",
    "CREATE UNIQUE INDEX ON places (n)",
    "CREATE UNIQUE INDEX ON people (n)",
    "ANALYZE places",
    "ANALYZE people",
    """INSERT INTO journeys (id, tenant_id, name, stage, status, draft, live_version_id, created_at, updated_at)
        SELECT journey, :tenant, 'Journey ' || n,
            (ARRAY['discovery', 'consideration', 'purchase', 'retention', 'advocacy'])[1 + n % 5],
            (ARRAY['live', 'live', 'paused', 'stopped'])[1 + n % 4],
            '{"schema": 1, "nodes": [], "edges": [], "settings": {"goal_event": "Order Completed"}}', version,
            now(), now() - n * interval '1 minute'
        FROM places""",
    """INSERT INTO journey_versions (id, tenant_id, journey_id, number, graph, published_at)
        SELECT version, :tenant, journey, 1,
            '{"schema": 1, "nodes": [], "edges": [], "settings": {"goal_event": "Order Completed", "goal_days": 14}}',
            now()
        FROM places""",
    """INSERT INTO enrolments (id, tenant_id, journey_id, version_id, customer_id, node_id, arrived_at, entry_key,
            status, entered_at, converted_at)
        SELECT uuidv7(), :tenant, journey, version, people.id, 'n', at, uuidv7(),
            CASE WHEN run % 4 = 0 AND run < :journeys * 40 THEN 'active' ELSE 'completed' END, at,
            CASE WHEN run % 20 = 1 THEN at + interval '1 day' END
        FROM (SELECT run, now() - random() * interval '182 days' AS at FROM generate_series(0, :runs - 1) run) runs
        JOIN places ON places.n = run % :journeys
        JOIN people ON people.n = (run + run / :journeys * 7) % :customers""",
    """INSERT INTO orders (id, tenant_id, customer_id, external_id, status, total_minor, currency, ordered_at)
        SELECT uuidv7(), :tenant, people.id, 'o' || people.n || '-' || nth, 'completed', 50000 + people.n, 'INR',
            now() - random() * interval '182 days'
        FROM people, generate_series(1, 2) nth""",
)


if __name__ == "__main__":
    main()
