"""What a customer chooses behind the link of a message: which channels may carry marketing (C5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine.core.tenants import get_tenant
from engine.customers.consent import (
    ADDRESS_COLUMN,
    MARKETING_CHANNELS,
    ConsentWish,
    change_consents,
    consents_of,
    opt_out,
)
from engine.customers.models import ConsentState, Customer, Purpose
from engine.delivery.tracking import MessageRef, find_message

SOURCE = "preference_centre"
LABELS = {"whatsapp": "WhatsApp", "sms": "SMS", "email": "E-mail"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One channel of the preference centre."""

    channel: str
    label: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the preference centre shows. `channel` is the one the link came by."""

    tenant_name: str
    channel: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a choice was made, for the proof (C3)."""

    ip: str | None
    user_agent: str | None
    page_url: str | None


def load_preferences(session: Session, ref: MessageRef) -> Preferences:
    """The choices of the customer a message went to; channels without an address are left out.

    Raises:
        NotFound: the message was deleted.
    """
    message = find_message(session, ref)
    customer = session.get_one(Customer, message.customer_id)
    granted = {
        consent.channel
        for consent in consents_of(session, customer.id)
        if consent.purpose == Purpose.MARKETING and consent.state == ConsentState.GRANTED
    }
    choices = tuple(
        Choice(channel, LABELS[channel], channel in granted)
        for channel in MARKETING_CHANNELS
        if getattr(customer, ADDRESS_COLUMN[channel])
    )
    return Preferences(get_tenant(session).name, message.channel, choices)


def unsubscribe(session: Session, ref: MessageRef, visit: Visit, *, now: datetime) -> None:
    """One click: no more marketing on the channel the message came by (RFC 8058).

    Raises:
        NotFound: the message was deleted.
    """
    message = find_message(session, ref)
    _leave(session, ref, message.channel, visit, now=now)


def choose(
    session: Session, ref: MessageRef, wanted: Mapping[str, bool], visit: Visit, *, now: datetime
) -> Preferences:
    """Store what the customer ticked; returns what is in force now.

    Raises:
        NotFound: the message was deleted.
    """
    for choice in load_preferences(session, ref).choices:
        is_wanted = wanted.get(choice.channel, False)
        if choice.is_on and not is_wanted:
            _leave(session, ref, choice.channel, visit, now=now)
        elif is_wanted and not choice.is_on:
            _join(session, ref, choice, visit, now=now)
    return load_preferences(session, ref)


def _leave(session: Session, ref: MessageRef, channel: str, visit: Visit, *, now: datetime) -> None:
    opt_out(
        session,
        ref.tenant_id,
        find_message(session, ref).customer_id,
        channel=channel,
        source=SOURCE,
        actor="customer",
        now=now,
        ip=visit.ip,
        user_agent=visit.user_agent,
    )


def _join(session: Session, ref: MessageRef, choice: Choice, visit: Visit, *, now: datetime) -> None:
    wish = ConsentWish(
        find_message(session, ref).customer_id,
        choice.channel,
        Purpose.MARKETING,
        ConsentState.GRANTED,
        SOURCE,
        ip=visit.ip,
        user_agent=visit.user_agent,
        page_url=visit.page_url,
        wording=f"News and offers by {choice.label}",
    )
    change_consents(session, ref.tenant_id, [wish], actor="customer", now=now)
