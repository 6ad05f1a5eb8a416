"""The directory of customers: tags, the list with its search, one customer's page and what happened to them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Select, func, or_, select, text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.errors import InvalidInput, NotFound
from engine.customers.consent import consents_of
from engine.customers.models import Consent, Customer, CustomerIdentity
from engine.customers.profiles import LONGEST_TAG

LARGEST_PAGE = 500

TAG = text("""
    UPDATE customers SET tags = wanted.tags, updated_at = :now
    FROM (
        SELECT customer.id, ARRAY(
            SELECT tag FROM (
                SELECT tag, min(place) AS place
                FROM unnest(customer.tags || CAST(:add AS text[])) WITH ORDINALITY AS every(tag, place)
                WHERE tag <> ALL(CAST(:remove AS text[]))
                GROUP BY tag
            ) AS kept ORDER BY place
        ) AS tags
        FROM customers customer
        WHERE customer.tenant_id = :tenant AND customer.id = ANY(:ids)
        ORDER BY customer.id FOR UPDATE
    ) AS wanted
    WHERE customers.id = wanted.id AND customers.tags IS DISTINCT FROM wanted.tags
""")


def tag(
    session: Session,
    tenant_id: UUID,
    customer_ids: Sequence[UUID],
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    now: datetime,
) -> int:
    """Put tags on customers and take others off, in one statement; a tag in both lists is taken off (C1).

    Returns:
        How many customers were changed; who has it all already stays untouched.

    Raises:
        InvalidInput: a tag is empty or longer than 64 characters.
    """
    added, removed = _clean(add), _clean(remove)
    if not customer_ids or not (added or removed):
        return 0
    values = {"tenant": tenant_id, "ids": list(customer_ids), "add": added, "remove": removed, "now": now}
    result = session.execute(TAG, values)
    assert isinstance(result, CursorResult)
    return result.rowcount


SET_ATTRIBUTE = text("""
    UPDATE customers SET updated_at = :now,
        attributes = CASE WHEN CAST(:value AS text) IS NULL THEN attributes - CAST(:name AS text)
            ELSE attributes || jsonb_build_object(CAST(:name AS text), CAST(:value AS text)) END
    FROM (
        SELECT id FROM customers WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[]))
        ORDER BY id FOR UPDATE
    ) AS wanted
    WHERE customers.id = wanted.id AND attributes ->> :name IS DISTINCT FROM CAST(:value AS text)
