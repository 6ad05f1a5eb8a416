"""What a step costs as journeys grow, as more and more customers wait, and with one, two and four processes.

The first two are measured in this process, which leaps over the waits: `now` is a parameter of the engine.
"""

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from bench import interpreter
from bench.ground import line, servers, studio_with, wait_until, workers
from engine.core.clock import utc_now
from engine.core.db import owner_engine, tenant_session
from engine.core.ids import new_id
from engine.journeys import drafts, publishing
from engine.journeys.entries import route_events
from engine.journeys.interpreter import advance_due
from engine.templates.models import Template

CUSTOMERS = 20_000
SIZES = (12, 100, 400)
WALKERS = 1_000
"""Customers that walk through a growing journey together: one batch."""

WAITING = (10_000, 100_000, 1_000_000)
DUE = 20_000
PROCESSES = (1, 2, 4)
DAY = timedelta(days=1)


def main() -> None:
    """Print the figures."""
    with servers():
        tenant = studio_with(CUSTOMERS)
        template = make_template(tenant)
        grow_journeys(tenant, template)
        grow_waiting(tenant, template)
    for number in PROCESSES:
        grow_processes(number)


def grow_journeys(tenant: UUID, template: UUID) -> None:
    """Journeys of waits, rules, splits, messages and attributes, of growing length."""
    print(f"Growth: journeys of {', '.join(map(str, SIZES))} nodes with waits and branches, one process")
    first = 0.0
    for size in SIZES:
        publish(tenant, long_graph(template, size), f"{size} nodes")
        enter(tenant, WALKERS)
        now = utc_now()
        while route_events(tenant, now=now).events:
            pass
        steps, took = walk(tenant, now)
        cost = took / steps * 1e6
        first = first or cost
        line(
            f"steps/s, {size} nodes ({cost:.0f} µs a step, {cost / first:.2f} times the first)",
            steps / took,
            "/s",
        )
        empty()


def grow_waiting(tenant: UUID, template: UUID) -> None:
    """Claiming and advancing those who are due while many more wait."""
    print(f"Growth: {DUE:,} due enrolments while many more wait, one process")
    publish(tenant, interpreter.four_nodes(template), "Waiting")
    first, before = 0.0, 0
    for number in WAITING:
        add_waiting(tenant, number - before)
        before = number
        rates = []
        for _ in range(3):
            enter(tenant, DUE)
            now = utc_now()
            while route_events(tenant, now=now).events:
                pass
            steps, took = walk(tenant, now, days=0)
            rates.append(steps / 4 / took)
            forget_finished()
        rate = sorted(rates)[1]
        first = first or rate
        line(f"enrolments/s with {number:,} waiting ({(1 - rate / first):+.1%} slower)", rate, "/s")
    empty()


def grow_processes(number: int) -> None:
    """The four-node path from event to handed-over message, with real worker processes."""
    with servers():
        tenant = studio_with(CUSTOMERS)
        journey = interpreter.publish_journey(tenant)
        interpreter.queue_events(tenant)
        with workers(number):
            wait_until(lambda: interpreter.enrolled(tenant, journey) > 0)
            begun = time.perf_counter()
            wait_until(lambda: interpreter.finished(tenant, journey) == CUSTOMERS)
            wait_until(lambda: interpreter.waiting(tenant) == 0)
            took = time.perf_counter() - begun
    line(f"enrolments/s to the handed-over message, {number} worker process(es)", CUSTOMERS / took, "/s")


def walk(tenant: UUID, now: datetime, *, days: int = 2_000) -> tuple[int, float]:
    """Advance until everybody has ended, a day further whenever nobody is due; steps, and seconds it took."""
    steps = passed = 0
    begun = time.perf_counter()
    while True:
        done = advance_due(tenant, now=now + passed * DAY)
        steps += done.steps
        if not done.enrolments:
            if passed >= days or not under_way(tenant):
                return steps, time.perf_counter() - begun
            passed += 1


def under_way(tenant: UUID) -> bool:
    """Whether somebody is still on the way who did not begin to wait for ever."""
    with owner_engine().connect() as connection:
        query = text("SELECT EXISTS (SELECT FROM enrolments WHERE tenant_id = :tenant AND status = 'active')")
        return bool(connection.scalar(query, {"tenant": tenant}))


