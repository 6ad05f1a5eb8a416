"""How long a small tenant waits while a big one has half a million enrolments due, with real worker processes.

The reference is the small tenant alone, in the same run on the same workers.
"""

import time
from collections.abc import Callable
from uuid import UUID

from sqlalchemy import text

from bench.ground import line, servers, studio_with, wait_until, workers
from bench.interpreter import finished, publish_journey
from engine.core.db import owner_engine, tenant_session

BIG = 500_000
EACH_SECOND = 100
WARM_UP_SECONDS = 5
ALONE_SECONDS = 15
LONGEST_SECONDS = 120
PROCESSES = 2

MAKE_DUE = text("""
    INSERT INTO enrolments (id, tenant_id, journey_id, version_id, customer_id, node_id, trigger_id, arrived_at, due_at,
        entry_key, entry, entered_at)
    SELECT uuidv7(), c.tenant_id, j.id, j.live_version_id, c.id, 't', 't', now(), now(), uuidv7(), '{"total": 5}', now()
    FROM customers c JOIN journeys j ON j.tenant_id = c.tenant_id WHERE c.tenant_id = :tenant
""")

ARRIVE = text("""
    INSERT INTO event_queue (tenant_id, event_id, customer_id, name, occurred_at, properties)
    SELECT tenant_id, uuidv7(), id, 'Order Completed', now(), '{"total": 5}'
    FROM customers WHERE tenant_id = :tenant ORDER BY id OFFSET :done LIMIT :number
""")
NOTE = text("""
    INSERT INTO arrivals (customer_id, at, phase)
    SELECT id, clock_timestamp(), :phase FROM customers WHERE tenant_id = :tenant ORDER BY id OFFSET :done LIMIT :number
""")

WAITED = text("""
    SELECT extract(epoch FROM m.sent_at - a.at)::float AS waited
    FROM arrivals a JOIN messages m ON m.tenant_id = :tenant AND m.customer_id = a.customer_id
    WHERE a.phase = :phase AND m.sent_at IS NOT NULL ORDER BY waited
""")


def main() -> None:
    """Print the figures."""
    print(
        f"Fairness: {BIG:,} enrolments of one tenant due, {EACH_SECOND} a second of another arriving, "
        f"{PROCESSES} worker processes"
    )
    with servers():
        small = studio_with(EACH_SECOND * (WARM_UP_SECONDS + ALONE_SECONDS + LONGEST_SECONDS), slug="small")
        big = studio_with(BIG, slug="big")
        publish_journey(small)
        journey = publish_journey(big)
        with owner_engine().begin() as connection:
            connection.execute(text("CREATE TABLE arrivals (customer_id uuid, at timestamptz, phase text)"))
        with workers(PROCESSES):
            _trickle(small, "warm-up", lambda seconds: seconds < WARM_UP_SECONDS, done=0)
            wait_until(lambda: sent(small) == EACH_SECOND * WARM_UP_SECONDS)
            _trickle(small, "alone", lambda seconds: seconds < ALONE_SECONDS, done=WARM_UP_SECONDS)
            with owner_engine().begin() as connection:
                connection.execute(MAKE_DUE, {"tenant": big})
            begun = time.perf_counter()
            seconds = _trickle(
                small, "beside", lambda _: finished(big, journey) < BIG, done=WARM_UP_SECONDS + ALONE_SECONDS
            )
            took, walked = time.perf_counter() - begun, finished(big, journey)
            wait_until(lambda: sent(small) == EACH_SECOND * (WARM_UP_SECONDS + ALONE_SECONDS + seconds))
        alone, beside = _waited(small, "alone"), _waited(small, "beside")
    line("big tenant, enrolments/s meanwhile", walked / took, "/s")
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        line(
            f"small tenant, event to handed-over message, {name}",
            _quantile(beside, share) * 1000,
            "ms",
            reference=_quantile(alone, share) * 1000,
            beside="alone",
        )
    print(
        f"  {len(beside):,} arrivals of the small tenant in {took:.0f} s, in which the big one did {walked:,}"
    )


def _trickle(tenant: UUID, phase: str, goes_on: Callable[[int], bool], *, done: int) -> int:
    """A hundred customers do something each second; returns for how many seconds.

    Args:
        done: seconds that went before: each customer comes once.
    """
    begun, seconds = time.perf_counter(), 0
    while goes_on(seconds) and seconds < LONGEST_SECONDS:
        values = {
            "tenant": tenant,
            "phase": phase,
            "done": EACH_SECOND * (done + seconds),
            "number": EACH_SECOND,
        }
        with owner_engine().begin() as connection:
            connection.execute(NOTE, values)
            connection.execute(ARRIVE, values)
        seconds += 1
        time.sleep(max(0.0, begun + seconds - time.perf_counter()))
    return seconds


def _waited(tenant: UUID, phase: str) -> list[float]:
    with owner_engine().connect() as connection:
        return list(connection.execute(WAITED, {"tenant": tenant, "phase": phase}).scalars())


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def sent(tenant: UUID) -> int:
    """Messages handed over so far."""
    with tenant_session(tenant) as session:
        found: int = session.execute(text("SELECT count(*) FROM messages WHERE status = 'sent'")).scalar_one()
        return found


if __name__ == "__main__":
    main()
