"""Sessions of packages and loyalty points that are used: each use once, never below zero (C1, I5)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal, transpose, unnest
from engine.core.ids import key_of
from engine.core.tenants import get_tenant
from engine.customers.entitlements import lock_holders
from engine.customers.models import EntitlementKind, EntitlementStatus
from engine.events.record import TAKE_KEYS


@dataclass(frozen=True, slots=True)
class Used:
    """Sessions used of a package; `key` names the use, so that it counts once."""

    customer_id: UUID
    external_id: str
    sessions: int
    at: datetime
    key: UUID


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Points a customer spent; `key` names the deed, so that it counts once."""

    customer_id: UUID
    points: int
    at: datetime
    key: UUID


_USED = {"external_id": "text", "sessions": "bigint", "at": "timestamptz"}

USE = text(f"""
    UPDATE entitlements SET balance = balance - least(balance, rows.sessions),
        status = CASE WHEN balance <= rows.sessions THEN '{EntitlementStatus.USED_UP}' ELSE status END,
        updated_at = greatest(updated_at, rows.at)
    FROM {unnest(_USED)}
    WHERE entitlements.tenant_id = :tenant AND kind = '{EntitlementKind.PACKAGE}'
        AND entitlements.external_id = rows.external_id AND status = '{EntitlementStatus.ACTIVE}'
""")
"""A package without a number of sessions has no balance, and none after."""

_REDEEMED = {"customer_id": "uuid", "points": "bigint", "day": "date", "at": "timestamptz"}

REDEEM = text(f"""
    UPDATE entitlements SET balance = balance - taken.points,
        status = CASE WHEN balance <= taken.points THEN '{EntitlementStatus.USED_UP}' ELSE status END,
        updated_at = greatest(updated_at, taken.at)
    FROM (
        SELECT id, at, least(balance, wanted - before) AS points
        FROM (
            SELECT lot.id, lot.balance, rows.points AS wanted, rows.at, coalesce(sum(lot.balance) OVER (
                PARTITION BY lot.customer_id ORDER BY lot.expires_on NULLS LAST, lot.created_at, lot.id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ), 0) AS before
            FROM {unnest(_REDEEMED)}
            JOIN entitlements lot ON lot.tenant_id = :tenant AND lot.customer_id = rows.customer_id
                AND lot.kind = '{EntitlementKind.POINTS}' AND lot.status = '{EntitlementStatus.ACTIVE}'
                AND lot.balance > 0 AND (lot.expires_on IS NULL OR lot.expires_on >= rows.day)
        ) AS lots WHERE before < wanted
    ) AS taken
    WHERE entitlements.id = taken.id
""")
"""Each lot gives what those that run out before it leave to be paid, at most what it has."""


def spend(
    session: Session,
    tenant_id: UUID,
    *,
    uses: Sequence[Used] = (),
    redemptions: Sequence[Redeemed] = (),
    now: datetime,
) -> None:
    """Take sessions from packages, and points from the lots that run out first; never below zero (I5).

    A key seen before changes nothing. The statements are the same few whatever the number.
    """
    if not uses and not redemptions:
        return
    deeds: list[Used | Redeemed] = [*uses, *redemptions]
    keys = {key_of("spent", each.key): each.key for each in deeds}
    customers = [each.customer_id for each in deeds]
    lock_holders(session, tenant_id, customers, [each.external_id for each in uses])
    values = {"tenant": tenant_id, "now": now, "key": array_literal(sorted(keys))}
    new = {keys[key] for key in session.scalars(TAKE_KEYS, values)}
    if used := _once(uses, new):
        session.execute(USE, {"tenant": tenant_id, **transpose(_USED, _by_package(used))})
    if redeemed := _once(redemptions, new):
        zone = ZoneInfo(get_tenant(session).timezone)
        rows = _by_customer(redeemed, zone)
        session.execute(REDEEM, {"tenant": tenant_id, **transpose(_REDEEMED, rows)})


Deed = TypeVar("Deed", Used, Redeemed)


def _once(deeds: Iterable[Deed], new: set[UUID]) -> list[Deed]:
    """Those that are new, each key once."""
    return list({each.key: each for each in deeds if each.key in new}.values())


def _by_package(uses: Iterable[Used]) -> list[tuple[str, int, datetime]]:
    of: dict[str, list[Used]] = defaultdict(list)
    for each in uses:
        of[each.external_id].append(each)
    return [
        (package, sum(each.sessions for each in many), max(each.at for each in many))
        for package, many in of.items()
    ]


def _by_customer(redemptions: Iterable[Redeemed], zone: ZoneInfo) -> list[tuple[UUID, int, date, datetime]]:
    of: dict[UUID, list[Redeemed]] = defaultdict(list)
    for each in redemptions:
        of[each.customer_id].append(each)
    return [
        (
            customer,
            sum(each.points for each in many),
            min(each.at for each in many).astimezone(zone).date(),
            max(each.at for each in many),
        )
        for customer, many in of.items()
    ]
