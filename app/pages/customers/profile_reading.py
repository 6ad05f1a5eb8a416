"""What a customer's page is read from."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.pages.customers.told import Page, tell
from engine.core.accounts import Viewer
from engine.core.db import tenant_session
from engine.customers.bookings import list_appointments
from engine.customers.directory import CustomerPicture, load_profile, timeline
from engine.customers.entitlements import list_entitlements
from engine.customers.models import Appointment, Entitlement
from engine.delivery.log import message_log

LINES = 40
BOOKINGS = 6


@dataclass(frozen=True, slots=True)
class Opened:
    """What the page is made of."""

    picture: CustomerPicture
    page: Page
    entitlements: list[Entitlement]
    appointments: list[Appointment]


def read_profile(viewer: Viewer, customer_id: UUID, now: datetime) -> Opened:
    """Everything the page shows of a customer but their journeys.

    Raises:
        NotFound: there is no such customer.
    """
    with tenant_session(viewer.tenant_id) as session:
        picture = load_profile(session, customer_id)
        holder = picture.customer.id
        entitlements = list_entitlements(session, holder)
        appointments = list_appointments(session, holder, limit=BOOKINGS)
        session.expunge_all()
    page = read_timeline(viewer, holder, None, now, "")
    return Opened(picture, page, entitlements, appointments)


def read_timeline(
    viewer: Viewer, customer_id: UUID, before: datetime | None, now: datetime, last_day: str
) -> Page:
    """A page of the timeline: what was before this moment, or the newest."""
    with tenant_session(viewer.tenant_id) as session:
        return tell(
            timeline(session, customer_id, before=before, limit=LINES),
            message_log(session, customer_id=customer_id, before=before, limit=LINES),
            limit=LINES,
            now=now,
            timezone=viewer.timezone,
            last_day=last_day,
        )
