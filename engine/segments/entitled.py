"""Memberships, packages and points of customers, as segments ask for them: on the tenant's day, now or then."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from engine.customers.models import Customer, Entitlement, EntitlementKind
from engine.customers.standing import MEMBERSHIP_STATES, NO_MEMBERSHIP, is_active, membership_states
from engine.segments.behaviours import among
from engine.segments.kinds.kind import Scope


def has_active(kind: EntitlementKind) -> Callable[[Scope], Any]:
    """Whether the customer holds one of this kind that is good today; one set of ids, hashed once."""

    def holds(scope: Scope) -> ColumnElement[bool]:
        holders = select(Entitlement.customer_id).where(
            Entitlement.kind == kind,
            is_active(_day(scope), _then(scope)),
            among(Entitlement.customer_id, scope),
        )
        return Customer.id.in_(holders)

    return holds


def membership_status(scope: Scope) -> ColumnElement[str]:
    """One of `MEMBERSHIP_STATES`; who never was a member has `none`."""
    states = (
        membership_states(_day(scope), _then(scope)).where(among(Entitlement.customer_id, scope)).subquery()
    )
    answers = [
        (Customer.id.in_(select(states.c.customer_id).where(states.c.state == state)), state)
        for state in MEMBERSHIP_STATES
        if state != NO_MEMBERSHIP
    ]
    return case(*answers, else_=NO_MEMBERSHIP)


def loyalty_points(scope: Scope) -> Any:
    """Points in lots that are good today; of a past day, what is left of them now."""
    return (
        select(func.coalesce(func.sum(Entitlement.balance), 0))
        .where(
            Entitlement.customer_id == Customer.id,
            Entitlement.kind == EntitlementKind.POINTS,
            is_active(_day(scope), _then(scope)),
        )
        .correlate(Customer)
        .scalar_subquery()
    )


def _day(scope: Scope) -> date:
    return scope.now.astimezone(scope.timezone).date()


def _then(scope: Scope) -> datetime | None:
    return scope.now if scope.as_of else None
