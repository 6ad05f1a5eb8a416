"""Bookings, memberships, packages and points out of events: what each event name says, one entry each (I2, I5)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from engine.core.tenants import get_tenant
from engine.customers.bookings import (
    CLASS_ATTENDED,
    STATUS_OF,
    NewAppointment,
    branches_by_name,
    save_appointments,
)
from engine.customers.entitlement_events import (
    CANCELLED_EVENT,
    ID_PROPERTY,
    MEMBERSHIP,
    PACKAGE,
    POINTS_EARNED,
    POINTS_REDEEMED,
    RENEWED_EVENT,
    STARTED_EVENT,
)
from engine.customers.entitlements import NewEntitlement, save_entitlements
from engine.customers.messages import Unusable
from engine.customers.models import EntitlementKind, EntitlementStatus
from engine.customers.points import Earned, earn_points
from engine.customers.properties import amount_in, count_in, day_in, id_in, moment_in, text_in
from engine.customers.spending import Redeemed, Used, spend

Happening = NewAppointment | NewEntitlement | Earned | Used | Redeemed


@dataclass(frozen=True, slots=True)
class Ground:
    """What one must know of the tenant to understand its events; branches by name in small letters, or id."""

    currency: str
    branches: Mapping[str, UUID]


@dataclass(frozen=True, slots=True)
class Said:
    """An event: `key` is that of its message, by which it is taken once."""

    name: str
    properties: Mapping[str, Any]
    customer_id: UUID
    at: datetime
    key: UUID
    source: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What an event said: `key` is that by which the event is recorded, `problems` what was left out of it."""

    happening: Happening | None
    key: UUID
    problems: Sequence[Unusable] = ()


def load_ground(session: Session) -> Ground:
    """The tenant's currency and branches."""
    return Ground(get_tenant(session).currency, branches_by_name(session))


def hear(said: Said, ground: Ground) -> Heard:
    """What an event of one of `READERS` says; pure. What cannot be used is reported, and the event kept."""
    try:
        return READERS[said.name](said, ground)
    except Unusable as unusable:
        return Heard(None, said.key, [unusable])


Kind = TypeVar("Kind", bound=Happening)


def save_happenings(
    session: Session, tenant_id: UUID, happenings: Sequence[Happening], *, now: datetime
) -> None:
    """Write down what events said; the events themselves are recorded by the caller, before.

    What is held comes before what is used of it, so that both may come in one call.
    """

    def only(kind: type[Kind]) -> list[Kind]:
        return [each for each in happenings if isinstance(each, kind)]

    save_appointments(session, tenant_id, only(NewAppointment), now=now)
    save_entitlements(session, tenant_id, only(NewEntitlement), now=now, tell=False)
    earn_points(session, tenant_id, only(Earned), now=now)
    spend(session, tenant_id, uses=only(Used), redemptions=only(Redeemed), now=now)


def _appointment(said: Said, ground: Ground) -> Heard:
    properties, problems = said.properties, list[Unusable]()
    unnamed = said.name == CLASS_ATTENDED and text_in(properties, "appointment_id") is None
    new = NewAppointment(
        said.customer_id,
        str(said.key) if unnamed else id_in(properties, "appointment_id"),
        STATUS_OF[said.name],
        said.at,
        moment_in(properties, "starts_at"),
        _if_usable(problems, lambda: text_in(properties, "service")),
        _if_usable(problems, lambda: text_in(properties, "category")),
        _if_usable(problems, lambda: amount_in(properties, "amount", ground.currency)),
        _if_usable(problems, lambda: _branch(properties, ground)),
        source=said.source,
    )
    return Heard(new, new.event_key, problems)


def _branch(properties: Mapping[str, Any], ground: Ground) -> UUID | None:
    name = text_in(properties, "branch")
    if name is None:
        return None
    branch = ground.branches.get(name.lower())
    if branch is None:
        raise Unusable("branch", f"there is no branch '{name[:50]}'; make it under Settings, Branches")
    return branch


Value = TypeVar("Value")


def _if_usable(problems: list[Unusable], read: Callable[[], Value | None]) -> Value | None:
    """A value one can do without: when it cannot be used, it is left out and reported."""
    try:
        return read()
    except Unusable as unusable:
        problems.append(unusable)
        return None


def _entitlement(kind: EntitlementKind, status: EntitlementStatus) -> Callable[[Said, Ground], Heard]:
    def read(said: Said, ground: Ground) -> Heard:
        properties = said.properties
        new = NewEntitlement(
            said.customer_id,
            kind,
            id_in(properties, ID_PROPERTY[kind]),
            said.at,
            status,
            text_in(properties, "name"),
            day_in(properties, "starts_on"),
            day_in(properties, "expires_on"),
            count_in(properties, "sessions") if kind is PACKAGE and status is ACTIVE else None,
            source=said.source,
        )
        return Heard(new, said.key)

    return read


def _used(said: Said, ground: Ground) -> Heard:
    package = id_in(said.properties, "package_id")
    sessions = count_in(said.properties, "sessions") or 1
    return Heard(Used(said.customer_id, package, sessions, said.at, said.key), said.key)


def _earned(said: Said, ground: Ground) -> Heard:
    number = text_in(said.properties, "earn_id") and id_in(said.properties, "earn_id")
    lot = Earned(
        said.customer_id,
        _points(said),
        day_in(said.properties, "expires_on"),
        number or str(said.key),
        said.at,
        source=said.source,
        name=text_in(said.properties, "name") or "",
    )
    return Heard(lot, lot.event_key)


def _redeemed(said: Said, ground: Ground) -> Heard:
    return Heard(Redeemed(said.customer_id, _points(said), said.at, said.key), said.key)


def _points(said: Said) -> int:
    points = count_in(said.properties, "points")
    if points is None:
        raise Unusable("points", "is missing")
    return points


ACTIVE, CANCELLED = EntitlementStatus.ACTIVE, EntitlementStatus.CANCELLED

READERS: Mapping[str, Callable[[Said, Ground], Heard]] = {
    **dict.fromkeys(STATUS_OF, _appointment),
    STARTED_EVENT[MEMBERSHIP]: _entitlement(MEMBERSHIP, ACTIVE),
    RENEWED_EVENT[MEMBERSHIP]: _entitlement(MEMBERSHIP, ACTIVE),
    CANCELLED_EVENT[MEMBERSHIP]: _entitlement(MEMBERSHIP, CANCELLED),
    STARTED_EVENT[PACKAGE]: _entitlement(PACKAGE, ACTIVE),
    CANCELLED_EVENT[PACKAGE]: _entitlement(PACKAGE, CANCELLED),
    "Package Used": _used,
    POINTS_EARNED: _earned,
    POINTS_REDEEMED: _redeemed,
}
"""How each event is understood, by its name."""
