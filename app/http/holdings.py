"""REST of what a customer has: appointments, memberships, packages, points (S4 "Integration Points", I5)."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.core.errors import InvalidInput
from engine.customers import directory
from engine.customers.bookings import NewAppointment, branches_by_name, list_appointments, save_appointments
from engine.customers.entitlements import NewEntitlement, list_entitlements, save_entitlements
from engine.customers.models import (
    Appointment,
    AppointmentStatus,
    Entitlement,
    EntitlementKind,
    EntitlementStatus,
)
from engine.customers.properties import LARGEST_COUNT

router = APIRouter(prefix="/api/v1/customers/{customer_id}", tags=["customers"])
Caller = Annotated[KeyRef, Depends(api_caller)]

Line = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True, pattern=r"^[^\x00]*$")]
OwnId = Annotated[
    str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True, pattern=r"^[^\x00]*$")
]

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)
Day = Annotated[date, Field(ge=EARLIEST, le=LATEST)]

LARGEST_AMOUNT = 10**15
"""Minor units, as an event's amount."""


class AppointmentBody(BaseModel):
    """An appointment as the booking system knows it; what is left out stays as it is.

    `at` is when it came into this state, now by default; an older state never replaces a newer one. `branch` is
    the name or id of a branch, `amount_minor` in minor units of the tenant's currency.
    """

    model_config = ConfigDict(extra="forbid")

    external_id: OwnId
    status: AppointmentStatus = AppointmentStatus.BOOKED
    starts_at: AwareDatetime | None = None
    service: Line | None = None
    category: Line | None = None
    amount_minor: int | None = Field(None, ge=0, lt=LARGEST_AMOUNT)
    branch: Line | None = None
    at: AwareDatetime | None = None


class EntitlementBody(BaseModel):
    """A membership, package or lot of points; what is left out stays as it is.

    `balance` is the sessions or points that are left; `expires_on` the last day on which it is good. It expires
    and is used up by these two, so `status` is active or cancelled.
    """

    model_config = ConfigDict(extra="forbid")

    kind: EntitlementKind
    external_id: OwnId
    status: EntitlementStatus = EntitlementStatus.ACTIVE
    name: Line | None = None
    starts_on: Day | None = None
    expires_on: Day | None = None
    balance: int | None = Field(None, ge=0, le=LARGEST_COUNT)


@router.get("/appointments")
def appointments(caller: Caller, customer_id: UUID) -> dict[str, Any]:
    """The customer's last 100 appointments, the latest first."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(_appointments(session, _holder(session, customer_id)))


@router.put("/appointments")
def put_appointment(caller: Caller, customer_id: UUID, body: AppointmentBody) -> dict[str, Any]:
    """Save an appointment by its external id; its state makes an event, once. Answers with all of them."""
    now = utc_now()
    with tenant_session(caller.tenant_id) as session:
        holder = _holder(session, customer_id)
        new = NewAppointment(
            holder,
            body.external_id,
            body.status,
            _at(body.at, now),
            body.starts_at,
            body.service,
            body.category,
            body.amount_minor,
            _branch(session, body.branch),
        )
        save_appointments(session, caller.tenant_id, [new], now=now)
        return succeeded(_appointments(session, holder))


@router.get("/entitlements")
def entitlements(caller: Caller, customer_id: UUID) -> dict[str, Any]:
    """The customer's memberships, packages and lots of points, the active ones first."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(_entitlements(session, _holder(session, customer_id)))


@router.put("/entitlements")
def put_entitlement(caller: Caller, customer_id: UUID, body: EntitlementBody) -> dict[str, Any]:
    """Save a membership, package or lot of points by its external id; a change makes an event. Answers with all."""
    _check(body)
    now = utc_now()
    with tenant_session(caller.tenant_id) as session:
        holder = _holder(session, customer_id)
        new = NewEntitlement(
            holder,
            body.kind,
            body.external_id,
            now,
            body.status,
            body.name,
            body.starts_on,
            body.expires_on,
            body.balance,
        )
        save_entitlements(session, caller.tenant_id, [new], now=now)
        return succeeded(_entitlements(session, holder))


def _check(body: EntitlementBody) -> None:
    """What a field alone does not show.

    Raises:
        InvalidInput: names the field.
    """
    backwards = body.starts_on and body.expires_on and body.expires_on < body.starts_on
    balance = body.kind is EntitlementKind.MEMBERSHIP and body.balance is not None
    wrong = (
        (
            body.status not in SAID,
            "status",
            "must be active or cancelled; expires_on and balance do the rest",
        ),
        (backwards, "expires_on", "must not be before starts_on"),
        (balance, "balance", "only packages and points have one; leave it out"),
    )
    for is_wrong, field, problem in wrong:
        if is_wrong:
            raise InvalidInput(f"{field}: {problem}.", details={"field": field})


SAID = (EntitlementStatus.ACTIVE, EntitlementStatus.CANCELLED)


def _holder(session: Session, customer_id: UUID) -> UUID:
    """The customer, or who took over; NotFound for nobody."""
    return directory.load_profile(session, customer_id).customer.id


def _at(said: datetime | None, now: datetime) -> datetime:
    return min(said, now) if said else now


def _branch(session: Session, name: str | None) -> UUID | None:
    if not name:
        return None
    branch = branches_by_name(session).get(name.lower())
    if branch is None:
        raise InvalidInput(
            f"branch: there is no branch “{name}”. Name one that is there.", details={"field": "branch"}
        )
    return branch


APPOINTMENT = (
    "external_id", "status", "starts_at", "service", "category", "amount_minor", "branch_id", "updated_at"
)  # fmt: skip
ENTITLEMENT = (
    "kind", "external_id", "status", "name", "starts_on", "expires_on", "balance", "updated_at"
)  # fmt: skip


def _appointments(session: Session, customer_id: UUID) -> list[dict[str, Any]]:
    return [_shown(each, APPOINTMENT) for each in list_appointments(session, customer_id)]


def _entitlements(session: Session, customer_id: UUID) -> list[dict[str, Any]]:
    return [_shown(each, ENTITLEMENT) for each in list_entitlements(session, customer_id)]


def _shown(row: Appointment | Entitlement, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
