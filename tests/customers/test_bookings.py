"""Appointments: saved once, in their latest state, with the customers' visits and events."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.bookings import NewAppointment, list_appointments, save_appointments
from engine.customers.models import Appointment, AppointmentStatus, Customer
from engine.customers.profiles import Profile, save_profiles
from engine.events.models import Event, QueuedEvent

BOOKED, COMPLETED, CANCELLED, MISSED = AppointmentStatus
DAY = timedelta(days=1)


@pytest.fixture
def people(tenant: UUID, now: datetime) -> list[UUID]:
    """Two customers."""
    profiles = [Profile(user_id="K1", name="Asha Rao"), Profile(user_id="K2", name="Rohan Mehta")]
    with tenant_session(tenant) as session:
        return [each.customer_id for each in save_profiles(session, tenant, profiles, source="test", now=now)]


def _save(tenant: UUID, now: datetime, *said: NewAppointment) -> int:
    with tenant_session(tenant) as session:
        return save_appointments(session, tenant, said, now=now)


def _one(tenant: UUID) -> dict[str, Any]:
    with tenant_session(tenant) as session:
        row = session.scalars(select(Appointment)).one()
        return {name: getattr(row, name) for name in ("status", "starts_at", "service", "amount_minor")}


def _visits(tenant: UUID, who: UUID) -> tuple[int, datetime | None, datetime | None]:
    with tenant_session(tenant) as session:
        customer = session.get_one(Customer, who)
        return customer.visit_count, customer.first_visit_at, customer.last_visit_at


def _events(tenant: UUID) -> list[str]:
    with tenant_session(tenant) as session:
        return list(session.scalars(select(Event.name).order_by(Event.occurred_at, Event.id)))


def test_a_completed_booking_is_a_visit(tenant: UUID, people: list[UUID], now: datetime) -> None:
    asha = people[0]
    starts = now - 3 * DAY
    booked = NewAppointment(asha, "A1", BOOKED, now - 9 * DAY, starts, "Haircut", amount_minor=80000)
    assert _save(tenant, now, booked) == 1
    assert _visits(tenant, asha) == (0, None, None)
    assert _save(tenant, now, NewAppointment(asha, "A1", COMPLETED, now - 3 * DAY)) == 0
    assert _one(tenant) == {
        "status": "completed", "starts_at": starts, "service": "Haircut", "amount_minor": 80000
    }  # fmt: skip
    later = NewAppointment(asha, "A2", COMPLETED, now - DAY, service="Colour")
    _save(tenant, now, later)
    assert _visits(tenant, asha) == (2, starts, now - DAY)
    _save(tenant, now, NewAppointment(asha, "A2", MISSED, now))
    assert _visits(tenant, asha) == (1, starts, starts)


def test_news_that_come_late_do_not_undo_what_came_after(
    tenant: UUID, people: list[UUID], now: datetime
) -> None:
    asha = people[0]
    story = [
        NewAppointment(asha, "A1", BOOKED, now - 9 * DAY, now - 5 * DAY, "Haircut"),
        NewAppointment(asha, "A1", CANCELLED, now - 8 * DAY),
        NewAppointment(asha, "A1", BOOKED, now - 7 * DAY, now - 3 * DAY, "Haircut and colour"),
        NewAppointment(asha, "A1", COMPLETED, now - 3 * DAY, amount_minor=250000),
    ]
    for order in range(6):
        shuffled = random.Random(order).sample(story, len(story))
        number = f"B{order}"
        with tenant_session(tenant) as session:
            for each in shuffled:
                one = NewAppointment(
                    asha, number, each.status, each.at, each.starts_at, each.service, None, each.amount_minor
                )
                save_appointments(session, tenant, [one], now=now)
    with tenant_session(tenant) as session:
        found = {row.external_id: row for row in list_appointments(session, asha)}
    assert {row.status for row in found.values()} == {"completed"}
    assert {row.amount_minor for row in found.values()} == {250000}
    assert _visits(tenant, asha)[0] == 6


def test_all_of_a_story_in_one_call_is_one_appointment(
    tenant: UUID, people: list[UUID], now: datetime
) -> None:
    asha = people[0]
    story = (
        NewAppointment(asha, "A1", COMPLETED, now),
        NewAppointment(asha, "A1", BOOKED, now, now + DAY, "Facial"),
    )
    assert _save(tenant, now, *story) == 1
    assert _one(tenant)["status"] == "completed"
    assert _events(tenant) == ["Appointment Booked", "Appointment Completed"]


def test_an_appointment_goes_over_to_another_customer_with_its_visit(
    tenant: UUID, people: list[UUID], now: datetime
) -> None:
    asha, rohan = people
    _save(tenant, now, NewAppointment(asha, "A1", COMPLETED, now - DAY))
    _save(tenant, now, NewAppointment(rohan, "A1", COMPLETED, now))
    assert (_visits(tenant, asha)[0], _visits(tenant, rohan)[0]) == (0, 1)


def test_each_state_makes_one_event_and_old_ones_start_no_journey(
    tenant: UUID, people: list[UUID], now: datetime
) -> None:
    asha = people[0]
    with tenant_session(tenant) as session:
        session.execute(
            text("INSERT INTO event_interests (tenant_id, name, listener) VALUES (:t, :n, :l)"),
            {"t": tenant, "n": "Appointment Completed", "l": new_id()},
        )
    old = NewAppointment(asha, "A1", COMPLETED, now - 2 * DAY, service="Yoga", amount_minor=49950)
    new = NewAppointment(asha, "A2", COMPLETED, now - timedelta(hours=2))
    for _ in range(2):
        _save(tenant, now, old, new)
    assert _events(tenant) == ["Appointment Completed", "Appointment Completed"]
    with tenant_session(tenant) as session:
        queued = session.scalars(select(QueuedEvent)).all()
        told = session.scalars(select(Event).order_by(Event.occurred_at)).first()
    assert [each.properties["appointment_id"] for each in queued] == ["A2"]
    assert told is not None
    assert told.properties == {
        "appointment_id": "A1", "service": "Yoga", "amount": 499.5, "currency": "INR"
    }  # fmt: skip


def test_a_booking_that_moves_is_told_again(tenant: UUID, people: list[UUID], now: datetime) -> None:
    asha = people[0]
    for starts in (now + DAY, now + DAY, now + 2 * DAY):
        _save(tenant, now, NewAppointment(asha, "A1", BOOKED, now, starts))
    assert _events(tenant) == ["Appointment Booked"] * 2
    assert _one(tenant)["starts_at"] == now + 2 * DAY
