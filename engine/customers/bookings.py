"""Saving appointments: each once by its own number, its latest state, the customers' visits and the events (C1, I5)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal, transpose, unnest
from engine.core.ids import key_of, new_id
from engine.core.models import Branch
from engine.core.tenants import get_tenant
from engine.customers.models import Appointment, AppointmentStatus
from engine.customers.orders import LIVE, major_units
from engine.events.record import NewEvent, record

EVENT_OF: Mapping[AppointmentStatus, str] = {
    AppointmentStatus.BOOKED: "Appointment Booked",
    AppointmentStatus.CANCELLED: "Appointment Cancelled",
    AppointmentStatus.MISSED: "Appointment Missed",
    AppointmentStatus.COMPLETED: "Appointment Completed",
}
"""The event of each state, in the order in which states follow one another when they bear the same moment."""

CLASS_ATTENDED = "Class Attended"

STATUS_OF: Mapping[str, AppointmentStatus] = {
    **{name: status for status, name in EVENT_OF.items()},
    CLASS_ATTENDED: AppointmentStatus.COMPLETED,
}
"""The state an event speaks of."""

RANK = {status.value: place for place, status in enumerate(EVENT_OF)}


@dataclass(frozen=True, slots=True)
class NewAppointment:
    """What is said of an appointment: in which state it was since `at`. None leaves a field as it is.

    `starts_at` is `at` unless it was ever said; the amount is in minor units of the tenant's currency.
    """

    customer_id: UUID
    external_id: str
    status: AppointmentStatus
    at: datetime
    starts_at: datetime | None = None
    service: str | None = None
    category: str | None = None
    amount_minor: int | None = None
    branch_id: UUID | None = None
    source: str = "api"

    @property
    def event_key(self) -> UUID:
        """The key of its event, so that a state makes one event, however it comes to us; a new time is a new one."""
        booked_for = self.starts_at if self.status is AppointmentStatus.BOOKED else None
        moved = booked_for.timestamp() if booked_for else None
        return key_of("appointment", self.customer_id, self.external_id, self.status, moved)


LOCK = text("""
    SELECT id FROM customers
    WHERE tenant_id = :tenant AND (id = ANY(CAST(:customers AS uuid[])) OR id IN (
        SELECT customer_id FROM appointments
        WHERE tenant_id = :tenant AND external_id = ANY(CAST(:appointments AS text[]))
    ))
    ORDER BY id FOR NO KEY UPDATE
""")
"""Those who give and get these appointments; locked first, so that visits are counted by one at a time."""

_ROWS = {
    "id": "uuid",
    "customer_id": "uuid",
    "branch_id": "uuid",
    "external_id": "text",
    "service": "text",
    "category": "text",
    "status": "text",
    "starts_at": "timestamptz",
    "amount_minor": "bigint",
    "at": "timestamptz",
}
_SET = (
    "customer_id",
    "branch_id",
    "service",
    "category",
    "status",
    "starts_at",
    "amount_minor",
    "updated_at",
)

UPSERT = text(f"""
    INSERT INTO appointments (tenant_id, {", ".join(name for name in _ROWS if name != "at")}, created_at, updated_at)
    SELECT :tenant, {", ".join(_ROWS)}, at FROM {unnest(_ROWS)}
    ON CONFLICT (tenant_id, external_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _SET)}
""")

_CUSTOMERS = {"id": "uuid"}

COUNT_VISITS = text(f"""
    UPDATE customers SET visit_count = totals.visits, first_visit_at = totals.first, last_visit_at = totals.last,
        updated_at = :now
    FROM (
        SELECT rows.id, count(visit.id) AS visits, min(visit.starts_at) AS first, max(visit.starts_at) AS last
        FROM {unnest(_CUSTOMERS)}
        LEFT JOIN appointments visit ON visit.tenant_id = :tenant AND visit.customer_id = rows.id
            AND visit.status = '{AppointmentStatus.COMPLETED}'
        GROUP BY rows.id
    ) AS totals
    WHERE customers.id = totals.id AND (visit_count, first_visit_at, last_visit_at)
        IS DISTINCT FROM (totals.visits, totals.first, totals.last)
