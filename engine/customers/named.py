"""Customers as others name them: by our id, by their own, by e-mail address or phone number (C1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.tenants import get_tenant
from engine.customers.identity import Claim, look_up
from engine.customers.models import IdentityKind
from engine.customers.phones import read_phone
from engine.customers.profiles import read_email


class NamedBy(StrEnum):
    """What a name is."""

    ID = "id"
    EXTERNAL_ID = "external_id"
    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a customer; ids are text too."""

    by: NamedBy
    value: str


HERE = text("""
    SELECT id, coalesce(merged_into, id) AS customer_id FROM customers
    WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[])) AND erased_at IS NULL
""")


def find_named(session: Session, tenant_id: UUID, names: Sequence[Name]) -> dict[Name, UUID]:
    """Whom these names mean; those nobody bears are left out. Who was merged stands for who took over.

    Phone numbers without a country code are of the tenant's country. The statements are the same few whatever the
    number.
    """
    by_id = {name: UUID(name.value) for name in names if name.by is NamedBy.ID and _is_id(name.value)}
    country = get_tenant(session).country
    claims = {name: claim for name in names if (claim := _claim(name, country)) is not None}
    owners = look_up(session, tenant_id, claims.values()) if claims else {}
    meant = by_id | {name: owners[claim].customer_id for name, claim in claims.items() if claim in owners}
    asked = {"tenant": tenant_id, "ids": array_literal(set(meant.values()))}
    here = {row.id: row.customer_id for row in session.execute(HERE, asked)}
    return {name: here[customer_id] for name, customer_id in meant.items() if customer_id in here}


CLAIMED: Mapping[NamedBy, IdentityKind] = {
    NamedBy.EXTERNAL_ID: IdentityKind.USER_ID,
    NamedBy.EMAIL: IdentityKind.EMAIL,
    NamedBy.PHONE: IdentityKind.PHONE,
}


def _claim(name: Name, country: str) -> Claim | None:
    """What the name is kept as; None of one that nobody can bear."""
    kind = CLAIMED.get(name.by)
    if kind is None:
        return None
    try:
        match kind:
            case IdentityKind.EMAIL:
                return Claim(kind, read_email(name.value))
            case IdentityKind.PHONE:
                return Claim(kind, read_phone(name.value, country))
            case _:
                return Claim(kind, name.value)
    except ValueError:
        return None


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
