"""What a draft wants to know: what to ask of somebody invented, what they bring, and what may happen next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.customers.orders import ORDER_COMPLETED
from engine.journeys.dry_run.happenings import BOOKED, fresh_properties
from engine.journeys.dry_run.told import Offer
from engine.journeys.dry_run.wish import What
from engine.journeys.nodes.base import Listening, Trigger
from engine.journeys.nodes.trigger_activity import TriggerActivity
from engine.journeys.plan import Plan
from engine.journeys.values import ATTRIBUTE_PREFIX, ENTRY_PREFIX, value_words
from engine.segments.operators import Operator

NEWEST = text("""
    SELECT wanted.name, newest.properties
    FROM unnest(CAST(:names AS text[])) AS wanted(name)
    CROSS JOIN LATERAL (
        SELECT properties FROM events
        WHERE tenant_id = :tenant AND events.name = wanted.name AND jsonb_typeof(properties) = 'object'
        ORDER BY occurred_at DESC LIMIT 1
    ) AS newest
""")

OF_MESSAGES = "message."
MOST_PROPERTIES = 12


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask of an invented customer: a field of `Invented`, or `attribute.<name>`.

    `control` is text, number, date, tags or check.
    """

    key: str
    label: str
    control: str


@dataclass(frozen=True, slots=True)
class _Known:
    """A question, and the names by which rules and steps ask for it."""

    question: Question
    asked_by: frozenset[str]


def _known(key: str, label: str, control: str, *asked_by: str) -> _Known:
    return _Known(Question(key, label, control), frozenset(asked_by or (key,)))


ORDERS = (
    "order_count",
    "total_spend",
    "average_order_value",
    "last_order_days",
    "last_order_date",
    "first_order_days",
)
ORDERED = (*ORDERS, "last_order_at", "first_order_at", "did_order", "orders")
VISITED = (
    "visit_count",
    "last_visit_days",
    "last_visit_date",
    "first_visit_days",
    "last_visit_at",
    "first_visit_at",
)

KNOWN: tuple[_Known, ...] = (
    _known("city", "City", "text"),
    _known("category", "Category", "text"),
    _known("source", "Source", "text"),
    _known("lead_status", "Lead status", "text"),
    _known("tags", "Tags", "tags"),
    _known("interests", "Interests", "tags"),
    _known("birthday", "Birthday", "date", "birthday", "birthday_month"),
    _known("anniversary", "Anniversary", "date", "anniversary", "anniversary_month"),
    _known("orders", "Orders so far", "number", *ORDERED),
    _known("spend", "Spent so far", "number", *ORDERED),
    _known("last_order_days", "Last order, days ago", "number", *ORDERED),
    _known("visits", "Visits so far", "number", *VISITED),
    _known("last_visit_days", "Last visit, days ago", "number", *VISITED),
    _known("is_member", "Has a membership", "check", "membership_status", "has_active_membership"),
    _known("points", "Loyalty points", "number", "loyalty_points"),
    _known("is_dnd", "On the do-not-disturb registry", "check"),
)
"""What the draft may ask for, in the order of the form; name, language, place and consents are always asked."""


def questions(plan: Plan) -> list[Question]:
    """What this draft asks of a customer beyond name, language, place and consents."""
    asked = set(_asked(plan))
    attributes = sorted(name for name in asked if name.startswith(ATTRIBUTE_PREFIX))
    return [each.question for each in KNOWN if each.asked_by & asked] + [
        Question(name, value_words(name).capitalize(), "text") for name in attributes
    ]


