"""The live count of a segment with three conditions on a million customers, as the builder asks it while one types.

The reference is the same question as hand-written SQL on the same data.
"""

import time
from statistics import median
from uuid import UUID

from sqlalchemy import text

from bench.ground import line, servers, studio_with
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.segments.compiler import count
from engine.segments.rules import parse_rules

CUSTOMERS = 1_000_000
ROUNDS = 5

RULES = {
    "operator": "AND",
    "conditions": [
        {"field": "last_order_days", "op": "gt", "value": 30},
        {"field": "total_spend", "op": "gte", "value": 50_000},
        {"field": "city", "op": "eq", "value": "Mumbai"},
    ],
}

BY_HAND = text("""
    SELECT count(*) FROM customers
    WHERE tenant_id = :tenant AND merged_into IS NULL AND erased_at IS NULL
        AND last_order_at < now() - interval '31 days' AND total_spend_minor >= 5000000 AND lower(city) = 'mumbai'
""")


def main() -> None:
    """Print the figures."""
    print(f"Segments: three conditions on {CUSTOMERS:,} customers")
    with servers():
        tenant = studio_with(CUSTOMERS)
        ours, found = measure(lambda: count_rules(tenant))
        by_hand, _ = measure(lambda: count_by_hand(tenant))
    line("live count", ours * 1000, "ms")
    line("the same by hand", by_hand * 1000, "ms")
    print(f"  {found:,} customers found; ours takes {ours / by_hand:.1f} times as long")


def measure(ask: object) -> tuple[float, int]:
    """Median seconds of a question, after one that warms the cache, and its answer."""
    assert callable(ask)
    found = ask()
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        ask()
        times.append(time.perf_counter() - begun)
    return median(times), found


def count_rules(tenant: UUID) -> int:
    """As the segment builder counts."""
    with tenant_session(tenant) as session:
        return count(session, parse_rules(RULES), now=utc_now(), timezone="Asia/Kolkata")


def count_by_hand(tenant: UUID) -> int:
    """As somebody would who knows the tables."""
    with tenant_session(tenant) as session:
        return session.execute(BY_HAND, {"tenant": tenant}).scalar_one()


if __name__ == "__main__":
    main()
