"""What delivery needs to know of a customer: addresses, consents in force, suppressions, words for templates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.crypto import address_hash
from engine.customers.consent import ADDRESS_COLUMN, SECOND_HAND
from engine.customers.models import ConsentState, SuppressionReason

ALL_CHANNELS = "all"
STATES = {state.value: state for state in ConsentState}


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer as the guard and the templates see them.

    `marketing` holds the state of the marketing consent by channel; a channel that is missing was never agreed to.
    `suppressed` holds the reason by channel.
    """

    customer_id: UUID
    phone: str | None
    email: str | None
    language: str | None
    timezone: str | None
    is_dnd: bool
    is_erased: bool
    marketing: Mapping[str, ConsentState]
    suppressed: Mapping[str, SuppressionReason]
    variables: Mapping[str, Any]
    branch_id: UUID | None = None

    def address(self, channel: str) -> str | None:
        """Where this channel reaches the customer; None when nowhere."""
        column = ADDRESS_COLUMN.get(channel)
        return (self.phone if column == "phone" else self.email if column == "email" else None) or None


def _contacts(consents: str) -> TextClause:
    return text(f"""
        SELECT id, name, first_name, last_name, phone, email, city, language, timezone, is_dnd, attributes, branch_id,
            erased_at IS NOT NULL AS is_erased,
            (SELECT jsonb_object_agg(consent.channel, consent.state) FROM {consents}) AS marketing
        FROM customers WHERE tenant_id = :tenant AND id = ANY(CAST(:customers AS uuid[]))
    """)


CONTACTS = _contacts("""consents consent
    WHERE consent.tenant_id = :tenant AND consent.customer_id = customers.id AND consent.purpose = 'marketing'
""")

CONTACTS_THEN = _contacts("""(
    SELECT DISTINCT ON (said.channel) said.channel, said.state FROM consent_history said
    WHERE said.tenant_id = :tenant AND said.customer_id = customers.id AND said.purpose = 'marketing'
        AND (said.at <= :as_of OR (said.version = 1 AND said.source = ANY(:second_hand)))
    ORDER BY said.channel, said.version DESC
) consent""")
"""Consents in force at a moment. What an import was the first to say repeats what the customer had said before."""

SUPPRESSED = text("""
    SELECT channel, address_hash, reason FROM suppressions
    WHERE tenant_id = :tenant AND channel IN ('whatsapp', 'sms', 'email', 'all')
        AND address_hash = ANY(CAST(:hashes AS text[])) AND at <= :as_of
""")

FOREVER = datetime.max.replace(tzinfo=UTC)


def load_contacts(
    session: Session, tenant_id: UUID, customer_ids: Sequence[UUID], *, as_of: datetime | None = None
) -> dict[UUID, Contact]:
    """The contacts of these customers, in two queries whatever their number.

    Args:
        as_of: with the consents and suppressions of this moment, for simulations of the past; addresses, zone and
            language are those of today. A suppression that was lifted since is not known any more.
    """
    wanted = {"tenant": tenant_id, "customers": array_literal(customer_ids)}
    if as_of is None:
        rows = session.execute(CONTACTS, wanted).all()
    else:
        then = {"as_of": as_of, "second_hand": list(SECOND_HAND)}
        rows = session.execute(CONTACTS_THEN, wanted | then).all()
    addresses = {address for row in rows for address in (row.phone, row.email) if address}
    suppressed = _load_suppressions(session, tenant_id, addresses, as_of or FOREVER)
    return {row.id: _contact(row, suppressed) for row in rows}


def _load_suppressions(
    session: Session, tenant_id: UUID, addresses: Iterable[str], as_of: datetime
) -> dict[str, dict[str, SuppressionReason]]:
    """Reasons by address and channel, of those addresses that are suppressed at all."""
    hashes = {address_hash(address): address for address in addresses}
    found: dict[str, dict[str, SuppressionReason]] = defaultdict(dict)
    wanted = {"tenant": tenant_id, "hashes": array_literal(hashes), "as_of": as_of}
    for row in session.execute(SUPPRESSED, wanted):
        found[hashes[row.address_hash]][row.channel] = SuppressionReason(row.reason)
    return found


LOCK_CONSENTS = text("""
    SELECT customer_id, channel, state FROM consents
    WHERE tenant_id = :tenant AND customer_id = ANY(CAST(:customers AS uuid[])) AND purpose = 'marketing'
    ORDER BY customer_id, channel FOR SHARE
""")


def lock_consents(
    session: Session, tenant_id: UUID, customer_ids: Iterable[UUID]
) -> dict[UUID, dict[str, ConsentState]]:
    """The marketing consents of these customers, held against change until the transaction ends (C4)."""
    found: dict[UUID, dict[str, ConsentState]] = defaultdict(dict)
    wanted = array_literal(sorted(set(customer_ids)))
    for row in session.execute(LOCK_CONSENTS, {"tenant": tenant_id, "customers": wanted}):
        found[row.customer_id][row.channel] = STATES[row.state]
    return found


def template_variables(row: Any) -> dict[str, Any]:
    """What a template may say of a customer (a `Customer`, or a row with the same names).

    `customer` also holds the tenant's own attributes.
    """
    known = {
        "first_name": row.first_name or row.name.partition(" ")[0],
        "last_name": row.last_name,
        "name": row.name,
        "phone": row.phone or "",
        "email": row.email or "",
        "city": row.city or "",
        "language": row.language or "",
    }
    return known | {"customer": {**row.attributes, **known}}


def _contact(row: Any, suppressed: Mapping[str, Mapping[str, SuppressionReason]]) -> Contact:
    return Contact(
        customer_id=row.id,
        phone=row.phone,
        email=row.email,
        language=row.language,
        timezone=row.timezone,
        is_dnd=row.is_dnd,
        is_erased=row.is_erased,
        marketing={channel: STATES[state] for channel, state in (row.marketing or {}).items()},
        suppressed=_of(row, suppressed) if suppressed else {},
        variables=template_variables(row),
        branch_id=row.branch_id,
    )


def _of(row: Any, suppressed: Mapping[str, Mapping[str, SuppressionReason]]) -> dict[str, SuppressionReason]:
    by_channel: dict[str, SuppressionReason] = {}
    for channel, column in ADDRESS_COLUMN.items():
        reasons = suppressed.get((row.phone if column == "phone" else row.email) or "", {})
        reason = reasons.get(channel) or reasons.get(ALL_CHANNELS)
        if reason:
            by_channel[channel] = reason
    return by_channel
