"""What is told of memberships, packages and points: the events' names and properties, one table for all doors."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.customers.models import EntitlementKind

MEMBERSHIP, PACKAGE, POINTS = EntitlementKind

POINTS_EARNED, POINTS_REDEEMED = "Loyalty Points Earned", "Loyalty Points Redeemed"

EXPIRED_EVENT: Mapping[str, str] = {
    MEMBERSHIP: "Membership Expired",
    PACKAGE: "Package Expired",
    POINTS: "Loyalty Points Expired",
}

STARTED_EVENT: Mapping[str, str] = {
    MEMBERSHIP: "Membership Started",
    PACKAGE: "Package Purchased",
    POINTS: POINTS_EARNED,
}

RENEWED_EVENT: Mapping[str, str] = {**STARTED_EVENT, MEMBERSHIP: "Membership Renewed"}

CANCELLED_EVENT: Mapping[str, str] = {MEMBERSHIP: "Membership Cancelled", PACKAGE: "Package Cancelled"}

SPENT_EVENT: Mapping[str, str] = {PACKAGE: "Package Used", POINTS: POINTS_REDEEMED}

ID_PROPERTY: Mapping[str, str] = {MEMBERSHIP: "membership_id", PACKAGE: "package_id", POINTS: "earn_id"}
"""What events call the number of each kind."""

COUNT_PROPERTY: Mapping[str, str] = {PACKAGE: "sessions", POINTS: "points"}
"""What events call that which each kind counts."""


def told(
    kind: str,
    external_id: str,
    *,
    name: str,
    starts_on: date | None = None,
    expires_on: date | None = None,
    count: int | None = None,
) -> dict[str, Any]:
    """The properties of an event of an entitlement, as those who send such events name them.

    Args:
        count: sessions or points; of which the event speaks, or that were left.
    """
    said = {
        ID_PROPERTY[kind]: external_id,
        "name": name or None,
        "starts_on": starts_on.isoformat() if starts_on else None,
        "expires_on": expires_on.isoformat() if expires_on else None,
        COUNT_PROPERTY.get(kind, ""): count,
    }
    return {name: value for name, value in said.items() if name and value is not None}
