"""Whose membership, package or points run out, or have run out."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import TextClause, text

from engine.core.bulk import unnest
from engine.customers.models import EntitlementKind
from engine.journeys.calendar_days import Window
from engine.journeys.nodes.trigger_expiry import TriggerExpiry
from engine.journeys.occasions.question import DATES, HERE, Occurrence, Question, zoned

NOW_GOOD, NOW_LONGER = "held.status IN ('active', 'expired')", "longer.status = 'active'"
"""What has run out by itself is told of after its last day; what is used up or cancelled never."""

THEN_GOOD = f"({NOW_GOOD} OR held.updated_at > :until)"
THEN_LONGER = """
    (longer.status IN ('active', 'expired') OR longer.updated_at > :until)
    AND coalesce(longer.starts_on <= CAST(:until AS timestamptz)::date, true)
"""
"""The same of a moment in the past: what was used up or cancelled later was still good."""


def _runs_out(good: str, longer: str) -> Mapping[EntitlementKind, TextClause]:
    held = f"""
        FROM {unnest(DATES)} JOIN entitlements held
            ON held.tenant_id = :tenant AND held.kind = :kind AND held.expires_on = rows.target
        WHERE {good}
    """
    each = f"""
        SELECT rows.zone, rows.target, held.customer_id, held.id::text AS held_id, held.name, held.balance {held}
    """
    found = {
        EntitlementKind.MEMBERSHIP: f"""{each} AND NOT EXISTS (
            SELECT FROM entitlements longer
            WHERE longer.tenant_id = :tenant AND longer.customer_id = held.customer_id AND longer.kind = held.kind
                AND {longer} AND coalesce(longer.expires_on, 'infinity') > held.expires_on)""",
        EntitlementKind.PACKAGE: each,
        EntitlementKind.POINTS: f"""
            SELECT rows.zone, rows.target, held.customer_id, '' AS held_id, '' AS name, sum(held.balance) AS balance
            {held} AND held.balance > 0 GROUP BY rows.zone, rows.target, held.customer_id""",
    }
    return {
        kind: text(f"""
            WITH found AS MATERIALIZED ({query})
            SELECT rows.* FROM found rows JOIN customers customer ON customer.id = rows.customer_id
            WHERE {HERE}
        """)
        for kind, query in found.items()
    }


RUNS_OUT, RAN_OUT = _runs_out(NOW_GOOD, NOW_LONGER), _runs_out(THEN_GOOD, THEN_LONGER)
"""Whoever is a member for longer has renewed; points of one day are told of together."""


def ask_expiry(trigger: TriggerExpiry, window: Window) -> Question | None:
    """Whose last day lies so many days after one that has come due."""
    config = trigger.config
    rows = [(each.zone, each.day + timedelta(days=config.days)) for each in window.days(config.at)]

    def read(row: Any) -> Occurrence:
        expires_on = row.target.isoformat()
        known = {
            "name": row.name or None,
            "balance": row.balance,
            "points": row.balance if config.kind is EntitlementKind.POINTS else None,
        }
        data = {
            "occasion": config.kind.value,
            "date": expires_on,
            "expires_on": expires_on,
            "days": config.days,
            **{name: value for name, value in known.items() if value is not None},
        }
        return Occurrence(row.customer_id, f"{config.kind}:{row.held_id}:{expires_on}", data)

    if not rows:
        return None
    parameters = zoned(window, DATES, rows, kind=config.kind.value)
    if window.as_of:
        return Question(RAN_OUT[config.kind], parameters | {"until": window.until}, read)
    return Question(RUNS_OUT[config.kind], parameters, read)
