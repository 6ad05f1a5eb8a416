"""Every field a rule may name, one entry each: adding a field is adding an entry (design decision 6)."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Numeric,
    Select,
    Uuid,
    and_,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from engine.customers.models import (
    Appointment,
    Consent,
    ConsentChange,
    ConsentState,
    Customer,
    EntitlementKind,
    Order,
    Purpose,
)
from engine.customers.standing import MEMBERSHIP_STATES
from engine.segments.behaviours import BEHAVIOURS, among
from engine.segments.entitled import has_active, loyalty_points, membership_status
from engine.segments.field import Asked, Field, FieldInfo
from engine.segments.kinds.consent import ConsentIs
from engine.segments.kinds.days import HINT as DAYS_HINT
from engine.segments.kinds.days import DaysAgo
from engine.segments.kinds.document import Document
from engine.segments.kinds.kind import Kind, Scope
from engine.segments.kinds.moment import Moment
from engine.segments.kinds.month import Month
from engine.segments.kinds.number import Money, Number
from engine.segments.kinds.text import Boolean, Identifier, InSegment, Tags, Text
from engine.segments.totals import COUNTED_ORDERS, COUNTED_VISITS

NUMBER, MONEY, DAYS, TEXT, TAGS, ID, YES_NO, MONTH, MOMENT, STATE, ANY = (
    Number(), Money(), DaysAgo(), Text(), Tags(), Identifier(), Boolean(), Month(), Moment(), ConsentIs(), Document()
)  # fmt: skip

ORDERS, VISITS, PERSON, CONSENT, CUSTOM = "Orders", "Visits", "Customer", "Consent", "Custom"
HELD = "Memberships, packages, points"

ENTRY = (
    func.unnest(
        bindparam("entry_customers", type_=ARRAY(Uuid)), bindparam("entry_properties", type_=ARRAY(JSONB))
    )
    .table_valued(column("customer_id", Uuid), column("properties", JSONB), name="entry")
    .render_derived()
)
"""The event by which each enrolment entered, joined by `compiler.matching_among`."""


def now_or_then(running: Any, recounted: Callable[[Scope], Any]) -> Callable[[Scope], Any]:
    """The running total of the customer's row, or the same recounted at a past moment."""
    return lambda scope: recounted(scope) if scope.as_of else running


def _orders(aggregate: Any) -> Callable[[Scope], Any]:
    return lambda scope: (
        select(aggregate)
        .where(Order.customer_id == Customer.id, Order.ordered_at <= scope.now, COUNTED_ORDERS)
        .correlate(Customer)
        .scalar_subquery()
    )


def _visits(aggregate: Any) -> Callable[[Scope], Any]:
    return lambda scope: (
        select(aggregate)
        .where(Appointment.customer_id == Customer.id, Appointment.starts_at <= scope.now, COUNTED_VISITS)
        .correlate(Customer)
        .scalar_subquery()
    )


ORDER_COUNT = now_or_then(Customer.order_count, _orders(func.count()))
SPEND = now_or_then(Customer.total_spend_minor, _orders(func.coalesce(func.sum(Order.total_minor), 0)))
LAST_ORDER = now_or_then(Customer.last_order_at, _orders(func.max(Order.ordered_at)))
FIRST_ORDER = now_or_then(Customer.first_order_at, _orders(func.min(Order.ordered_at)))
VISIT_COUNT = now_or_then(Customer.visit_count, _visits(func.count()))
LAST_VISIT = now_or_then(Customer.last_visit_at, _visits(func.max(Appointment.starts_at)))
FIRST_VISIT = now_or_then(Customer.first_visit_at, _visits(func.min(Appointment.starts_at)))


def _average_order(scope: Scope) -> ColumnElement[Any]:
    return cast(SPEND(scope), Numeric) / func.nullif(ORDER_COUNT(scope), 0)


def _known(text: Any) -> ColumnElement[bool]:
    return and_(text.is_not(None), text != "")


def _of(running: Any) -> Callable[[Scope], Any]:
    return lambda scope: running


def _consent(channel: str) -> Callable[[Scope], Any]:
    def states(scope: Scope) -> Select[Any, Any]:
        table = ConsentChange if scope.as_of else Consent
        query: Select[Any, Any] = select(table.customer_id, table.state).where(
            table.channel == channel, table.purpose == Purpose.MARKETING, among(table.customer_id, scope)
        )
        if not scope.as_of:
            return query
        newest = query.where(ConsentChange.at <= scope.now).ext(distinct_on(ConsentChange.customer_id))
        return newest.order_by(ConsentChange.customer_id, ConsentChange.version.desc())

    return states


NEVER = "No value means that it never happened. " + DAYS_HINT
LATEST = "As it is now, also when a past date is asked."
CONSENT_HINT = "Consent for marketing. No value means that it was never asked, which counts as no."
STATUS_HINT = "active, expired, cancelled, or none for those who never were members."
POINTS_HINT = "Points that have not expired; of a past date, what is left of them now."
STATES = tuple(ConsentState)