""")


def set_attribute(
    session: Session,
    tenant_id: UUID,
    customer_ids: Sequence[UUID],
    name: str,
    value: str | None,
    *,
    now: datetime,
) -> int:
    """Set one of the tenant's own attributes, in one statement; None clears it (C1).

    Returns:
        How many customers were changed.
    """
    values = {
        "tenant": tenant_id,
        "ids": array_literal(customer_ids),
        "name": name,
        "value": value,
        "now": now,
    }
    result = session.execute(SET_ATTRIBUTE, values)
    assert isinstance(result, CursorResult)
    return result.rowcount


def _clean(tags: Sequence[str]) -> list[str]:
    """The tags without outer blanks, each once, in their order."""
    cleaned = list(dict.fromkeys(tag.replace("\0", "").strip() for tag in tags))
    for each in cleaned:
        if not 1 <= len(each) <= LONGEST_TAG:
            raise InvalidInput(
                f"tags: '{each[:20]}' must have 1 to {LONGEST_TAG} characters.", details={"field": "tags"}
            )
    return cleaned


# -- the list


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One line of the list; money in minor units of the tenant's currency."""

    id: UUID
    name: str
    phone: str | None
    email: str | None
    city: str | None
    tags: Sequence[str]
    order_count: int
    total_spend_minor: int
    last_order_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One page of the list, and how many customers fit the search in all."""

    rows: Sequence[CustomerRow]
    total: int


SORTS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "newest": (Customer.created_at.desc(), Customer.id.desc()),
    "oldest": (Customer.created_at.asc(), Customer.id.asc()),
    "name": (func.lower(Customer.name).asc(), Customer.id.asc()),
    "spend": (Customer.total_spend_minor.desc(), Customer.id.desc()),
    "orders": (Customer.order_count.desc(), Customer.id.desc()),
    "last_order": (Customer.last_order_at.desc().nulls_last(), Customer.id.desc()),
}
"""Orders of the list, each ending in the id so that pages neither repeat nor skip a customer."""

PRESENT = Customer.merged_into.is_(None) & Customer.erased_at.is_(None)
PHONE_LIKE = re.compile(r"[+\d\s().-]*\d[+\d\s().-]*")


def list_customers(
    session: Session,
    *,
    search: str = "",
    tagged: str = "",
    offset: int = 0,
    limit: int = 50,
    sort: str = "newest",
) -> CustomerPage:
    """One page of the customers whose name, phone, e-mail address or own id contains `search` (C1).

    Several words must all be found; a phone number may be written with blanks and without its country code.

    Args:
        tagged: only customers with this tag.
        limit: at most 500.
        sort: one of `SORTS`.

    Raises:
        InvalidInput: the sort is unknown.
    """
    if sort not in SORTS:
        raise InvalidInput(f"sort: must be one of {', '.join(SORTS)}.", details={"field": "sort"})
    wanted = [PRESENT, *matching(search)]
    if tagged:
        wanted.append(Customer.tags.bool_op("@>")([tagged.replace("\0", "")]))
    total = session.scalar(select(func.count()).select_from(Customer).where(*wanted)) or 0
    columns = (getattr(Customer, name) for name in CustomerRow.__dataclass_fields__)
    page: Select[Any] = (
        select(*columns)
        .where(*wanted)
        .order_by(*SORTS[sort])
        .offset(max(offset, 0))
        .limit(min(max(limit, 1), LARGEST_PAGE))
    )
    return CustomerPage([CustomerRow(*row) for row in session.execute(page)], total)


def matching(search: str) -> list[ColumnElement[bool]]:
    """What a customer must fulfil to be found by these words or this part of a phone number; nothing for no words."""
    words = search.replace("\0", "").strip()
    if not words:
        return []
    if PHONE_LIKE.fullmatch(words):
        digits = re.sub(r"\D", "", words).lstrip("0") or words
        own_id = Customer.external_id.icontains(words, autoescape=True)
        return [or_(Customer.phone.contains(digits), own_id)]
    places = (Customer.name, Customer.email, Customer.external_id, Customer.first_name, Customer.last_name)
    return [or_(*(place.icontains(word, autoescape=True) for place in places)) for word in words.split()]


# -- one customer


@dataclass(frozen=True, slots=True)
class CustomerPicture:
    """All that is known of one customer now."""

    customer: Customer
    identities: Sequence[tuple[str, str]]
    consents: Sequence[Consent]


def everybody(session: Session) -> list[UUID]:
    """The ids of all customers, in the order of the ids the tenant itself gave them."""
    return list(session.scalars(select(Customer.id).order_by(Customer.external_id)))


def load_profile(session: Session, customer_id: UUID) -> CustomerPicture:
    """A customer with the ids they are known by and the consents in force; the customer who took over, if merged.

    Raises:
        NotFound: there is no such customer.
    """
    customer = session.get(Customer, customer_id)
    if customer is not None and customer.merged_into is not None:
        customer = session.get(Customer, customer.merged_into)
    if customer is None:
        raise NotFound("There is no such customer. They may have been erased.")
    identities = session.execute(
        select(CustomerIdentity.kind, CustomerIdentity.value)
        .where(CustomerIdentity.customer_id == customer.id)
        .order_by(CustomerIdentity.kind, CustomerIdentity.value)
    )
    return CustomerPicture(
        customer, [(kind, value) for kind, value in identities], consents_of(session, customer.id)
    )


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that happened: `kind` is event, order, appointment or consent."""

    at: datetime
    kind: str
    title: str
    detail: Mapping[str, Any]