def long_graph(template: UUID, size: int) -> dict[str, Any]:
    """A chain of blocks: wait a day, a rule and a split whose ways meet again, a message, an attribute."""
    rules = {"operator": "AND", "conditions": [{"field": "total_spend", "op": "gte", "value": 50_000}]}
    block: tuple[tuple[str, dict[str, Any], tuple[str, ...]], ...] = (
        ("wait.duration", {"duration": {"amount": 1, "unit": "days"}}, ("next",)),
        ("branch.rule", {"rules": rules}, ("yes", "no")),
        ("action.message", {"channel": "whatsapp", "template_id": str(template)}, ("next",)),
        ("branch.split", {}, ("a", "b")),
        ("action.attribute", {"name": "stage", "value": "on the way"}, ("next",)),
    )
    nodes: list[dict[str, Any]] = [
        {"id": "n0", "type": "trigger.event", "config": {"event": "Order Completed"}}
    ]
    edges = [{"id": "e0", "source": "n0", "source_port": "next", "target": "n1"}]
    for number in range(1, size):
        kind, config, ports = block[(number - 1) % len(block)]
        nodes.append({"id": f"n{number}", "type": kind, "config": config})
        target = f"n{number + 1}" if number + 1 < size else "end"
        edges += [
            {"id": f"e{number}{port}", "source": f"n{number}", "source_port": port, "target": target}
            for port in ports
        ]
    nodes.append({"id": "end", "type": "exit", "config": {}})
    return {"schema": 1, "nodes": nodes, "edges": edges, "settings": {"reentry": "always"}}


def make_template(tenant: UUID) -> UUID:
    """A message to send."""
    template_id = new_id()
    with tenant_session(tenant) as session:
        session.add(
            Template(
                id=template_id,
                tenant_id=tenant,
                name="Growth",
                channel="whatsapp",
                template_type="promotional",
                contents={"en": {"body": "Hello {{ first_name }}"}},
            )
        )
    return template_id


def publish(tenant: UUID, graph: dict[str, Any], name: str) -> None:
    """A live journey of this graph."""
    graph["settings"] = {"reentry": "always"}
    with tenant_session(tenant) as session:
        journey = drafts.create_journey(session, tenant, name, user_id=None, now=utc_now(), graph=graph)
        publishing.publish(session, tenant, journey.id, user_id=None, now=utc_now())


def enter(tenant: UUID, number: int) -> None:
    """Queue an event for so many customers."""
    with owner_engine().begin() as connection:
        connection.execute(
            text("""
                INSERT INTO event_queue (tenant_id, event_id, customer_id, name, occurred_at, properties)
                SELECT tenant_id, uuidv7(), id, 'Order Completed', now(), '{"total": 5}'
                FROM customers WHERE tenant_id = :tenant LIMIT :number
            """),
            {"tenant": tenant, "number": number},
        )


def add_waiting(tenant: UUID, number: int) -> None:
    """More enrolments that are due in a year, of customers of another journey."""
    with owner_engine().begin() as connection:
        connection.execute(
            text("""
                INSERT INTO enrolments (id, tenant_id, journey_id, version_id, customer_id, node_id, arrived_at,
                    due_at, entry_key, entered_at)
                SELECT uuidv7(), :tenant, :other, :other, uuidv7(), 'w', now(), now() + interval '1 year',
                    uuidv7(), now()
                FROM generate_series(1, :number)
            """),
            {"tenant": tenant, "number": number, "other": new_id()},
        )
    with owner_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE enrolments"))


def forget_finished() -> None:
    """Take away what a round has written, so that each begins alike."""
    with owner_engine().begin() as connection:
        connection.execute(text("DELETE FROM enrolments WHERE status <> 'active'"))
        connection.execute(text("TRUNCATE steps, messages, step_counts"))
    with owner_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE enrolments"))


def empty() -> None:
    """Take away all journeys and what they wrote."""
    with owner_engine().begin() as connection:
        connection.execute(
            text(
                "TRUNCATE enrolments, steps, messages, step_counts, journey_counts, event_queue, event_interests"
            )
        )
        connection.execute(text("UPDATE journeys SET status = 'archived'"))


if __name__ == "__main__":
    main()
