"""Enrolments and steps a second, from event to guarded and handed-over message, with real worker processes.

The reference does the same writes as hand-written SQL: one statement a table, one connection a process.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psutil
from sqlalchemy import func, select, text

from bench.ground import line, servers, studio_with, wait_until, workers
from engine.channels.accounts import connect_channel
from engine.core.clock import utc_now
from engine.core.db import owner_engine, tenant_session
from engine.core.ids import new_id
from engine.delivery.models import Message
from engine.journeys import drafts, publishing
from engine.journeys.models import Enrolment
from engine.templates.models import Template

CUSTOMERS = 100_000
PROCESSES = 2

REFERENCE = (
    """INSERT INTO enrolments (id, tenant_id, journey_id, version_id, customer_id, node_id, arrived_at, due_at,
            entry_key, entry, entered_at)
        SELECT uuidv7(), tenant_id, :journey, :journey, id, 't', now(), now(), uuidv7(), '{"total": 5}', now()
        FROM customers WHERE tenant_id = :tenant AND right(phone, 1)::int % :parts = :part""",
    """INSERT INTO steps (enrolment_id, visit, tenant_id, version_id, node_id, port, at, why)
        SELECT e.id, v, e.tenant_id, e.version_id, 'n' || v, 'next', now(), 'The rules fit'
        FROM enrolments e JOIN customers c ON c.id = e.customer_id, generate_series(0, 3) v
        WHERE e.journey_id = :journey AND right(c.phone, 1)::int % :parts = :part""",
    """UPDATE enrolments e SET status = 'completed', due_at = NULL, node_id = 'm', visit = 3, finished_at = now(),
            reason = 'Came to the end'
        FROM customers c WHERE c.id = e.customer_id AND e.journey_id = :journey
            AND right(c.phone, 1)::int % :parts = :part""",
    """INSERT INTO messages (id, tenant_id, dedupe_key, customer_id, channel, purpose, message_type, template_id,
            journey_id, version_id, enrolment_id, node_id, variables, due_at, created_at)
        SELECT uuidv7(), e.tenant_id, e.id, e.customer_id, 'whatsapp', 'marketing', 'trigger', :journey,
            e.journey_id, e.version_id, e.id, 'm', '{"event": {"total": 5}}', now(), now()
        FROM enrolments e JOIN customers c ON c.id = e.customer_id
        WHERE e.journey_id = :journey AND right(c.phone, 1)::int % :parts = :part""",
    """UPDATE messages m SET status = 'sending', admitted_at = now(), claimed_at = now(), claimed_by = 'reference',
            address = c.phone, content = '{"body": "Thank you, Customer, for being with us"}', language = 'en'
        FROM customers c WHERE c.id = m.customer_id AND m.journey_id = :journey
            AND right(c.phone, 1)::int % :parts = :part""",
    """UPDATE messages m SET status = 'sent', sent_at = now(), provider = 'null', provider_message_id = m.id::text
        FROM customers c WHERE c.id = m.customer_id AND m.journey_id = :journey
            AND right(c.phone, 1)::int % :parts = :part""",
)


def main() -> None:
    """Print the figures."""
    print(f"Interpreter: {CUSTOMERS:,} customers, four nodes, full guard, {PROCESSES} worker processes")
    with servers():
        tenant = studio_with(CUSTOMERS)
        reference = measure_reference(tenant)
        journey_id = publish_journey(tenant)
        queue_events(tenant)
        begun = time.perf_counter()
        with workers(PROCESSES) as processes:
            ready = time.perf_counter() - begun
            begun = time.perf_counter()
            wait_until(lambda: enrolled(tenant, journey_id) > 0)
            begun = time.perf_counter()
            memory_before = resident(processes)
            wait_until(lambda: finished(tenant, journey_id) == CUSTOMERS)
            walked = time.perf_counter() - begun
            wait_until(lambda: waiting(tenant) == 0)
            handed = time.perf_counter() - begun
            memory_after = resident(processes)
        with tenant_session(tenant) as session:
            messages = session.scalar(
                select(func.count()).select_from(Message).where(Message.status == "sent")
            )
    line("enrolments/s, event to last step", CUSTOMERS / walked, "/s")
    line("steps/s", CUSTOMERS * 4 / walked, "/s")
    line(
        "enrolments/s, event to handed-over message",
        CUSTOMERS / handed,
        "/s",
        reference=reference,
        beside="hand-written SQL, same writes",
    )
    print(
        f"  messages sent: {messages:,}; processes up in {ready:.1f} s; "
        f"workers' memory {memory_before:.0f} to {memory_after:.0f} MB"
    )


def publish_journey(tenant: UUID) -> UUID:
    """Trigger, rule, split, message: four nodes."""
    template_id, now = new_id(), utc_now()
    with tenant_session(tenant) as session:
        session.add(
            Template(
                id=template_id,
                tenant_id=tenant,
                name="Bench",
                channel="whatsapp",
                template_type="promotional",
                contents={"en": {"body": "Thank you, {{ first_name }}, for being with us"}},
            )
        )
        session.flush()
        connect_channel(session, tenant, "whatsapp", "null", {}, {}, actor="bench", now=now)
        journey = drafts.create_journey(
            session, tenant, f"Bench {template_id}", user_id=None, now=now, graph=four_nodes(template_id)
        )
        publishing.publish(session, tenant, journey.id, user_id=None, now=now)
        return journey.id


def four_nodes(template_id: UUID) -> dict[str, Any]:
    """The graph; every customer gets to the message, by way of a rule and a split."""
    rules = {"operator": "AND", "conditions": [{"field": "total_spend", "op": "gte", "value": 0}]}
    nodes = [
        {"id": "t", "type": "trigger.event", "config": {"event": "Order Completed"}},
        {"id": "b", "type": "branch.rule", "config": {"rules": rules}},
        {"id": "s", "type": "branch.split", "config": {}},
        {
            "id": "m",
            "type": "action.message",
            "config": {"channel": "whatsapp", "template_id": str(template_id)},
        },
    ]
    ways = [("t", "next", "b"), ("b", "yes", "s"), ("b", "no", "s"), ("s", "a", "m"), ("s", "b", "m")]
    edges = [{"id": f"{a}{p}{b}", "source": a, "source_port": p, "target": b} for a, p, b in ways]
    return {"schema": 1, "nodes": nodes, "edges": edges, "settings": {}}


def queue_events(tenant: UUID) -> None:
    """One event a customer, recorded and queued as ingestion leaves them."""
    with owner_engine().begin() as connection:
        connection.execute(
            text("""
                INSERT INTO event_queue (tenant_id, event_id, customer_id, name, occurred_at, properties)
                SELECT tenant_id, uuidv7(), id, 'Order Completed', now(), '{"total": 5}'
                FROM customers WHERE tenant_id = :tenant
            """),
            {"tenant": tenant},
        )


def measure_reference(tenant: UUID) -> float:
    """Enrolments a second of the hand-written SQL, in two connections; what it wrote is taken away again."""
    journey = new_id()

    def part(number: int) -> None:
        for statement in REFERENCE:
            with owner_engine().begin() as connection:
                connection.execute(
                    text(statement),
                    {"tenant": tenant, "journey": journey, "part": number, "parts": PROCESSES},
                )

    begun = time.perf_counter()
    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(part, range(PROCESSES)))
    took = time.perf_counter() - begun
    with owner_engine().begin() as connection:
        connection.execute(text("TRUNCATE enrolments, steps, messages, journey_counts"))
    return CUSTOMERS / took


def enrolled(tenant: UUID, journey_id: UUID) -> int:
    """Enrolments made so far."""
    with tenant_session(tenant) as session:
        return session.scalar(select(func.count()).where(Enrolment.journey_id == journey_id)) or 0


def finished(tenant: UUID, journey_id: UUID) -> int:
    """Enrolments that came to their end."""
    with tenant_session(tenant) as session:
        return (
            session.scalar(
                select(func.count()).where(
                    Enrolment.journey_id == journey_id, Enrolment.status == "completed"
                )
            )
            or 0
        )


def waiting(tenant: UUID) -> int:
    """Messages not handed over yet."""
    with tenant_session(tenant) as session:
        return (
            session.scalar(
                select(func.count()).select_from(Message).where(Message.status.in_(["queued", "sending"]))
            )
            or 0
        )


def resident(processes: list[psutil.Process]) -> float:
    """The workers' resident memory in MB."""
    return sum(process.memory_info().rss for process in processes) / 1_000_000


if __name__ == "__main__":
    main()