TIMELINE = text("""
    SELECT at, kind, title, CASE WHEN kind = 'order' THEN detail || (
        SELECT jsonb_build_object('lines', count(*),
            'first_line', (array_agg(coalesce(nullif(name, ''), product_id) ORDER BY line))[1])
        FROM order_lines WHERE order_id = page.id
    ) ELSE detail END AS detail
    FROM (SELECT * FROM (
        (SELECT occurred_at AS at, 'event' AS kind, name AS title,
            jsonb_build_object('properties', properties, 'source', source) AS detail, id
        FROM events
        WHERE tenant_id = :tenant AND customer_id = :customer AND occurred_at < :before
            AND NOT (name = 'Order Completed' AND EXISTS (SELECT FROM orders
                WHERE orders.tenant_id = :tenant AND orders.external_id = properties ->> 'order_id'))
            AND NOT (name IN ('Appointment Completed', 'Class Attended', 'Appointment Missed') AND EXISTS (
                SELECT FROM appointments visit WHERE visit.tenant_id = :tenant AND visit.customer_id = :customer
                    AND visit.status IN ('completed', 'missed')
                    AND (visit.external_id = properties ->> 'appointment_id' OR visit.starts_at = occurred_at)))
        ORDER BY occurred_at DESC FETCH FIRST (:limit) ROWS WITH TIES)
        UNION ALL
        (SELECT ordered_at, 'order', external_id,
            jsonb_build_object('order_id', id, 'status', status, 'total_minor', total_minor, 'currency', currency), id
        FROM orders WHERE tenant_id = :tenant AND customer_id = :customer AND ordered_at < :before
        ORDER BY ordered_at DESC FETCH FIRST (:limit) ROWS WITH TIES)
        UNION ALL
        (SELECT starts_at, 'appointment', coalesce(nullif(service, ''), 'Appointment'),
            jsonb_build_object('status', status, 'category', category, 'amount_minor', amount_minor), id
        FROM appointments WHERE tenant_id = :tenant AND customer_id = :customer AND starts_at < :before
        ORDER BY starts_at DESC FETCH FIRST (:limit) ROWS WITH TIES)
        UNION ALL
        (SELECT at, 'consent', channel || ' ' || purpose || ' ' || state,
            jsonb_build_object('channel', channel, 'purpose', purpose, 'state', state, 'source', source,
                'actor', actor, 'reason', reason), id
        FROM consent_history WHERE tenant_id = :tenant AND customer_id = :customer AND at < :before
        ORDER BY at DESC FETCH FIRST (:limit) ROWS WITH TIES)
    ) AS happened ORDER BY at DESC FETCH FIRST (:limit) ROWS WITH TIES) AS page
    ORDER BY at DESC, page.id DESC
""")
"""An order or visit stands for the event it made, to be told once. With ties: no moment is split between pages."""

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)


def timeline(
    session: Session, customer_id: UUID, *, before: datetime | None = None, limit: int = 50
) -> list[TimelineEntry]:
    """What happened to a customer, the newest first; the last entry's `at` as `before` gives the next page.

    A page holds `limit` entries, and those of the very same moment as its last.

    `detail` by kind: event `{properties, source}`; order `{order_id, status, total_minor, currency, lines,
    first_line}` with its number as title; appointment `{status, category, amount_minor}`; consent `{channel,
    purpose, state, source, actor, reason}`. Messages and journey steps are told by the rooms above.

    Raises:
        NotFound: there is no such customer.
    """
    tenant_id = session.scalar(select(Customer.tenant_id).where(Customer.id == customer_id))
    if tenant_id is None:
        raise NotFound("There is no such customer. They may have been erased.")
    rows = session.execute(
        TIMELINE,
        {
            "tenant": tenant_id,
            "customer": customer_id,
            "before": before or FAR_FUTURE,
            "limit": min(max(limit, 1), LARGEST_PAGE),
        },
    )
    return [TimelineEntry(*row) for row in rows]
