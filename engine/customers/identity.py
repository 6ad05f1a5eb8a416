"""Who is meant: a user id, anonymous id, phone number or e-mail address leads to one customer (C1).

The first customer to claim a value keeps it. Two doors that meet the same person at the same moment are told
apart by the primary key of `customer_identities`: the one who comes second notices that a claim was not won,
goes back to its savepoint, and reads again. See `profiles.save_profiles`, the only caller that writes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.ids import new_id
from engine.core.rowset import as_rows, rowset
from engine.customers.models import IdentityKind


class Claim(NamedTuple):
    """A value by which a person says to be known."""

    kind: str
    value: str


@dataclass(slots=True, eq=False)
class Owner:
    """A customer as far as identities are concerned; `into` is whom it was merged into during this call."""

    customer_id: UUID
    has_user_id: bool
    is_anonymous: bool
    is_new: bool = False
    into: "Owner | None" = None

    def settled(self) -> "Owner":
        """The customer who stands for this one."""
        owner = self
        while owner.into is not None:
            owner = owner.into
        return owner


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whom each person is, and what must be written to make it so.

    Attributes:
        owners: one for each person, in order; settled.
        claims: values nobody had, with their new owner.
        merges: anonymous customers who turned out to be somebody known.
    """

    owners: list[Owner]
    claims: list[tuple[Claim, Owner]] = field(default_factory=list)
    merges: dict[UUID, UUID] = field(default_factory=dict)

    @property
    def created(self) -> list[Owner]:
        """The customers that must be made, each once."""
        return list({owner.customer_id: owner for owner in self.owners if owner.is_new}.values())


_CLAIMS = {"kind": "text", "value": "text"}

KNOWN = text(f"""
    SELECT rows.kind, rows.value, coalesce(customer.merged_into, customer.id) AS customer_id,
        coalesce(customer.external_id, customer.merged_into::text) IS NOT NULL AS has_user_id,
        coalesce(customer.external_id, customer.phone, customer.email, customer.merged_into::text) IS NULL
            AS is_anonymous
    FROM {rowset(_CLAIMS)}
    JOIN customer_identities identity
        ON identity.tenant_id = :tenant AND identity.kind = rows.kind AND identity.value = rows.value
    JOIN customers customer ON customer.id = identity.customer_id
""")

KNOWN_BY_EXTERNAL_ID = text("""
    SELECT external_id, id FROM customers WHERE tenant_id = :tenant AND external_id = ANY(:values)
""")

_IDENTITIES = {"kind": "text", "value": "text", "customer_id": "uuid"}

CLAIM = text(f"""
    INSERT INTO customer_identities (tenant_id, kind, value, customer_id)
    SELECT :tenant, kind, value, customer_id FROM {rowset(_IDENTITIES)}
    ON CONFLICT DO NOTHING
""")

MERGES = {"source": "uuid", "target": "uuid"}

MOVE_IDENTITIES = text(f"""
    UPDATE customer_identities identity SET customer_id = rows.target
    FROM {rowset(MERGES)} WHERE identity.customer_id = rows.source AND identity.tenant_id = :tenant
""")

MARK_MERGED = text(f"""
    UPDATE customers SET merged_into = rows.target, updated_at = :now
    FROM {rowset(MERGES)} WHERE customers.id = rows.source
""")

_ALIASES = {"previous": "text", "current": "text"}

ADD_USER_IDS = text(f"""
    INSERT INTO customer_identities (tenant_id, kind, value, customer_id)
    SELECT :tenant, '{IdentityKind.USER_ID}', rows.current, known.customer_id
    FROM {rowset(_ALIASES)}
    JOIN customer_identities known ON known.tenant_id = :tenant
        AND known.kind = '{IdentityKind.USER_ID}' AND known.value = rows.previous
    ORDER BY rows.current
    ON CONFLICT DO NOTHING
""")


