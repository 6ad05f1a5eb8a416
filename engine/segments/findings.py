"""What a rule found: whom it fits, and the values it was decided by, to tell later why (J14)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, select
from sqlalchemy.orm import Session

from engine.core.models import Tenant
from engine.customers.models import Customer
from engine.segments.compiler import condition_of
from engine.segments.field import Field
from engine.segments.fields import ENTRY, find_field
from engine.segments.kinds.kind import Scope, Telling
from engine.segments.rules import Condition, RuleGroup

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """Whom rules fit, and for each customer the values of the conditions that have one to show, in their order."""

    fits: frozenset[UUID]
    values: Mapping[UUID, Values]


def judge_among(
    session: Session,
    rules: RuleGroup,
    customer_ids: Sequence[UUID],
    *,
    scope: Scope,
    entries: Mapping[UUID, Mapping[str, Any]],
) -> Judged:
    """As `compiler.matching_among`, with what was found; one query for the whole batch."""
    ids = list(customer_ids)
    with_entry = any(one.field.startswith("event.") for one in rules.conditions())
    fits = condition_of(session, rules, scope=scope, among=ids, entry=with_entry)
    columns = [field.column(scope).label(f"value_{place}") for place, (_, field) in enumerate(_shown(rules))]
    query = select(Customer.id, fits.label("fits"), *columns).where(
        Customer.id == any_(literal(ids, ARRAY(Uuid)))
    )
    parameters: dict[str, Any] = {}
    if with_entry:
        query = query.join(ENTRY, ENTRY.c.customer_id == Customer.id)
        parameters = {
            "entry_customers": ids,
            "entry_properties": [dict(entries.get(one, {})) for one in ids],
        }
    rows = session.execute(query, parameters).all()
    return Judged(frozenset(row.id for row in rows if row.fits), {row.id: tuple(row[2:]) for row in rows})


def telling_of(tenant: Tenant) -> Telling:
    """How rules are told to this tenant: its currency, its way of writing numbers."""
    return Telling(currency=tenant.currency, locale=f"{tenant.locale[:2]}_{tenant.country}")


def tell_findings(rules: RuleGroup, values: Sequence[Any], *, at: datetime, telling: Telling) -> str:
    """`total spend > ₹1,00,000 (₹1,20,000), city is Mumbai (Pune)`; empty when there is nothing to show."""
    told = []
    for (condition, field), value in zip(_shown(rules), values, strict=False):
        asked = field.tell(condition.operator, condition.value, telling)
        told.append(f"{asked} ({field.kind.found(value, at, telling)})")
    return ", ".join(told)


def _shown(rules: RuleGroup) -> list[tuple[Condition, Field]]:
    """The conditions on fields with a value of their own; behaviours and consents have none."""
    found = ((one, find_field(one.field)) for one in rules.conditions())
    return [(one, field) for one, field in found if isinstance(field, Field) and field.kind.shows_value]
