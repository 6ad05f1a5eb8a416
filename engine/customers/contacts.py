"""What delivery needs to know of a customer: addresses, consents in force, suppressions, words for templates."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.core.crypto import address_hash
from engine.customers.consent import ADDRESS_COLUMN
from engine.customers.models import Consent, ConsentState, Customer, Purpose, Suppression, SuppressionReason

ALL_CHANNELS = "all"


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

    def address(self, channel: str) -> str | None:
        """Where this channel reaches the customer; None when nowhere."""
        column = ADDRESS_COLUMN.get(channel)
        return (self.phone if column == "phone" else self.email if column == "email" else None) or None


def load_contacts(session: Session, customer_ids: Sequence[UUID]) -> dict[UUID, Contact]:
    """The contacts of these customers, in three queries whatever their number."""
    customers = session.scalars(select(Customer).where(Customer.id.in_(customer_ids))).all()
    consents: dict[UUID, dict[str, ConsentState]] = defaultdict(dict)
    for row in session.execute(
        select(Consent.customer_id, Consent.channel, Consent.state).where(
            Consent.customer_id.in_(customer_ids), Consent.purpose == Purpose.MARKETING
        )
    ):
        consents[row.customer_id][row.channel] = ConsentState(row.state)
    suppressed = load_suppressions(session, [a for c in customers for a in (c.phone, c.email) if a])
    return {
        customer.id: _contact(customer, consents[customer.id], _of(customer, suppressed))
        for customer in customers
    }


def load_suppressions(session: Session, addresses: Sequence[str]) -> dict[str, dict[str, SuppressionReason]]:
    """Reasons by address and channel, of those addresses that are suppressed at all."""
    hashes = {address_hash(address): address for address in addresses}
    if not hashes:
        return {}
    found: dict[str, dict[str, SuppressionReason]] = defaultdict(dict)
    for row in session.execute(
        select(Suppression.channel, Suppression.address_hash, Suppression.reason).where(
            Suppression.address_hash.in_(hashes)
        )
    ):
        found[hashes[row.address_hash]][row.channel] = SuppressionReason(row.reason)
    return found


LOCK_CONSENTS = text("""
    SELECT customer_id, channel, state FROM consents
    WHERE tenant_id = :tenant AND customer_id = ANY(:customers) AND purpose = 'marketing'
    ORDER BY customer_id, channel FOR SHARE
""")


def lock_consents(
    session: Session, tenant_id: UUID, customer_ids: Sequence[UUID]
) -> dict[UUID, dict[str, ConsentState]]:
    """The marketing consents of these customers, held against change until the transaction ends (C4)."""
    found: dict[UUID, dict[str, ConsentState]] = defaultdict(dict)
    for row in session.execute(LOCK_CONSENTS, {"tenant": tenant_id, "customers": sorted(set(customer_ids))}):
        found[row.customer_id][row.channel] = ConsentState(row.state)
    return found


def _contact(
    customer: Customer,
    marketing: Mapping[str, ConsentState],
    suppressed: Mapping[str, SuppressionReason],
) -> Contact:
    return Contact(
        customer_id=customer.id,
        phone=customer.phone,
        email=customer.email,
        language=customer.language,
        timezone=customer.timezone,
        is_dnd=customer.is_dnd,
        is_erased=customer.erased_at is not None,
        marketing=marketing,
        suppressed=suppressed,
        variables=template_variables(customer),
    )


def template_variables(customer: Customer) -> dict[str, Any]:
    """What a template may say of a customer; `customer` also holds the tenant's own attributes."""
    known = {
        "first_name": customer.first_name or customer.name.partition(" ")[0],
        "last_name": customer.last_name,
        "name": customer.name,
        "phone": customer.phone or "",
        "email": customer.email or "",
        "city": customer.city or "",
        "language": customer.language or "",
    }
    return known | {"customer": {**customer.attributes, **known}}


def _of(
    customer: Customer, suppressed: Mapping[str, Mapping[str, SuppressionReason]]
) -> dict[str, SuppressionReason]:
    by_channel: dict[str, SuppressionReason] = {}
    for channel, column in ADDRESS_COLUMN.items():
        address = customer.phone if column == "phone" else customer.email
        reasons = suppressed.get(address or "", {})
        reason = reasons.get(channel) or reasons.get(ALL_CHANNELS)
        if reason:
            by_channel[channel] = reason
    return by_channel