def look_up(
    session: Session, tenant_id: UUID, claims: Iterable[Claim], *, by_external_id: bool = True
) -> dict[Claim, Owner]:
    """The owners of these values; values nobody claimed are left out.

    Args:
        by_external_id: also look for user ids among the customers themselves, where those are that were made
            without their identities. Needed only after such a customer stood in the way.
    """
    asked = list(set(claims))
    rows = session.execute(KNOWN, {"tenant": tenant_id, "rows": as_rows(_CLAIMS, asked)}).all()
    customers: dict[UUID, Owner] = {}
    owners: dict[Claim, Owner] = {}
    for kind, value, customer_id, has_user_id, is_anonymous in rows:
        owner = customers.get(customer_id)
        if owner is None:
            owner = customers[customer_id] = Owner(customer_id, has_user_id, is_anonymous)
        owners[Claim(kind, value)] = owner
    missing = [claim.value for claim in asked if claim.kind == IdentityKind.USER_ID and claim not in owners]
    if missing and by_external_id:
        found = session.execute(KNOWN_BY_EXTERNAL_ID, {"tenant": tenant_id, "values": missing})
        for external_id, customer_id in found:
            owner = customers.setdefault(customer_id, Owner(customer_id, True, False))
            owners[Claim(IdentityKind.USER_ID, external_id)] = owner
    return owners


def assign(people: Sequence[Sequence[Claim]], known: Mapping[Claim, Owner]) -> Assignment:
    """Decide in order who each person is; reads and writes nothing.

    A person is the owner of the strongest claim: user id, anonymous id, phone, e-mail. Two rules stand above
    this. Somebody with a user id is never taken for a customer who bears another one (a shared device or family
    phone). And an anonymous visitor (no user id, phone or e-mail) who names somebody known becomes that customer.

    Args:
        people: the claims of each person, strongest first; a person without claims is a new customer.
        known: owners by value, as `look_up` returns them.
    """
    owners = dict(known)
    result = Assignment([])
    for claims in people:
        owner = _whose(claims, owners, result.merges) or Owner(new_id(), False, True, is_new=True)
        for claim in claims:
            if claim not in owners:
                owners[claim] = owner
                result.claims.append((claim, owner))
            if claim.kind != IdentityKind.ANONYMOUS_ID:
                owner.is_anonymous = False
                owner.has_user_id |= claim.kind == IdentityKind.USER_ID
        result.owners.append(owner)
    result.owners[:] = [owner.settled() for owner in result.owners]
    result.claims[:] = [(claim, owner.settled()) for claim, owner in result.claims]
    return result


def _whose(claims: Sequence[Claim], owners: Mapping[Claim, Owner], merges: dict[UUID, UUID]) -> Owner | None:
    names_user = bool(claims) and claims[0].kind == IdentityKind.USER_ID
    found: dict[Owner, None] = {}
    for claim in claims:
        owner = owners.get(claim)
        if owner is None:
            continue
        owner = owner.settled()
        if claim.kind == IdentityKind.USER_ID or not (names_user and owner.has_user_id):
            found[owner] = None
    if not found:
        return None
    chosen = next((owner for owner in found if not owner.is_anonymous), next(iter(found)))
    for owner in found:
        if owner.is_anonymous and owner is not chosen:
            owner.into = chosen
            if not owner.is_new:
                merges[owner.customer_id] = chosen.customer_id
    return chosen


def claim_values(session: Session, tenant_id: UUID, claims: Sequence[tuple[Claim, Owner]]) -> bool:
    """Write claims; False when somebody else claimed one of the values in the meantime.

    Written in order of kind and value, so that two calls that share values wait for each other in turn.
    """
    if not claims:
        return True
    rows = sorted((*claim, owner.customer_id) for claim, owner in claims)
    written = session.execute(CLAIM, {"tenant": tenant_id, "rows": as_rows(_IDENTITIES, rows)})
    return written.rowcount == len(rows)  # type: ignore[attr-defined, no-any-return]


def merge(session: Session, tenant_id: UUID, merges: Mapping[UUID, UUID], *, now: datetime) -> None:
    """Let known customers answer for anonymous ones; what happened before stays under the anonymous customer's id."""
    pairs = as_rows(MERGES, sorted(merges.items()))
    session.execute(MOVE_IDENTITIES, {"tenant": tenant_id, "rows": pairs})
    session.execute(MARK_MERGED, {"now": now, "rows": pairs})


def add_user_ids(session: Session, tenant_id: UUID, aliases: Sequence[tuple[str, str]]) -> None:
    """Let the customers with these user ids answer to further, yet unknown ones (Segment's `alias`).

    Args:
        aliases: `(previous user id, new user id)`; previous ones nobody bears are passed over.
    """
    if aliases:
        session.execute(ADD_USER_IDS, {"tenant": tenant_id, "rows": as_rows(_ALIASES, aliases)})
