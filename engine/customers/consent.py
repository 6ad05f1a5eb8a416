"""Consent as a history (C3, providers 8.1) and suppression of addresses (C4).

Every door that learns of a consent writes it here: forms, imports, providers' webhooks, staff, one-click links.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.core.bulk import as_json, insert_many, transpose, unnest
from engine.core.crypto import address_hash
from engine.core.ids import key_of, new_id
from engine.customers.models import Consent, ConsentState, Customer, Purpose, SuppressionReason
from engine.events.record import NewEvent, record

MARKETING_CHANNELS = ("whatsapp", "sms", "email")
ADDRESS_COLUMN = {"whatsapp": "phone", "sms": "phone", "email": "email"}
"""Which of a customer's addresses a channel uses."""

SECOND_HAND = ("import", "api")
"""Sources that repeat what the customer once said; they never overturn a withdrawal."""

WITHDRAWN_EVENT = "consent.withdrawn"


@dataclass(frozen=True, slots=True)
class ConsentWish:
    """What a customer agreed to or refused, with the proof of it."""

    customer_id: UUID
    channel: str
    purpose: Purpose
    state: ConsentState
    source: str
    reason: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    page_url: str | None = None
    wording: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> tuple[UUID, str, str]:
        """Whose consent this is, and to what."""
        return self.customer_id, self.channel, self.purpose.value


_WISH = {"customer_id": "uuid", "channel": "text", "purpose": "text", "state": "text", "source": "text"}

CHANGE = text(f"""
    INSERT INTO consents (tenant_id, customer_id, channel, purpose, state, version, source, changed_at)
    SELECT :tenant, customer_id, channel, purpose, state, 1, source, :now FROM {unnest(_WISH)}
    ON CONFLICT (tenant_id, customer_id, channel, purpose) DO UPDATE
        SET state = excluded.state, version = consents.version + 1, source = excluded.source,
            changed_at = excluded.changed_at
        WHERE consents.state <> excluded.state
            AND NOT (consents.state = 'withdrawn' AND excluded.source = ANY(:second_hand))
    RETURNING customer_id, channel, purpose, version
""")

_HISTORY = {
    "id": "uuid",
    "tenant_id": "uuid",
    "customer_id": "uuid",
    "channel": "text",
    "purpose": "text",
    "state": "text",
    "version": "smallint",
    "source": "text",
    "reason": "text",
    "ip": "inet",
    "user_agent": "text",
    "page_url": "text",
    "wording": "text",
    "evidence": "jsonb",
    "actor": "text",
    "at": "timestamptz",
}

LIFT = text(f"""
    DELETE FROM suppressions USING {unnest({"suppressed_channel": "text", "hash": "text"})}
    WHERE suppressions.tenant_id = :tenant AND suppressions.channel = rows.suppressed_channel
        AND suppressions.address_hash = rows.hash AND suppressions.reason = 'opted_out'
""")

_SUPPRESSION = {
    "tenant_id": "uuid",
    "channel": "text",
    "address_hash": "text",
    "reason": "text",
    "source": "text",
    "customer_id": "uuid",
    "at": "timestamptz",
}


def change_consents(
    session: Session, tenant_id: UUID, wishes: Sequence[ConsentWish], *, actor: str, now: datetime
) -> int:
    """Write a new version of each consent that really changes; of several wishes for one the last counts.

    A fresh grant to marketing lifts an earlier opt-out of the same address; complaints and bounces stay.

    Returns:
        How many versions were written.
    """
    return len(_change(session, tenant_id, wishes, actor=actor, now=now))


def _change(
    session: Session, tenant_id: UUID, wishes: Sequence[ConsentWish], *, actor: str, now: datetime
) -> list[ConsentWish]:
    """As `change_consents`; returns the wishes that changed something."""
    latest = dict(sorted({wish.subject: wish for wish in wishes}.items()))
    if not latest:
        return []
    rows = [(*subject, wish.state.value, wish.source) for subject, wish in latest.items()]
    changed = session.execute(
        CHANGE,
        {"tenant": tenant_id, "now": now, "second_hand": list(SECOND_HAND), **transpose(_WISH, rows)},
    ).all()
    versions = {(row.customer_id, row.channel, row.purpose): row.version for row in changed}
    history = [
        _history_row(tenant_id, latest[subject], version, actor, now) for subject, version in versions.items()
    ]
    insert_many(session, "consent_history", _HISTORY, history)
    written = [latest[subject] for subject in versions]
    _lift_opt_outs(session, tenant_id, written)
    return written


def opt_out(
    session: Session,
    tenant_id: UUID,
    customer_id: UUID,
    *,
    channel: str | None,
    source: str,
    actor: str,
    now: datetime,
    reason: str | None = None,
    ip: str | None = None,
    user_agent: str | None = None,
) -> None:
    """Withdraw marketing consent on a channel, or on all when `channel` is None, and suppress the addresses (C4).

    When this commits, nothing more leaves: hand-over share-locks the consent rows that this updates.
    """
    channels = [channel] if channel else list(MARKETING_CHANNELS)
    wishes = [
        ConsentWish(
            customer_id,
            each,
            Purpose.MARKETING,
            ConsentState.WITHDRAWN,
            source,
            reason=reason,
            ip=ip,
            user_agent=user_agent,
        )
        for each in channels
    ]
    _withdraw(session, tenant_id, wishes, source=source, actor=actor, now=now)


