"""Who walks: a customer of the studio, or one invented for the occasion, brought onto the stage."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from babel.numbers import get_currency_precision
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.errors import NotFound
from engine.core.models import Tenant
from engine.customers.bookings import NewAppointment, save_appointments
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.directory import load_profile
from engine.customers.entitlements import NewEntitlement, grant_points, save_entitlements
from engine.customers.models import (
    AppointmentStatus,
    ConsentState,
    Customer,
    EntitlementKind,
    Purpose,
)
from engine.customers.orders import NewOrder, save_orders
from engine.journeys.dry_run.wish import DryRun, Invented

PHONE = "+910000000000"
EMAIL = "dry-run@example.invalid"
"""Addresses that nobody has."""

SOURCE = "dry run"
SPACING = timedelta(days=30)
"""Between two visits or orders of somebody invented."""

COLUMNS = (
    "name",
    "language",
    "timezone",
    "is_dnd",
    "city",
    "category",
    "source",
    "lead_status",
    "birthday",
    "anniversary",
    "attributes",
)


def who_is(session: Session, customer_id: UUID) -> UUID:
    """The customer who stands behind this id: themselves, or who took over.

    Raises:
        NotFound: there is none.
    """
    try:
        return load_profile(session, customer_id).customer.id
    except NotFound:
        raise NotFound(
            "customer_id: this customer does not exist. Search for another one, or invent one.",
            details={"field": "customer_id"},
        ) from None


def bring_on(session: Session, tenant: Tenant, wish: DryRun) -> Customer:
    """The customer who walks. A real one is held until the stage is cleared, so that nobody is waited for later.

    Raises:
        NotFound: they were deleted meanwhile.
    """
    if wish.invented is not None:
        _invent(session, tenant, wish, wish.invented)
    held = select(Customer).where(Customer.id == wish.walker).with_for_update(key_share=True)
    customer = session.scalars(held.execution_options(populate_existing=True)).one_or_none()
    if customer is None:
        raise NotFound(
            "customer_id: this customer does not exist any more.", details={"field": "customer_id"}
        )
    return customer


def _invent(session: Session, tenant: Tenant, wish: DryRun, person: Invented) -> None:
    days = max(person.last_order_days, person.last_visit_days)
    known_since = wish.start - timedelta(days=days) - SPACING * max(person.orders, person.visits)
    session.add(
        Customer(
            id=wish.walker,
            tenant_id=tenant.id,
            first_name=person.name.partition(" ")[0],
            last_name=person.name.partition(" ")[2],
            phone=PHONE if person.has_phone else None,
            email=EMAIL if person.has_email else None,
            tags=list(person.tags),
            interests=list(person.interests),
            created_at=known_since,
            updated_at=known_since,
            **{name: getattr(person, name) for name in COLUMNS},
        )
    )
    session.flush()
    wishes = [
        ConsentWish(wish.walker, channel, Purpose.MARKETING, ConsentState.GRANTED, SOURCE)
        for channel in sorted(person.consents)
    ]
    change_consents(session, tenant.id, wishes, actor=SOURCE, now=known_since)
    save_orders(session, tenant.id, list(_orders(tenant, wish, person)), now=wish.start)
    save_appointments(session, tenant.id, list(_visits(wish, person)), now=wish.start)
    if person.is_member:
        member = NewEntitlement(
            wish.walker, EntitlementKind.MEMBERSHIP, f"{wish.id}-member", known_since, source=SOURCE
        )
        save_entitlements(session, tenant.id, [member], now=wish.start, tell=False)
    if person.points:
        lot = wish.walker, person.points, None, f"{wish.id}-points"
        grant_points(session, tenant.id, [lot], known_since)


def _orders(tenant: Tenant, wish: DryRun, person: Invented) -> Iterator[NewOrder]:
    """So many orders that make the spend together; what does not divide is in the last one."""
    total = int(person.spend.scaleb(get_currency_precision(tenant.currency)).to_integral_value())
    for number, at in enumerate(_moments(wish.start, person.last_order_days, person.orders)):
        share = total // person.orders + (total % person.orders if number == 0 else 0)
        yield NewOrder(wish.walker, f"{wish.id}-{number}", at, share, tenant.currency, source=SOURCE)


def _visits(wish: DryRun, person: Invented) -> Iterator[NewAppointment]:
    for number, at in enumerate(_moments(wish.start, person.last_visit_days, person.visits)):
        yield NewAppointment(
            wish.walker,
            f"{wish.id}-visit-{number}",
            AppointmentStatus.COMPLETED,
            at,
            starts_at=at,
            source=SOURCE,
        )


def _moments(start: datetime, days_ago: int, number: int) -> Iterator[datetime]:
    """The newest first."""
    last = start.astimezone(UTC) - timedelta(days=days_ago, hours=1)
    return (last - SPACING * place for place in range(number))
