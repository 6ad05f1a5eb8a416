"""Taking Segment messages: profiles, events and orders of one call in one transaction (I2).

Whatever the number of messages, the statements are the same few; when `take` returns, all of it is committed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.core.db import tenant_session
from engine.core.errors import Unavailable
from engine.core.ids import key_of
from engine.core.models import Tenant
from engine.core.tenants import get_tenant
from engine.customers.commerce import order_id, read_order
from engine.customers.happenings import (
    READERS,
    Ground,
    Happening,
    Heard,
    Said,
    hear,
    load_ground,
    save_happenings,
)
from engine.customers.identity import add_user_ids
from engine.customers.messages import Kind, Message, Unusable, read_message, read_moment
from engine.customers.orders import ORDER_COMPLETED, NewOrder, save_orders
from engine.customers.profiles import Profile, read_profile, save_profiles
from engine.events.record import NewEvent, record

SOURCE = "segment"
TRIES = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """What was wrong with a message: `index` is its place in the call, counted from zero."""

    index: int
    field: str
    message: str

    def as_json(self) -> dict[str, Any]:
        """As the answer shows it."""
        return {"index": self.index, "field": self.field, "message": self.message}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a call.

    Attributes:
        accepted: messages taken, among them those that were known already by their `messageId`.
        rejected: messages that were not taken.
        left_out: traits of accepted messages that could not be used.
    """

    accepted: int
    rejected: list[Problem]
    left_out: list[Problem]


def take(
    tenant_id: UUID, items: Sequence[Any], *, now: datetime, sent_at: Any = None, kind: str | None = None
) -> Taken:
    """Take the messages of one call. Bad ones are rejected one by one, the rest is taken and committed.

    identify and group change profiles (never consents: C3, opt-in is recorded, not assumed), track, page and
    screen are events, alias joins two ids. A `messageId` seen before counts once.

    Args:
        items: parsed JSON, unchecked.
        sent_at: `sentAt` of the call.
        kind: for addresses that take one kind of message; else each has a `type`.

    Raises:
        Unavailable: other calls kept changing the same customers; repeating later is safe.
    """
    messages, rejected = _read_all(items, now, sent_at, kind)
    for _ in range(TRIES):
        try:
            with tenant_session(tenant_id) as session:
                left_out = _store(session, tenant_id, messages, now)
            return Taken(len(messages), rejected, left_out)
        except DBAPIError as error:
            if not isinstance(error.orig, pg.DeadlockDetected):
                raise
    raise Unavailable("These customers are being changed by somebody else. Try again in a moment.")


def _read_all(
    items: Sequence[Any], now: datetime, sent_at: Any, kind: str | None
) -> tuple[dict[int, Message], list[Problem]]:
    messages: dict[int, Message] = {}
    rejected: list[Problem] = []
    try:
        sent = read_moment(sent_at, "sentAt")
    except Unusable:
        sent = None  # the clock of the sender cannot be corrected; its messages are good all the same
    for index, item in enumerate(items):
        try:
            messages[index] = read_message(item, now=now, sent_at=sent, kind=kind)
        except Unusable as unusable:
            rejected.append(Problem(index, unusable.field, unusable.message))
    return messages, rejected


def _store(session: Session, tenant_id: UUID, messages: dict[int, Message], now: datetime) -> list[Problem]:
    add_user_ids(
        session,
        tenant_id,
        [(each.other_id or "", each.user_id or "") for each in messages.values() if each.kind == Kind.ALIAS],
    )
    people: dict[Any, Profile] = {}
    left_out: list[Problem] = []
    tenant: Tenant | None = None
    for index, message in messages.items():
        if message.kind in PROFILES:
            tenant = tenant or get_tenant(session)
            people[index], problems = _profile(message, tenant.country)
            left_out += [Problem(index, f"traits.{each.field}", each.message) for each in problems]
        else:
            person = message.user_id, message.anonymous_id
            if person not in people:
                people[person] = Profile(user_id=message.user_id, anonymous_id=message.anonymous_id)
    saved = save_profiles(session, tenant_id, list(people.values()), source=SOURCE, now=now)
    customers = {who: each.customer_id for who, each in zip(people, saved, strict=True)}
    happened = {
        index: (customers[message.user_id, message.anonymous_id], message)
        for index, message in messages.items()
        if message.name
    }
    return left_out + store_events(session, tenant_id, happened, now=now)


def store_events(
    session: Session, tenant_id: UUID, happened: Mapping[int, tuple[UUID, Message]], *, now: datetime
) -> list[Problem]:
    """Record events by their place in the call, each with whose it is, and save the orders and bookings they tell of.

    Returns what could not be used.
    """
    left_out: list[Problem] = []
    events: list[NewEvent] = []
    orders: list[NewOrder] = []
    happenings: list[Happening] = []
    tenant: Tenant | None = None
    ground: Ground | None = None
    for index, (customer_id, message) in happened.items():
        if message.name in READERS:
            ground = ground or load_ground(session)
            heard = _hear(message, customer_id, ground)
            happenings += [heard.happening] if heard.happening else []
            left_out += [Problem(index, f"properties.{each.field}", each.message) for each in heard.problems]
            events.append(_event(message, customer_id, heard.key))
            continue
        number = order_id(message.said) if message.name == ORDER_COMPLETED else None
        if number is not None:
            tenant = tenant or get_tenant(session)
            try:
                orders.append(_order(message, number, customer_id, tenant.currency))
            except ValueError as error:
                left_out.append(Problem(index, "properties", str(error)))
        key = message.key if number is None else key_of("order", number)
        events.append(_event(message, customer_id, key))
    record(session, tenant_id, events, now=now)
    if orders:
        save_orders(session, tenant_id, orders, now=now)
    if happenings:
        save_happenings(session, tenant_id, happenings, now=now)
    return left_out


def _hear(message: Message, customer_id: UUID, ground: Ground) -> Heard:
    said = Said(message.name, message.said, customer_id, message.occurred_at, message.key, SOURCE)
    return hear(said, ground)


def _event(message: Message, customer_id: UUID, key: UUID) -> NewEvent:
    """An event as it was sent. That of an order or booking bears the key by which `save_orders` or
    `save_appointments` knows it, so that it is one event, however it comes to us."""
    kind = EVENT_KINDS[message.kind]
    return NewEvent(
        customer_id, message.name, kind, SOURCE, message.said, message.context, message.occurred_at, key
    )


def _order(message: Message, number: str, customer_id: UUID, currency: str) -> NewOrder:
    return read_order(
        message.said,
        number=number,
        customer_id=customer_id,
        at=message.occurred_at,
        currency=currency,
        source=SOURCE,
    )


EVENT_KINDS = {Kind.TRACK.value: "track", Kind.PAGE.value: "page", Kind.SCREEN.value: "screen"}
PROFILES = frozenset((Kind.IDENTIFY.value, Kind.GROUP.value, Kind.ALIAS.value))


def _profile(message: Message, country: str) -> tuple[Profile, list[Any]]:
    if message.kind == Kind.ALIAS:
        return Profile(user_id=message.user_id, anonymous_id=message.other_id), []
    if message.kind == Kind.GROUP:
        group = {"group_id": message.other_id, **({"group": message.said} if message.said else {})}
        return Profile(user_id=message.user_id, anonymous_id=message.anonymous_id, attributes=group), []
    return read_profile(
        message.said, country=country, user_id=message.user_id, anonymous_id=message.anonymous_id
    )