def opt_out_many(
    session: Session,
    tenant_id: UUID,
    reasons: Mapping[tuple[UUID, str], str | None],
    *,
    source: str,
    actor: str,
    now: datetime,
) -> None:
    """As `opt_out`, for many `(customer, channel)` at once, each with its reason or None."""
    wishes = [
        ConsentWish(customer_id, channel, Purpose.MARKETING, ConsentState.WITHDRAWN, source, reason=reason)
        for (customer_id, channel), reason in reasons.items()
    ]
    _withdraw(session, tenant_id, wishes, source=source, actor=actor, now=now)


def _withdraw(
    session: Session,
    tenant_id: UUID,
    wishes: Sequence[ConsentWish],
    *,
    source: str,
    actor: str,
    now: datetime,
) -> None:
    """Withdraw; for each customer for whom that changes anything, suppress the addresses and record one event."""
    changed = {wish.customer_id for wish in _change(session, tenant_id, wishes, actor=actor, now=now)}
    if not changed:
        return
    channels: dict[UUID, list[str]] = defaultdict(list)
    for wish in wishes:
        if wish.customer_id in changed:
            channels[wish.customer_id].append(wish.channel)
    places = [(customer_id, channel) for customer_id, some in channels.items() for channel in some]
    owners = {
        (channel, address): customer_id
        for (customer_id, channel), address in _addresses(session, places).items()
    }
    suppress(session, tenant_id, owners, reason=SuppressionReason.OPTED_OUT, source=source, now=now)
    events = [
        NewEvent(
            customer_id=customer_id,
            name=WITHDRAWN_EVENT,
            kind="track",
            source=source,
            properties={"channels": some},
            context={},
            occurred_at=now,
            key=key_of(WITHDRAWN_EVENT, customer_id, now.isoformat(), *some),
        )
        for customer_id, some in channels.items()
    ]
    record(session, tenant_id, events, now=now)


def suppress(
    session: Session,
    tenant_id: UUID,
    addresses: Mapping[tuple[str, str], UUID | None],
    *,
    reason: SuppressionReason,
    source: str,
    now: datetime,
) -> None:
    """Send nothing more to these `(channel, address)`, whoever they belong to; the first reason is kept.

    Args:
        addresses: with the customer of whom we learnt it, or None.
    """
    rows = [
        (tenant_id, channel, address_hash(address), reason.value, source, customer_id, now)
        for (channel, address), customer_id in sorted(addresses.items(), key=lambda item: item[0])
    ]
    insert_many(session, "suppressions", _SUPPRESSION, rows, then="ON CONFLICT DO NOTHING")


def consents_of(session: Session, customer_id: UUID) -> list[Consent]:
    """The consents in force of a customer, by channel and purpose."""
    return list(
        session.scalars(
            select(Consent)
            .where(Consent.customer_id == customer_id)
            .order_by(Consent.channel, Consent.purpose)
        )
    )


def _history_row(
    tenant_id: UUID, wish: ConsentWish, version: int, actor: str, now: datetime
) -> tuple[Any, ...]:
    return (
        new_id(),
        tenant_id,
        wish.customer_id,
        wish.channel,
        wish.purpose.value,
        wish.state.value,
        version,
        wish.source,
        wish.reason,
        wish.ip,
        wish.user_agent,
        wish.page_url,
        wish.wording,
        as_json(wish.evidence),
        actor,
        now,
    )


def _lift_opt_outs(session: Session, tenant_id: UUID, changed: Sequence[ConsentWish]) -> None:
    granted = [
        (wish.customer_id, wish.channel)
        for wish in changed
        if wish.state is ConsentState.GRANTED and wish.purpose is Purpose.MARKETING
    ]
    addresses = _addresses(session, granted)
    rows = [(channel, address_hash(address)) for (_, channel), address in addresses.items()]
    if rows:
        columns = {"suppressed_channel": "text", "hash": "text"}
        session.execute(LIFT, {"tenant": tenant_id, **transpose(columns, rows)})


def _addresses(session: Session, wanted: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], str]:
    customers = {customer_id for customer_id, _ in wanted}
    if not customers:
        return {}
    found = session.execute(
        select(Customer.id, Customer.phone, Customer.email).where(Customer.id.in_(customers))
    )
    by_customer = {row.id: {"phone": row.phone, "email": row.email} for row in found}
    addresses = {
        (customer_id, channel): by_customer.get(customer_id, {}).get(ADDRESS_COLUMN.get(channel, ""))
        for customer_id, channel in wanted
    }
    return {place: address for place, address in addresses.items() if address}