FIELDS: tuple[Field, ...] = (
    Field("last_order_days", "Last order", ORDERS, DAYS, LAST_ORDER, "days ago", NEVER),
    Field("last_order_date", "Last order", ORDERS, MOMENT, LAST_ORDER),
    Field("first_order_days", "First order", ORDERS, DAYS, FIRST_ORDER, "days ago", NEVER),
    Field("order_count", "Number of orders", ORDERS, NUMBER, ORDER_COUNT, "orders"),
    Field("total_spend", "Total spend", ORDERS, MONEY, SPEND, "currency", "Orders not cancelled."),
    Field("average_order_value", "Average order value", ORDERS, MONEY, _average_order, "currency"),
    Field("last_visit_days", "Last visit", VISITS, DAYS, LAST_VISIT, "days ago", NEVER),
    Field("last_visit_date", "Last visit", VISITS, MOMENT, LAST_VISIT),
    Field("first_visit_days", "First visit", VISITS, DAYS, FIRST_VISIT, "days ago", NEVER),
    Field("visit_count", "Number of visits", VISITS, NUMBER, VISIT_COUNT, "visits"),
    Field("tags", "Tag", PERSON, TAGS, _of(Customer.tags), hint=LATEST),
    Field("interests", "Interest", PERSON, TAGS, _of(Customer.interests), hint=LATEST),
    Field("category", "Category", PERSON, TEXT, _of(Customer.category), hint=LATEST),
    Field("city", "City", PERSON, TEXT, _of(Customer.city), hint=LATEST),
    Field("language", "Language", PERSON, TEXT, _of(Customer.language), hint=LATEST),
    Field("source", "Source", PERSON, TEXT, _of(Customer.source), hint=LATEST),
    Field("lead_status", "Lead status", PERSON, TEXT, _of(Customer.lead_status), hint=LATEST),
    Field("membership_status", "Membership", HELD, TEXT, membership_status, "", STATUS_HINT, MEMBERSHIP_STATES),
    Field("has_active_membership", "Has an active membership", HELD, YES_NO, has_active(EntitlementKind.MEMBERSHIP)),
    Field("has_active_package", "Has an active package", HELD, YES_NO, has_active(EntitlementKind.PACKAGE)),
    Field("loyalty_points", "Loyalty points", HELD, NUMBER, loyalty_points, "points", POINTS_HINT),
    Field("branch", "Branch", PERSON, ID, _of(Customer.branch_id)),
    Field("birthday_month", "Birthday month", PERSON, MONTH, _of(Customer.birthday), hint="1 to 12, or current."),
    Field("anniversary_month", "Anniversary month", PERSON, MONTH, _of(Customer.anniversary)),
    Field("customer_age_days", "Became known", PERSON, DAYS, _of(Customer.created_at), "days ago", DAYS_HINT),
    Field("customer_since", "Became known", PERSON, MOMENT, _of(Customer.created_at)),
    Field("has_phone", "Has a phone number", PERSON, YES_NO, _of(_known(Customer.phone))),
    Field("has_email", "Has an e-mail address", PERSON, YES_NO, _of(_known(Customer.email))),
    Field("is_dnd", "Is on the do-not-disturb registry", PERSON, YES_NO, _of(Customer.is_dnd)),
    Field("consent.whatsapp", "Consent for WhatsApp", CONSENT, STATE, _consent("whatsapp"), "", CONSENT_HINT, STATES),
    Field("consent.sms", "Consent for SMS", CONSENT, STATE, _consent("sms"), "", CONSENT_HINT, STATES),
    Field("consent.email", "Consent for e-mail", CONSENT, STATE, _consent("email"), "", CONSENT_HINT, STATES),
    Field("consent.push", "Consent for push", CONSENT, STATE, _consent("push"), "", CONSENT_HINT, STATES),
    Field("segment", "Segment", "Segments", InSegment(), _of(Customer.id), hint="Customers of other segments."),
)  # fmt: skip

OPEN: dict[str, tuple[str, str, Any]] = {
    "attribute": ("Attribute", CUSTOM, Customer.attributes),
    "event": ("Event's", "Entering event", ENTRY.c.properties),
}
"""Prefixes whose second part is any key: `attribute.shoe_size`, `event.cart.total` (a path into the JSON)."""

BY_NAME: dict[str, Asked] = {asked.name: asked for asked in (*FIELDS, *BEHAVIOURS)}


def find_field(name: str) -> Asked | None:
    """The entry of this name; None when there is none."""
    prefix, _, key = name.partition(".")
    if name in BY_NAME or prefix not in OPEN or not key or "\x00" in key or len(key) > 200:
        return BY_NAME.get(name)
    label, group, document = OPEN[prefix]
    path = tuple(key.split("."))
    value = document[path] if len(path) > 1 else document[key]
    kind: Kind = ANY
    return Field(name, f"{label} {key}", group, kind, _of(value))


def segment_fields() -> list[FieldInfo]:
    """All fields and behaviours, for the builder; open ones (`attribute.<key>`) are not listed."""
    return [asked.info() for asked in BY_NAME.values()]
