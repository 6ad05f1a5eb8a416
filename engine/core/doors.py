"""The few questions that are asked before a tenant is known, each answered by a function of the owner's.

Everything else goes through `tenant_session`. Adding a door is a migration, so that it is seen in review.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text

from engine.core.crypto import token_hash
from engine.core.db import open_session
from engine.core.models import KeyKind


class Work(StrEnum):
    """Kinds of work the clock looks for; each is an indexed probe per tenant."""

    EVENTS = "events"
    ENROLMENTS = "enrolments"
    MESSAGES = "messages"
    WEBHOOKS = "webhooks"
    RECEIPTS = "receipts"
    CALENDAR = "calendar"
    SENDING = "sending"
    UPKEEP = "upkeep"
    BACKTESTS = "backtests"


@dataclass(frozen=True, slots=True)
class TenantRef:
    """What the public may know of a tenant."""

    id: UUID
    slug: str
    name: str
    timezone: str
    locale: str
    currency: str
    country: str


@dataclass(frozen=True, slots=True)
class KeyRef:
    """Who a key speaks for, and what it may do."""

    id: UUID
    tenant_id: UUID
    kind: KeyKind
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """How much of a kind is waiting over all tenants (counted up to 100,000 for each), and since when the oldest."""

    number: int
    oldest: datetime | None


def find_tenant(slug: str) -> TenantRef | None:
    """The tenant of a public address."""
    with open_session() as session:
        row = session.execute(text("SELECT * FROM safar_find_tenant(:slug)"), {"slug": slug}).one_or_none()
    return TenantRef(*row) if row else None


def find_key(key: str) -> KeyRef | None:
    """Who this key belongs to; None for unknown and revoked keys."""
    with open_session() as session:
        row = session.execute(
            text("SELECT * FROM safar_find_key(:hash)"), {"hash": token_hash(key)}
        ).one_or_none()
    return KeyRef(row.id, row.tenant_id, KeyKind(row.kind), tuple(row.scopes)) if row else None


def find_login(email: str) -> tuple[UUID, UUID] | None:
    """`(user_id, tenant_id)` of an active user."""
    with open_session() as session:
        row = session.execute(text("SELECT * FROM safar_find_login(:email)"), {"email": email}).one_or_none()
    return (row.user_id, row.tenant_id) if row else None


def find_session_tenant(hashed_token: str) -> UUID | None:
    """The tenant a browser is signed in to."""
    return _one_tenant("SELECT safar_find_session(:key)", hashed_token)


def find_link_tenant(code: str) -> UUID | None:
    """The tenant of a tracked link."""
    return _one_tenant("SELECT safar_find_link(:key)", code)


def find_form_tenant(form_id: UUID) -> UUID | None:
    """The tenant of a public form."""
    return _one_tenant("SELECT safar_find_form(:key)", form_id)


def all_tenants() -> list[UUID]:
    """Every tenant, for jobs that run for each."""
    with open_session() as session:
        return list(session.scalars(text("SELECT safar_tenants()")))


def tenants_with(work: Work, *, now: datetime) -> list[UUID]:
    """The tenants that have work of this kind due at `now`."""
    with open_session() as session:
        return list(
            session.scalars(text("SELECT safar_tenants_with(:work, :now)"), {"work": work, "now": now})
        )


def ensure_event_partitions(first: date, last: date) -> int:
    """See to it that `events` has a partition for each month from `first` to `last`; returns how many were made."""
    with open_session() as session:
        made: int = session.execute(
            text("SELECT safar_ensure_event_partitions(:first, :last)"), {"first": first, "last": last}
        ).scalar_one()
    return made


def drop_event_partitions(before: date) -> int:
    """Drop the events of whole months before this day; returns how many months.

    Raises:
        OperationalError: somebody reads or writes events just now; to be tried again.
    """
    with open_session() as session:
        dropped: int = session.execute(
            text("SELECT safar_drop_event_partitions(:before)"), {"before": before}
        ).scalar_one()
    return dropped


def work_due(*, now: datetime) -> dict[str, Due]:
    """What is due at `now` by kind of `Work`, and what is stuck: `quarantined`, `set_aside`, `uncertain` (I4)."""
    with open_session() as session:
        rows = session.execute(text("SELECT kind, number, oldest FROM safar_lag(:now)"), {"now": now})
        return {row.kind: Due(row.number, row.oldest) for row in rows}


def _one_tenant(query: str, key: object) -> UUID | None:
    with open_session() as session:
        found: UUID | None = session.execute(text(query), {"key": key}).scalar_one()
    return found
