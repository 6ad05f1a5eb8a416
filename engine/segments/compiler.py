"""Rules turned into SQL: parametrised expressions over `Customer`, never text made of what a user typed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, any_, func, literal, or_, select, text, true
from sqlalchemy.orm import Session

from engine.core.errors import InvalidRules
from engine.core.models import Tenant
from engine.customers.models import Customer
from engine.segments.fields import ENTRY, find_field
from engine.segments.kinds.kind import Scope
from engine.segments.references import expand
from engine.segments.rules import Combinator, Condition, RuleGroup

MEMORY = text("SELECT set_config('work_mem', '64MB', true)")
"""Sets of a million customers are hashed rather than searched again for each customer."""


def matching(
    rules: RuleGroup,
    *,
    now: datetime,
    timezone: str,
    as_of: bool = False,
    entry: bool = False,
    currency: str = "INR",
    among: Sequence[UUID] | None = None,
) -> ColumnElement[bool]:
    """The condition over `Customer` that these rules are.

    Args:
        now: days are counted back from here, in elapsed days of 24 hours; dates and months are the tenant's calendar.
        timezone: the tenant's.
        as_of: recount orders, visits, consents and events at or before `now` instead of reading running totals.
        entry: the query joins `fields.ENTRY`, so `event.<property>` may be asked.
        currency: the tenant's; rules carry amounts in its major units.
        among: look up other tables for these customers only.

    Raises:
        InvalidRules: `event.<property>` without `entry`.
    """
    if not entry and any(one.field.startswith("event.") for one in rules.conditions()):
        raise InvalidRules("“event.…” can be asked inside a journey that an event started, not in a segment.")
    scope = Scope(now=now, timezone=ZoneInfo(timezone), currency=currency, as_of=as_of, among=among)
    return and_(Customer.merged_into.is_(None), Customer.erased_at.is_(None), _compile(rules, scope))


def count(
    session: Session,
    rules: RuleGroup,
    *,
    now: datetime,
    timezone: str,
    as_of: bool = False,
    currency: str | None = None,
) -> int:
    """How many customers the rules describe; always as many as `members` returns for the same arguments."""
    condition = _live(session, rules, now=now, timezone=timezone, as_of=as_of, currency=currency)
    return session.scalar(select(func.count()).select_from(Customer).where(condition)) or 0


def members(
    session: Session,
    rules: RuleGroup,
    *,
    now: datetime,
    timezone: str,
    as_of: bool = False,
    currency: str | None = None,
) -> list[UUID]:
    """Who the rules describe, in the order in which the customers became known."""
    condition = _live(session, rules, now=now, timezone=timezone, as_of=as_of, currency=currency)
    return list(session.scalars(select(Customer.id).where(condition).order_by(Customer.id)))


def matching_among(
    session: Session,
    rules: RuleGroup,
    customer_ids: Sequence[UUID],
    *,
    now: datetime,
    timezone: str,
    as_of: bool = False,
    currency: str | None = None,
    entries: Mapping[UUID, Mapping[str, Any]] | None = None,
) -> set[UUID]:
    """Which of these customers the rules describe; one query for the whole batch.

    Args:
        entries: by customer, the properties of the event that started the journey, for `event.<property>`;
            customers who are not in it have an empty one.
    """
    if not customer_ids:
        return set()
    ids = list(customer_ids)
    with_entry = entries is not None and any(one.field.startswith("event.") for one in rules.conditions())
    condition = _live(
        session,
        rules,
        now=now,
        timezone=timezone,
        as_of=as_of,
        currency=currency,
        among=ids,
        entry=with_entry,
    )
    query = select(Customer.id).where(Customer.id == any_(literal(ids, ARRAY(Uuid))), condition)
    if not with_entry:
        return set(session.scalars(query))
    known = entries or {}
    parameters = {
        "entry_customers": ids,
        "entry_properties": [dict(known.get(one, {})) for one in ids],
    }
    return set(session.scalars(query.join(ENTRY, ENTRY.c.customer_id == Customer.id), parameters))


def condition_of(
    session: Session, rules: RuleGroup, *, scope: Scope, among: Sequence[UUID], entry: bool
) -> ColumnElement[bool]:
    """The condition over `Customer`, other segments' rules put in place, for a batch of customers."""
    return matching(
        expand(session, rules),
        now=scope.now,
        timezone=scope.timezone.key,
        as_of=scope.as_of,
        currency=scope.currency,
        among=among,
        entry=entry,
    )


def _live(
    session: Session,
    rules: RuleGroup,
    *,
    currency: str | None,
    among: Sequence[UUID] | None = None,
    **given: Any,
) -> ColumnElement[bool]:
    """The condition with other segments' rules put in place, and room for its sets in memory."""
    if among is None:
        session.execute(MEMORY)
    return matching(expand(session, rules), currency=currency or _currency(session), among=among, **given)


def _currency(session: Session) -> str:
    return session.scalar(select(Tenant.currency)) or "INR"


def _compile(rule: RuleGroup | Condition, scope: Scope) -> ColumnElement[bool]:
    if isinstance(rule, RuleGroup):
        join = and_ if rule.combinator is Combinator.AND else or_
        together = join(*(_compile(one, scope) for one in rule.rules)) if rule.rules else true()
        return together.is_not(True) if rule.negated else together
    asked = find_field(rule.field)
    if asked is None:
        raise InvalidRules(f"Field “{rule.field}” does not exist any more. Remove the condition.")
    return asked.compile(rule.operator, rule.value, scope)
