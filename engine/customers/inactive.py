"""Customers who have gone quiet, for the staff to get in touch with (S4 `/staff/inactive-customers`)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from engine.core.errors import InvalidInput
from engine.core.models import User
from engine.customers.directory import PRESENT
from engine.customers.models import Customer, FollowUp, FollowUpStatus

LONGEST_DAYS = 3650
LARGEST_LIST = 500


@dataclass(frozen=True, slots=True)
class InactiveCustomer:
    """Somebody not seen for long; money in minor units of the tenant's currency.

    `reminder_date`: when the staff will be reminded of them already; None when nobody will.
    """

    id: UUID
    name: str
    phone: str | None
    email: str | None
    last_seen_at: datetime
    days_quiet: int
    order_count: int
    total_spend_minor: int
    reminder_date: date | None


def inactive_customers(
    session: Session,
    *,
    staff_id: UUID | None = None,
    days: int = 60,
    limit: int = 100,
    offset: int = 0,
    now: datetime,
) -> list[InactiveCustomer]:
    """Customers whose last visit or order is at least `days` ago, who spent most first.

    Args:
        staff_id: only customers of this member of staff's branches, and of none; all, when they work everywhere.
        limit: at most 500.

    Raises:
        InvalidInput: the number of days is not between 1 and 3,650.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(f"days: use a number from 1 to {LONGEST_DAYS:,}.", details={"field": "days"})
    last_seen = func.greatest(Customer.last_visit_at, Customer.last_order_at)
    wanted = [PRESENT, last_seen <= now - timedelta(days=days)]
    branches = session.scalar(select(User.branch_ids).where(User.id == staff_id)) if staff_id else None
    if branches is not None:
        wanted.append(or_(Customer.branch_id.in_(branches), Customer.branch_id.is_(None)))
    reminder = (
        select(func.min(FollowUp.reminder_date))
        .where(FollowUp.customer_id == Customer.id, FollowUp.status == FollowUpStatus.PENDING)
        .scalar_subquery()
    )
    page = (
        select(
            Customer.id,
            Customer.name,
            Customer.phone,
            Customer.email,
            last_seen.label("last_seen_at"),
            Customer.order_count,
            Customer.total_spend_minor,
            reminder.label("reminder_date"),
        )
        .where(*wanted)
        .order_by(Customer.total_spend_minor.desc(), Customer.id)
        .offset(max(offset, 0))
        .limit(min(max(limit, 1), LARGEST_LIST))
    )
    return [_inactive(row, now) for row in session.execute(page)]


def _inactive(row: Any, now: datetime) -> InactiveCustomer:
    return InactiveCustomer(
        id=row.id,
        name=row.name,
        phone=row.phone,
        email=row.email,
        last_seen_at=row.last_seen_at,
        days_quiet=(now - row.last_seen_at).days,
        order_count=row.order_count,
        total_spend_minor=row.total_spend_minor,
        reminder_date=row.reminder_date,
    )