""")


def save_appointments(
    session: Session, tenant_id: UUID, appointments: Sequence[NewAppointment], *, now: datetime
) -> int:
    """Save appointments by their own number, and count the customers' visits anew (C1, I5).

    The state with the latest `at` stands, whatever the order in which they come; what it leaves open is filled
    from earlier ones. Each state makes its event (`EVENT_OF`), once; journeys see it if it is at most 24 hours
    old. The statements are the same few whatever the number.

    Returns:
        How many appointments were new.
    """
    wanted: dict[str, list[NewAppointment]] = defaultdict(list)
    for each in appointments:
        wanted[each.external_id].append(each)
    if not wanted:
        return 0
    touched = session.scalars(
        LOCK,
        {
            "tenant": tenant_id,
            "customers": array_literal({each.customer_id for each in appointments}),
            "appointments": array_literal(wanted),
        },
    ).all()
    known = {row.external_id: _as_said(row) for row in session.execute(_known(wanted))}
    settled = {number: _settle(known.get(number), said) for number, said in sorted(wanted.items())}
    changed = [each for number, each in settled.items() if each != known.get(number)]
    if changed:
        written = transpose(_ROWS, [_row(each) for each in changed])
        session.execute(UPSERT, {"tenant": tenant_id, **written})
        count_visits(session, tenant_id, touched, now=now)
    _tell(session, tenant_id, known, wanted, now)
    return len(wanted.keys() - known.keys())


def count_visits(session: Session, tenant_id: UUID, customer_ids: Sequence[UUID], *, now: datetime) -> None:
    """Count the visits of these customers anew from their completed appointments, in one statement."""
    values = {"tenant": tenant_id, "id": array_literal(customer_ids), "now": now}
    session.execute(COUNT_VISITS, values)


def list_appointments(session: Session, customer_id: UUID, *, limit: int = 100) -> list[Appointment]:
    """A customer's appointments, the latest first."""
    query = select(Appointment).where(Appointment.customer_id == customer_id)
    return list(
        session.scalars(query.order_by(Appointment.starts_at.desc(), Appointment.id.desc()).limit(limit))
    )


def branches_by_name(session: Session) -> dict[str, UUID]:
    """The tenant's branches by name in small letters, and by id as text."""
    found = session.execute(select(Branch.id, Branch.name)).all()
    return {row.name.lower(): row.id for row in found} | {str(row.id): row.id for row in found}


def _settle(known: NewAppointment | None, said: Iterable[NewAppointment]) -> NewAppointment:
    """What is known after all this was said: the latest wins, field by field; pure."""
    first, *rest = sorted([*([known] if known else []), *said], key=_when)
    for each in rest:
        first = replace(
            first,
            customer_id=each.customer_id,
            status=each.status,
            at=each.at,
            **{name: value for name in OPEN if (value := getattr(each, name)) is not None},
        )
    return replace(first, starts_at=first.starts_at or first.at, service=first.service or "", source="")


OPEN = ("starts_at", "service", "category", "amount_minor", "branch_id")
"""What may be left unsaid."""


def _when(said: NewAppointment) -> tuple[datetime, int]:
    return said.at, RANK[said.status]


def _known(numbers: Iterable[str]) -> Select[Any]:
    return select(*Appointment.__table__.columns).where(Appointment.external_id.in_(numbers))


def _as_said(row: Any) -> NewAppointment:
    return NewAppointment(
        row.customer_id,
        row.external_id,
        AppointmentStatus(row.status),
        row.updated_at,
        row.starts_at,
        row.service,
        row.category,
        row.amount_minor,
        row.branch_id,
        source="",
    )


def _row(each: NewAppointment) -> tuple[Any, ...]:
    return (
        new_id(),
        each.customer_id,
        each.branch_id,
        each.external_id,
        each.service,
        each.category,
        each.status.value,
        each.starts_at,
        each.amount_minor,
        each.at,
    )


def _tell(
    session: Session,
    tenant_id: UUID,
    known: Mapping[str, NewAppointment],
    wanted: Mapping[str, Sequence[NewAppointment]],
    now: datetime,
) -> None:
    """Record the events of what is new, in the order in which it happened."""
    news = [
        each
        for number, said in wanted.items()
        for each in said
        if number not in known or _is_news(known[number], each)
    ]
    if not news:
        return
    currency = get_tenant(session).currency
    events = [_event(each, currency) for each in sorted(news, key=_when)]
    record(session, tenant_id, events, now=now, live_after=now - LIVE)


def _is_news(known: NewAppointment, said: NewAppointment) -> bool:
    """Whether it is another state, or another time of a booking."""
    moved = said.starts_at is not None and said.starts_at != known.starts_at
    return said.status is not known.status or (said.status is AppointmentStatus.BOOKED and moved)


def _event(said: NewAppointment, currency: str) -> NewEvent:
    told = {
        "appointment_id": said.external_id,
        "service": said.service,
        "category": said.category,
        "starts_at": said.starts_at.isoformat() if said.starts_at else None,
        "amount": None if said.amount_minor is None else major_units(said.amount_minor, currency),
        "currency": None if said.amount_minor is None else currency,
    }
    properties = {name: value for name, value in told.items() if value is not None}
    return NewEvent(
        said.customer_id, EVENT_OF[said.status], "track", said.source, properties, {}, said.at, said.event_key
    )
