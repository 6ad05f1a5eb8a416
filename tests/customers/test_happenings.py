"""Events of bookings, memberships, packages and points, as a booking system sends them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event as listeners
from sqlalchemy import func, insert, select, text

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.models import Branch
from engine.customers.ingest import Taken, take
from engine.customers.models import Appointment, Customer, Entitlement
from engine.events.models import Event, QueuedEvent

DAY = timedelta(days=1)


def said(event: str, /, user: str = "K1", at: datetime | None = None, **properties: Any) -> dict[str, Any]:
    """A track message."""
    message = {"type": "track", "userId": user, "event": event, "properties": properties}
    if "message_id" in properties:
        message["messageId"] = properties.pop("message_id")
    return message | ({"timestamp": at.isoformat()} if at else {})


def _take(tenant: UUID, now: datetime, *messages: dict[str, Any]) -> Taken:
    return take(tenant, messages, now=now)


def _appointments(tenant: UUID) -> list[Appointment]:
    with tenant_session(tenant) as session:
        return list(session.scalars(select(Appointment).order_by(Appointment.external_id)))


def _held(tenant: UUID) -> dict[str, tuple[str, str, int | None, date | None]]:
    with tenant_session(tenant) as session:
        found = session.scalars(select(Entitlement))
        return {each.external_id: (each.kind, each.status, each.balance, each.expires_on) for each in found}


def _customer(tenant: UUID) -> Customer:
    with tenant_session(tenant) as session:
        return session.scalars(select(Customer)).one()


def _events(tenant: UUID) -> int:
    with tenant_session(tenant) as session:
        return session.scalar(select(func.count()).select_from(Event).where(Event.tenant_id == tenant)) or 0


def test_a_booking_comes_with_its_branch_and_amount(tenant: UUID, now: datetime) -> None:
    branch = new_id()
    with tenant_session(tenant) as session:
        session.execute(insert(Branch), [{"id": branch, "tenant_id": tenant, "name": "Bandra"}])
        session.execute(
            text("INSERT INTO event_interests (tenant_id, name, listener) VALUES (:t, :n, :l)"),
            {"t": tenant, "n": "Appointment Booked", "l": new_id()},
        )
    starts = datetime(2026, 3, 5, 4, 30, tzinfo=UTC)
    message = said(
        "Appointment Booked", appointment_id=7, service="Haircut", category="Hair",
        starts_at="2026-03-05T10:00:00+05:30", amount="800.50", branch="bandra", stylist="Mira",
    )  # fmt: skip
    assert _take(tenant, now, message, message).left_out == []
    [found] = _appointments(tenant)
    assert (found.external_id, found.status, found.service, found.category, found.starts_at) == (
        "7", "booked", "Haircut", "Hair", starts
    )  # fmt: skip
    assert (found.amount_minor, found.branch_id) == (80050, branch)
    with tenant_session(tenant) as session:
        [queued] = session.scalars(select(QueuedEvent)).all()
    assert queued.properties == message["properties"]  # a journey gets what was sent, once


def test_completed_missed_and_attended(tenant: UUID, now: datetime) -> None:
    attended = said("Class Attended", at=now - DAY, service="Yoga", message_id="m1")
    _take(
        tenant,
        now,
        said(
            "Appointment Booked", at=now - 9 * DAY, appointment_id="A1", starts_at=(now - 2 * DAY).isoformat()
        ),
        said("Appointment Completed", at=now - 2 * DAY, appointment_id="A1"),
        said("Appointment Missed", at=now - DAY, appointment_id="A2"),
        said("Appointment Cancelled", at=now - DAY, appointment_id="A3"),
        dict(attended),
    )
    _take(tenant, now, dict(attended))
    assert sorted(each.status for each in _appointments(tenant)) == [
        "cancelled", "completed", "completed", "missed"
    ]  # fmt: skip
    customer = _customer(tenant)
    assert (customer.visit_count, customer.first_visit_at, customer.last_visit_at) == (
        2, now - 2 * DAY, now - DAY
    )  # fmt: skip
    assert _events(tenant) == 5


@pytest.mark.parametrize(
    ("properties", "field", "saved"),
    [
        ({}, "appointment_id", False),
        ({"appointment_id": "x" * 256}, "appointment_id", False),
        ({"appointment_id": "A1", "starts_at": "tomorrow"}, "starts_at", False),
        ({"appointment_id": "A1", "starts_at": "9999-01-01"}, "starts_at", False),
        ({"appointment_id": "A1", "amount": "much"}, "amount", True),
        ({"appointment_id": "A1", "service": ["a"]}, "service", True),
        ({"appointment_id": "A1", "branch": "Nowhere"}, "branch", True),
    ],
)
def test_a_bad_property_of_a_booking_is_named_and_nothing_is_lost(
    tenant: UUID, now: datetime, properties: dict[str, Any], field: str, saved: bool
) -> None:
    taken = _take(
        tenant, now, said("Appointment Booked", **properties), said("Appointment Booked", appointment_id="B")
    )
    assert [(each.index, each.field) for each in taken.left_out] == [(0, f"properties.{field}")]
    assert taken.left_out[0].message
    assert [each.external_id for each in _appointments(tenant)] == (["A1", "B"] if saved else ["B"])
    assert _events(tenant) == 2


def test_a_membership_from_events(tenant: UUID, now: datetime) -> None:
    _take(
        tenant,
        now,
        said(
            "Membership Started", at=now - 9 * DAY, membership_id="M1", name="Gold", expires_on="2026-03-01"
        ),
        said("Membership Renewed", at=now - DAY, membership_id="M1", expires_on="2026-04-01T00:00:00Z"),
    )
    assert _held(tenant) == {"M1": ("membership", "active", None, date(2026, 4, 1))}
    assert _customer(tenant).membership_status == "active"
    _take(tenant, now, said("Membership Cancelled", membership_id="M1"))
    assert _customer(tenant).membership_status == "cancelled"
    assert _events(tenant) == 3


def test_a_package_is_bought_and_used_in_one_call_and_repeats_count_once(tenant: UUID, now: datetime) -> None:
    messages = [
        said("Package Used", package_id="P1", message_id="u1"),
        said(
            "Package Purchased",
            at=now - DAY,
            package_id="P1",
            name="Ten",
            sessions="10",
            expires_on="2026-06-01",
        ),
        said("Package Used", package_id="P1", sessions=2, message_id="u2"),
    ]
    _take(tenant, now, *messages)
    _take(tenant, now, messages[0], messages[2])
    assert _held(tenant) == {"P1": ("package", "active", 7, date(2026, 6, 1))}
    assert _events(tenant) == 3


def test_points_are_earned_and_redeemed_once(tenant: UUID, now: datetime) -> None:
    earned = said("Loyalty Points Earned", points=100, earn_id="E1", expires_on="2026-03-09")
    redeemed = said("Loyalty Points Redeemed", points=30, message_id="r1")
    for _ in range(2):
        _take(tenant, now, dict(redeemed), dict(earned))
    assert _held(tenant) == {"E1": ("points", "active", 70, date(2026, 3, 9))}
    assert _events(tenant) == 2


@pytest.mark.parametrize(
    ("name", "properties", "field"),
    [
        ("Membership Started", {"membership_id": ""}, "membership_id"),
        ("Membership Started", {"membership_id": "M", "expires_on": "soon"}, "expires_on"),
        ("Membership Started", {"membership_id": "M", "starts_on": 20260301}, "starts_on"),
        ("Package Purchased", {"package_id": "P", "sessions": 0}, "sessions"),
        ("Package Purchased", {"package_id": "P", "sessions": 1.5}, "sessions"),
        ("Package Used", {"package_id": "P", "sessions": True}, "sessions"),
        ("Loyalty Points Earned", {}, "points"),
        ("Loyalty Points Earned", {"points": 10**12}, "points"),
        ("Loyalty Points Redeemed", {"points": "-5"}, "points"),
    ],
)
def test_a_bad_property_of_an_entitlement_is_named(
    tenant: UUID, now: datetime, name: str, properties: dict[str, Any], field: str
) -> None:
    taken = _take(tenant, now, said(name, **properties))
    assert [each.field for each in taken.left_out] == [f"properties.{field}"]
    assert (_held(tenant), _events(tenant)) == ({}, 1)


def test_five_hundred_events_take_no_more_statements_than_five(tenant: UUID, now: datetime) -> None:
    def statements(count: int, mark: str) -> int:
        seen: list[str] = []
        names = ("Appointment Completed", "Membership Started", "Package Purchased", "Package Used")
        messages = [
            said(
                names[n % 4], user=f"{mark}{n}", appointment_id=f"{mark}{n}", membership_id=f"{mark}{n}",
                package_id=f"{mark}{n - n % 4}", sessions=3,
            )
            for n in range(count)
        ]  # fmt: skip
        with tenant_session(tenant) as session:
            engine = session.get_bind()

        def count_one(*args: Any) -> None:
            seen.append(args[2])

        listeners.listen(engine, "before_cursor_execute", count_one)
        try:
            _take(tenant, now, *messages)
        finally:
            listeners.remove(engine, "before_cursor_execute", count_one)
        return len(seen)

    assert statements(8, "few") == statements(500, "many") < 45
