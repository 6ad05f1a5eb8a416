"""A small town of customers with gaps and edges, known to the database and to Python alike."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.models import (
    Appointment,
    Consent,
    ConsentChange,
    Customer,
    Entitlement,
    Order,
    OrderLine,
)
from engine.events.models import Event

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)  # 2 March, 01:30, in India
EDGES = (0, 1, 29, 30, 31, 60, 90, 365)
CITIES = (None, "", "Mumbai", "mumbai", "Pune", "Jaipur", "New Delhi")
TAGS = ("VIP", "vip", "bride", "wholesale")
ATTRIBUTES: tuple[Any, ...] = (
    None, "", 5, 7.5, "5", "red", "Red", True, "2026-02-20", "2026-02-30", "2026-02-20T22:00:00Z", ["red", "blue"], []
)  # fmt: skip


@dataclass
class Person:
    """One customer as Python knows them."""

    id: UUID
    fields: dict[str, Any]
    orders: list[dict[str, Any]] = field(default_factory=list)
    visits: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    consents: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)


def ago(dice: random.Random) -> datetime:
    """Some time before NOW, often exactly on an edge."""
    days = timedelta(days=dice.choice(EDGES))
    return NOW - days - timedelta(seconds=dice.choice((0, 0, 1, 3600, 86_399)))


def make_person(dice: random.Random) -> Person:
    """A customer with random gaps."""
    maybe = lambda *values: dice.choice((None, *values))  # noqa: E731
    attributes = {"size": dice.choice(ATTRIBUTES), "deep": {"colour": dice.choice(("red", 3, None))}}
    return Person(
        new_id(),
        {
            "name": "Somebody",
            "phone": maybe("+919800000001", ""),
            "email": maybe("a@b.example"),
            "birthday": maybe(date(1990, 3, 5), date(1985, 2, 28), date(2000, 12, 1)),
            "anniversary": maybe(date(2015, 4, 1)),
            "language": maybe("en", "hi"),
            "city": dice.choice(CITIES),
            "tags": dice.sample(TAGS, dice.randint(0, 3)),
            "interests": dice.sample(("silk", "cotton"), dice.randint(0, 2)),
            "category": maybe("Maternity", "wedding"),
            "lead_status": maybe("new", "won"),
            "source": maybe("instagram", "100%_real"),
            "is_dnd": dice.random() < 0.2,
            "attributes": {key: value for key, value in attributes.items() if dice.random() < 0.8},
            "created_at": ago(dice),
        },
        orders=[
            {
                "at": ago(dice),
                "total": dice.choice((0, 100, 99_999, 100_000, 1_000_000, 12_345)),
                "status": dice.choice(("placed", "delivered", "cancelled")),
                "categories": dice.sample(("Sarees", "Gifts", "Shawls"), dice.randint(0, 2)),
            }
            for _ in range(dice.choice((0, 0, 1, 2, 4)))
        ],
        visits=[
            {
                "at": ago(dice),
                "status": dice.choice(("completed", "completed", "booked", "cancelled")),
                "service": dice.choice(("Yoga", "Haircut")),
            }
            for _ in range(dice.choice((0, 0, 1, 3)))
        ],
        events=[
            {
                "at": ago(dice),
                "name": dice.choice(("Product Viewed", "message.opened", "message.clicked")),
                "properties": {
                    "price": dice.choice((None, 10, "10", 250)),
                    "channel": dice.choice(("sms", "email")),
                },
            }
            for _ in range(dice.choice((0, 1, 3)))
        ],
        consents=sorted(
            (
                {
                    "at": ago(dice),
                    "channel": channel,
                    "state": dice.choice(("granted", "withdrawn", "denied")),
                }
                for channel in ("whatsapp", "sms")
                for _ in range(dice.choice((0, 1, 2)))
            ),
            key=lambda change: change["at"],
        ),
        held=[make_held(dice) for _ in range(dice.choice((0, 0, 1, 2, 4)))],
    )


def make_held(dice: random.Random) -> dict[str, Any]:
    """A membership, package or lot of points, often just begun or about to run out."""
    kind = dice.choice(("membership", "membership", "package", "points"))
    status = dice.choice(("active", "active", "active", "cancelled", "expired", "used_up"))
    today = date(2026, 3, 2)
    last_day = today + timedelta(days=dice.choice((-60, -31, -1, 0, 1, 30)))
    return {
        "id": new_id(),
        "kind": kind,
        "status": "expired" if last_day < today and status == "active" and dice.random() < 0.5 else status,
        "starts_on": dice.choice(
            (None, *(today + timedelta(days=days) for days in (-90, -45, -31, -1, 0, 1)))
        ),
        "expires_on": last_day if status == "expired" else dice.choice((None, last_day)),
        "balance": None if kind == "membership" else 0 if status == "used_up" else dice.choice((1, 2, 10)),
        "updated_at": ago(dice),
    }


def counted(person: Person) -> list[dict[str, Any]]:
    """Orders that count."""
    return [order for order in person.orders if order["status"] != "cancelled"]


def totals(person: Person) -> dict[str, Any]:
    """The running totals the customers' room keeps."""
    orders = counted(person)
    visits = [visit["at"] for visit in person.visits if visit["status"] == "completed"]
    return {
        "order_count": len(orders),
        "total_spend_minor": sum(order["total"] for order in orders),
        "first_order_at": min((order["at"] for order in orders), default=None),
        "last_order_at": max((order["at"] for order in orders), default=None),
        "visit_count": len(visits),
        "first_visit_at": min(visits, default=None),
        "last_visit_at": max(visits, default=None),
    }


def store(tenant: UUID, people: list[Person]) -> None:
    """Write the people into the tenant."""
    with tenant_session(tenant) as session:
        session.execute(
            insert(Customer),
            [{"id": one.id, "tenant_id": tenant, **one.fields, **totals(one)} for one in people],
        )
        for one in people:
            _store_history(session, tenant, one)


def _store_history(session: Any, tenant: UUID, one: Person) -> None:
    about = {"tenant_id": tenant, "customer_id": one.id}
    for order in one.orders:
        order_id = new_id()
        session.add(
            Order(
                id=order_id, external_id=str(order_id), status=order["status"], total_minor=order["total"],
                currency="INR", ordered_at=order["at"], **about,
            )
        )  # fmt: skip
        session.add_all(
            OrderLine(
                tenant_id=tenant,
                order_id=order_id,
                line=line,
                product_id="p",
                category=category,
                amount_minor=1,
            )
            for line, category in enumerate(order["categories"])
        )
    session.add_all(
        Appointment(
            external_id=str(new_id()),
            service=visit["service"],
            status=visit["status"],
            starts_at=visit["at"],
            **about,
        )
        for visit in one.visits
    )
    session.add_all(Entitlement(external_id=str(each["id"]), **each, **about) for each in one.held)
    session.add_all(
        Event(
            name=event["name"],
            kind="track",
            source="test",
            properties=event["properties"],
            occurred_at=event["at"],
            **about,
        )
        for event in one.events
    )
    versions: dict[str, dict[str, Any]] = {}
    for version, change in enumerate(one.consents, start=1):
        versions[change["channel"]] = change
        session.add(
            ConsentChange(
                channel=change["channel"], purpose="marketing", state=change["state"], version=version,
                source="test", actor="test", at=change["at"], **about,
            )
        )  # fmt: skip
    session.add_all(
        Consent(
            channel=channel, purpose="marketing", state=change["state"], version=1, source="test",
            changed_at=change["at"], **about,
        )
        for channel, change in versions.items()
    )  # fmt: skip
