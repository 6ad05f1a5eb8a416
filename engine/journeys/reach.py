"""Whom a journey would reach, asked as one set: who enters by which trigger, and how they can be written to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, literal, select, union_all
from sqlalchemy.orm import Session

from engine.customers.consent import ADDRESS_COLUMN
from engine.customers.contacts import ALL_CHANNELS
from engine.customers.models import Consent, ConsentState, Customer, Purpose, Suppression
from engine.journeys.entering import Basis, ask_entering
from engine.journeys.plan import Plan
from engine.segments.compiler import MEMORY

EVERYBODY = -1
"""Stands for all triggers together in the rows of `ask_reach`; each customer counts there once."""


@dataclass(frozen=True, slots=True)
class Group:
    """Customers who enter by the same trigger (its place in the plan) and can be reached in the same ways.

    `marketing` and `transactional` are the channels on which they can be written to; `entries` counts who enters
    more than once as often as they do.
    """

    trigger: int
    basis: Basis
    marketing: frozenset[str]
    transactional: frozenset[str]
    customers: int
    entries: int


def ask_reach(session: Session, tenant_id: UUID, plan: Plan, *, now: datetime) -> list[Group]:
    """Who would enter this plan, counted by trigger and by the channels that reach them; one query for all of it."""
    asked = [
        query
        for place, trigger in enumerate(plan.triggers)
        for query in ask_entering(session, tenant_id, plan, place, trigger, now)
    ]
    if not asked:
        return []
    session.execute(MEMORY)
    entering = union_all(*asked).cte("entering")
    everybody = select(
        literal(EVERYBODY), literal(Basis.LAST_DAYS.value), entering.c.customer_id, func.sum(entering.c.times)
    ).group_by(entering.c.customer_id)
    each = union_all(select(entering), everybody).subquery("each")
    flags = _flags()
    query = (
        select(each.c.trigger, each.c.basis, *flags, func.count(), func.sum(each.c.times))
        .join(Customer, Customer.id == each.c.customer_id)
        .group_by(each.c.trigger, each.c.basis, *(flag.name for flag in flags))
    )
    return [_group(row, [flag.name for flag in flags]) for row in session.execute(query)]


def _group(row: Any, flags: Sequence[str]) -> Group:
    trigger, basis, *reached, customers, entries = row
    told = {flag for flag, is_so in zip(flags, reached, strict=True) if is_so}
    ways = {
        purpose: frozenset(channel for channel in ADDRESS_COLUMN if f"{purpose}_{channel}" in told)
        for purpose in (Purpose.MARKETING, Purpose.TRANSACTIONAL)
    }
    return Group(
        trigger,
        Basis(basis),
        ways[Purpose.MARKETING],
        ways[Purpose.TRANSACTIONAL],
        customers,
        int(entries),
    )


def _flags() -> list[Any]:
    """For each channel whether marketing and whether anything can reach the customer, by what is on record."""
    flags = []
    for channel, address in ADDRESS_COLUMN.items():
        has_address = func.coalesce(getattr(Customer, address), "") != ""
        agreed = exists().where(
            Consent.customer_id == Customer.id,
            Consent.channel == channel,
            Consent.purpose == Purpose.MARKETING,
            Consent.state == ConsentState.GRANTED,
        )
        barred = exists().where(
            Suppression.customer_id == Customer.id, Suppression.channel.in_((channel, ALL_CHANNELS))
        )
        wanted = and_(has_address, agreed, ~barred, *([~Customer.is_dnd] if channel == "sms" else []))
        flags.append(wanted.label(f"{Purpose.MARKETING}_{channel}"))
        flags.append(has_address.label(f"{Purpose.TRANSACTIONAL}_{channel}"))
    return flags
