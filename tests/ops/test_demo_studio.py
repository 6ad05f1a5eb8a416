"""The demo studio: its customers have something for every calendar trigger to find."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from app.cli.demo_studio import furnish
from engine.core.db import tenant_session
from engine.customers.models import Appointment, Customer, Entitlement
from engine.customers.profiles import Profile, save_profiles
from engine.events.models import QueuedEvent


def test_the_demo_studio_has_bookings_memberships_packages_and_points_near_their_end(
    tenant: UUID, now: datetime
) -> None:
    with tenant_session(tenant) as session:
        people = [Profile(user_id=f"K{number:03}") for number in range(1, 61)]
        save_profiles(session, tenant, people, source="test", now=now)
        furnish(session, tenant, now=now)
        coming = select(func.count()).where(Appointment.starts_at > now, Appointment.status == "booked")
        members = select(func.count()).where(Customer.membership_status == "active")
        often = select(func.count()).where(Customer.visit_count > 1)
        week = (now + timedelta(days=7)).date()
        ending = (
            select(Entitlement.kind, func.count())
            .where(Entitlement.status == "active", Entitlement.expires_on <= week)
            .group_by(Entitlement.kind)
        )
        assert session.scalar(coming) == 7
        assert session.scalar(members) == 7
        assert (session.scalar(often) or 0) >= 3
        assert {kind for kind, _ in session.execute(ending)} == {"membership", "package", "points"}
        assert not session.scalar(select(func.count()).select_from(QueuedEvent))
