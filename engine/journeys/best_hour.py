"""The hour of the day in which a customer usually looks at messages, by their own clock."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.tenants import get_tenant
from engine.delivery.window import zone_of

MEMORY = timedelta(days=90)
"""Habits older than this are forgotten."""

FEWEST = 3
"""Fewer looks than this are no habit."""

LOOKS = text("""
    SELECT customers.id, customers.timezone, array_agg(events.occurred_at) AS looks
    FROM customers JOIN events ON events.customer_id = customers.id
    WHERE customers.id = ANY(CAST(:customers AS uuid[]))
        AND events.tenant_id = :tenant AND events.customer_id = ANY(CAST(:customers AS uuid[]))
        AND events.occurred_at > :since AND events.occurred_at <= :now
        AND events.name IN ('message.opened', 'message.read', 'message.clicked')
    GROUP BY customers.id, customers.timezone
    HAVING count(*) >= :fewest
""")


def best_moments(
    session: Session, tenant_id: UUID, customers: Collection[UUID], *, now: datetime
) -> dict[UUID, datetime]:
    """When each customer's best hour comes next (UTC), `now` while it lasts; without those who have no habit yet."""
    if not customers:
        return {}
    timezone = get_tenant(session).timezone
    wanted = {
        "tenant": tenant_id,
        "customers": array_literal(set(customers)),
        "since": now - MEMORY,
        "now": now,
        "fewest": FEWEST,
    }
    rows = session.execute(LOOKS, wanted)
    return {row.id: next_best(row.looks, zone_of(row.timezone, timezone), now) for row in rows}


def next_best(looks: Iterable[datetime], zone: ZoneInfo, now: datetime) -> datetime:
    """`now` in the hour with the most looks, else when that hour begins next (UTC).

    Of hours with as many, the one that was used last. An hour that the clock skips in spring begins when it jumped.
    """
    times: Counter[int] = Counter()
    last: dict[int, datetime] = {}
    for look in sorted(looks):
        hour = look.astimezone(zone).hour
        times[hour] += 1
        last[hour] = look
    best = max(times, key=lambda hour: (times[hour], last[hour]))
    local = now.astimezone(zone)
    if local.hour == best:
        return now
    day = local.date() if local.hour < best else local.date() + timedelta(days=1)
    return datetime.combine(day, time(best), zone).astimezone(UTC)
