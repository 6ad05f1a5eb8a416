"""What entitlements are worth on a day: one definition, which the customer's own field and segments share."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Uuid,
    and_,
    any_,
    case,
    func,
    literal,
    not_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from engine.customers.models import Customer, Entitlement, EntitlementKind, EntitlementStatus

MEMBERSHIP_STATES = ("active", "expired", "cancelled", "none")
"""What `customers.membership_status` may say; `none` also stands for those who never were members."""

_ACTIVE, _EXPIRED, _CANCELLED, NO_MEMBERSHIP = MEMBERSHIP_STATES


def is_active(today: date, then: datetime | None = None) -> ColumnElement[bool]:
    """Whether an entitlement is good on a day: it has begun, has not run out and was not ended.

    Args:
        then: ask a past moment, as far as it can be known: what was cancelled or used up later, was good then.
    """
    return and_(
        _has_begun(today),
        func.coalesce(Entitlement.expires_on >= today, True),
        not_(_ended((EntitlementStatus.CANCELLED, EntitlementStatus.USED_UP), then)),
    )


def membership_states(today: date, then: datetime | None = None) -> Select[Any]:
    """`(customer_id, state)` of all who were ever members by a day: an active membership, else the one begun last."""
    active = is_active(today, then)
    cancelled = _ended((EntitlementStatus.CANCELLED,), then)
    state = case((active, _ACTIVE), (cancelled, _CANCELLED), else_=_EXPIRED).label("state")
    query: Select[Any] = (
        select(Entitlement.customer_id, state)
        .where(Entitlement.kind == EntitlementKind.MEMBERSHIP, _has_begun(today))
        .ext(distinct_on(Entitlement.customer_id))
    )
    return query.order_by(
        Entitlement.customer_id,
        active.desc(),
        Entitlement.starts_on.desc().nulls_last(),
        Entitlement.id.desc(),
    )


def keep_membership_status(
    session: Session, customer_ids: Sequence[UUID], *, today: date, now: datetime
) -> None:
    """Bring `customers.membership_status` of these customers up to date, in one statement."""
    ids = any_(literal(list(customer_ids), ARRAY(Uuid)))
    states = membership_states(today).where(Entitlement.customer_id == ids).subquery()
    state = func.coalesce(
        select(states.c.state).where(states.c.customer_id == Customer.id).scalar_subquery(), NO_MEMBERSHIP
    )
    statement = (
        update(Customer)
        .where(Customer.id == ids, Customer.membership_status.is_distinct_from(state))
        .values(membership_status=state, updated_at=func.greatest(Customer.updated_at, now))
    )
    session.execute(statement, execution_options={"synchronize_session": False})


def _ended(how: Sequence[EntitlementStatus], then: datetime | None) -> ColumnElement[bool]:
    by_then = true() if then is None else Entitlement.updated_at <= then
    return and_(Entitlement.status.in_(how), by_then)


def _has_begun(today: date) -> ColumnElement[bool]:
    return func.coalesce(Entitlement.starts_on <= today, True)
