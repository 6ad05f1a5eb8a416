"""The time zones in which a tenant's customers live."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.rls import TENANT_NOW
from engine.delivery.window import zone_of
from engine.journeys.calendar_days import STUDIO, Window

MOST_ZONES = 1_000
"""More than there are; who writes something else meets the studio's zone."""

ZONES = text(f"""
    WITH RECURSIVE zones AS (
        (SELECT timezone AS name, 1 AS number FROM customers
         WHERE tenant_id = {TENANT_NOW} AND timezone IS NOT NULL ORDER BY tenant_id, timezone LIMIT 1)
        UNION ALL
        SELECT (SELECT customer.timezone FROM customers customer
                WHERE customer.tenant_id = {TENANT_NOW} AND customer.timezone > zones.name
                ORDER BY customer.tenant_id, customer.timezone LIMIT 1),
            zones.number + 1
        FROM zones WHERE zones.name IS NOT NULL AND zones.number < :most
    )
    SELECT name FROM zones WHERE name IS NOT NULL
""")
"""Leaps from zone to zone through the index (tenant, zone)."""


def load_window(session: Session, after: datetime, until: datetime, timezone: str) -> Window:
    """The window with the zones of the tenant's customers; `timezone` is the tenant's."""
    home = zone_of(None, timezone)
    found = {name: zone_of(name, timezone) for name in session.scalars(ZONES, {"most": MOST_ZONES})}
    known = {name: zone for name, zone in found.items() if zone.key != home.key}
    return Window(after, until, {STUDIO: home, **known})
