"""What the demo studio's customers have: classes past and coming, memberships, packages, points near their end."""

from datetime import datetime, time, timedelta
from itertools import cycle
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from engine.core.tenants import get_tenant
from engine.customers.bookings import NewAppointment, save_appointments
from engine.customers.directory import everybody
from engine.customers.entitlements import NewEntitlement, expire_entitlements, grant_points, save_entitlements
from engine.customers.models import AppointmentStatus, EntitlementKind, EntitlementStatus

SOURCE = "import"

BOOKED, COMPLETED, CANCELLED, MISSED = AppointmentStatus

CLASSES = (
    ("Weekend pottery class", "Pottery", 180000, time(11)),
    ("Block-print workshop", "Printing", 240000, time(15)),
    ("Wheel throwing, evening", "Pottery", 150000, time(18, 30)),
    ("Glazing studio hour", "Pottery", 90000, time(17)),
)
"""Service, category, price in paise, when it starts."""

VISITS: tuple[tuple[int, AppointmentStatus], ...] = (
    (-96, COMPLETED), (-61, COMPLETED), (-47, COMPLETED), (-33, COMPLETED), (-33, MISSED), (-26, COMPLETED),
    (-19, CANCELLED), (-19, COMPLETED), (-12, COMPLETED), (-12, COMPLETED), (-8, COMPLETED), (-5, COMPLETED),
    (-5, MISSED), (-2, COMPLETED), (-1, COMPLETED), (-1, COMPLETED), (1, BOOKED), (2, BOOKED), (3, BOOKED),
    (3, CANCELLED), (5, BOOKED), (6, BOOKED), (9, BOOKED), (13, BOOKED),
)  # fmt: skip
"""Days from today, and how it went."""

MEMBERSHIPS = (
    ("Studio member, yearly", 360, 5), ("Studio member, yearly", 340, 25), ("Studio member, monthly", 27, 3),
    ("Studio member, monthly", 23, 7), ("Studio member, monthly", 12, 18), ("Studio member, yearly", 364, 1),
    ("Studio member, monthly", 40, -10), ("Studio member, monthly", 95, -65), ("Studio member, yearly", 100, 265),
)  # fmt: skip
"""Name, how many days ago it began, in how many it runs out."""

PACKAGES = (
    ("Ten classes", 80, 10, 10), ("Ten classes", 60, 30, 4), ("Five classes", 50, 2, 1), ("Five classes", 20, 40, 3),
    ("Ten classes", 85, 7, 2), ("Five classes", 30, 30, 0), ("Ten classes", 120, -30, 3),
)  # fmt: skip
"""Name, how many days ago it was bought, in how many it runs out, sessions that are left."""

POINTS = (
    (250, 5),
    (120, 12),
    (400, 30),
    (80, 2),
    (60, None),
    (150, 90),
    (40, 7),
    (500, 28),
    (90, 14),
    (30, None),
)
"""Points, and in how many days they run out."""


def furnish(session: Session, tenant_id: UUID, *, now: datetime) -> None:
    """Give the demo studio's customers appointments, memberships, packages and points."""
    people = everybody(session)
    zone = ZoneInfo(get_tenant(session).timezone)
    save_appointments(session, tenant_id, _appointments(people, now, zone), now=now)
    save_entitlements(session, tenant_id, [*_memberships(people, now), *_packages(people, now)], now=now)
    today = now.astimezone(zone).date()
    grants = [
        (who, points, None if days is None else today + timedelta(days=days), f"welcome-{number}")
        for number, (who, (points, days)) in enumerate(zip(people[3::5], POINTS, strict=False), start=1)
    ]
    grant_points(session, tenant_id, grants, now)
    expire_entitlements(session, tenant_id, today=today)


def _appointments(people: list[UUID], now: datetime, zone: ZoneInfo) -> list[NewAppointment]:
    """Every booking is known from a week before, or from yesterday."""
    today = now.astimezone(zone).date()
    made: list[NewAppointment] = []
    plan = zip(cycle(people[::5]), cycle(CLASSES), VISITS)
    for number, (who, (service, category, price, begins), (days, status)) in enumerate(plan, start=1):
        starts_at = datetime.combine(today + timedelta(days=days), begins, zone)
        booked_at = min(starts_at, now) - timedelta(days=7)
        changed_at = min(starts_at, now - timedelta(hours=1))
        known = ((BOOKED, booked_at), (status, changed_at))
        made += [
            NewAppointment(who, f"KB-{number}", state, at, starts_at, service, category, price, source=SOURCE)
            for state, at in known[: 1 if status is BOOKED else 2]
        ]
    return made


def _memberships(people: list[UUID], now: datetime) -> list[NewEntitlement]:
    return [
        _entitlement(EntitlementKind.MEMBERSHIP, f"KM-{number}", who, now, name, ago, left)
        for number, (who, (name, ago, left)) in enumerate(
            zip(people[1::4], MEMBERSHIPS, strict=False), start=1
        )
    ]


def _packages(people: list[UUID], now: datetime) -> list[NewEntitlement]:
    return [
        _entitlement(EntitlementKind.PACKAGE, f"KP-{number}", who, now, name, ago, left, sessions)
        for number, (who, (name, ago, left, sessions)) in enumerate(
            zip(people[2::6], PACKAGES, strict=False), start=1
        )
    ]


def _entitlement(
    kind: EntitlementKind,
    number: str,
    who: UUID,
    now: datetime,
    name: str,
    ago: int,
    left: int,
    balance: int | None = None,
) -> NewEntitlement:
    begun, ends = now - timedelta(days=ago), (now + timedelta(days=left)).date()
    return NewEntitlement(
        who, kind, number, begun, EntitlementStatus.ACTIVE, name, begun.date(), ends, balance, SOURCE
    )