def usual_entry(
    session: Session,
    tenant_id: UUID,
    plan: Plan,
    trigger: Trigger,
    wish_id: UUID,
    *,
    now: datetime,
    currency: str,
) -> dict[str, Any]:
    """What a customer who comes by this trigger usually brings: as its newest event, with numbers of its own."""
    names = sorted(trigger.events())
    newest = _newest(session, tenant_id, names[:1])
    usual: dict[str, Any] = dict(newest.get(names[0], {})) if names else {}
    offered = trigger.kind.offers if isinstance(trigger, TriggerActivity) else ()
    wanted = [name.removeprefix(ENTRY_PREFIX) for name in _asked(plan) if name.startswith(ENTRY_PREFIX)]
    for name in (*offered, *sorted(wanted)):
        if "." not in name:
            usual.setdefault(name, "")
    fresh = fresh_properties(names[0], wish_id, 0, now, currency=currency) if names else {}
    kept = {name: usual.get(name) for name in fresh if name == "total" and usual.get(name)}
    told = {name: value for name, value in (usual | fresh | kept).items() if value != ""}
    return {**dict(list(told.items())[:MOST_PROPERTIES]), **trigger.expects()}


def offers(
    session: Session, tenant_id: UUID, plan: Plan, *, opens: bool, link: bool, replies: bool
) -> list[Offer]:
    """What may happen now: what the customer can do with what was sent, and the events the draft listens to."""
    reactions = [
        Offer(What.OPENS, "Opens it") if opens else None,
        Offer(What.CLICKS, "Clicks the link") if link else None,
        Offer(What.REPLIES, "Replies") if replies else None,
    ]
    names = [name for name in _listened(plan) if name not in (BOOKED, ORDER_COMPLETED)]
    newest = _newest(session, tenant_id, [*names, BOOKED, ORDER_COMPLETED])
    wished = _wished(plan)
    return [
        *(each for each in reactions if each),
        Offer(What.BOOKS, "Books", BOOKED, _usual(BOOKED, newest, wished)),
        Offer(What.ORDERS, "Orders", ORDER_COMPLETED, _usual(ORDER_COMPLETED, newest, wished)),
        *(Offer(What.EVENT, name, name, _usual(name, newest, wished)) for name in names),
        Offer(What.OPTS_OUT, "Opts out"),
    ]


def _usual(name: str, newest: Mapping[str, Any], wished: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What the newest such event said, changed so that it fits what the draft waits for; ids are its own."""
    found = {key: value for key, value in newest.get(name, {}).items() if not key.endswith("_id")}
    plain = {key: value for key, value in found.items() if isinstance(value, str | int | float | bool)}
    plain.pop("starts_at", None)
    return dict(list(plain.items())[:MOST_PROPERTIES]) | dict(wished.get(name, {}))


def _listenings(plan: Plan) -> Iterator[Listening]:
    yield from plan.listening.values()
    if plan.settings.goal_event:
        yield Listening(plan.settings.goal_event, plan.settings.goal_where)


def _wished(plan: Plan) -> dict[str, dict[str, Any]]:
    """By event, the properties that the draft wants to be just so."""
    wished: dict[str, dict[str, Any]] = {}
    for heard in _listenings(plan):
        same = {
            rule.property: rule.value
            for rule in heard.where
            if rule.operator is Operator.EQ and "." not in rule.property
        }
        wished.setdefault(heard.event, {}).update(same)
    return wished


def _listened(plan: Plan) -> list[str]:
    heard = [each.event for each in _listenings(plan)] + sorted(plan.settings.exit_events)
    return [name for name in dict.fromkeys(heard) if not name.startswith(OF_MESSAGES)]


def _asked(plan: Plan) -> Iterator[str]:
    groups = [*plan.rules.values(), plan.entry_rules, plan.exit_rules]
    for group in groups:
        for condition in group.conditions() if group else ():
            yield condition.field
    for node in plan.nodes.values():
        name = node.asks_value()
        if name:
            yield name


def _newest(session: Session, tenant_id: UUID, names: Sequence[str]) -> dict[str, Any]:
    if not names:
        return {}
    rows = session.execute(NEWEST, {"tenant": tenant_id, "names": array_literal(names)})
    return {row.name: row.properties for row in rows}
