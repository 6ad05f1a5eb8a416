"""Twenty days in the life of the demo studio, lived through in seconds: what the screenshots show."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from docs.studio_offers import add_offers
from engine.core.accounts import create_user
from engine.core.db import tenant_session
from engine.core.doors import find_tenant
from engine.core.ids import key_of, new_id
from engine.core.models import Role, User
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.models import ConsentState, Customer, Purpose
from engine.customers.orders import NewOrder, save_orders
from engine.delivery.handover import Clock, deliver_due
from engine.events.record import NewEvent, record
from engine.journeys.calendar import run_calendar
from engine.journeys.drafts import load_journey, save_draft
from engine.journeys.entries import route_events
from engine.journeys.gallery import install
from engine.journeys.interpreter import advance_due
from engine.journeys.publishing import publish

DAYS = 20
TICK = timedelta(hours=6)
NEW_CUSTOMERS = 260
SEED = 7
COLLEAGUE = ("ravi@kala.example", "Ravi Menon", "ravi-draws-too")
"""Who works on the same journeys: address, name, password."""

RUNNING = ("abandoned_cart", "post_purchase", "order_updates", "review_request", "feedback_request")
CHANGED = "post_purchase"
NOTE = {
    "id": "why",
    "position": {"x": 320, "y": 640},
    "width": 240,
    "height": 112,
    "text": "Ten days: after a week many had not worn it yet, and wrote nothing.",
    "colour": "yellow",
}
WAITING = ("birthday_wish", "festival_comeback", "loyalty_points_earned", "portfolio_highlight")
FIRST_NAMES = [
    "Aarav",
    "Diya",
    "Kabir",
    "Meera",
    "Ishaan",
    "Ananya",
    "Rohan",
    "Priya",
    "Arjun",
    "Sana",
    "Vikram",
    "Leela",
    "Dev",
    "Nisha",
    "Farhan",
    "Tara",
]
LAST_NAMES = [
    "Sharma",
    "Rao",
    "Patel",
    "Iyer",
    "Khan",
    "Mehta",
    "Das",
    "Gupta",
    "Nair",
    "Singh",
    "Joshi",
    "Bose",
]


def live_through(*, now: datetime) -> UUID:
    """Give the demo studio customers, running journeys and twenty days of carts and orders; returns its id."""
    demo = find_tenant("demo")
    assert demo is not None
    tenant_id = demo.id
    random, start = Random(SEED), now - timedelta(days=DAYS)
    with tenant_session(tenant_id) as session:
        owner = session.scalars(select(User.id)).one()
        for key in (*RUNNING, *WAITING):
            journey = install(session, tenant_id, key, user_id=owner, now=start)
            if key in RUNNING:
                publish(session, tenant_id, journey.id, user_id=owner, now=start)
            if key == CHANGED:
                changed = journey.id
        people = _add_customers(session, tenant_id, random, start)
    for moment in _moments(start, now):
        _happen(tenant_id, people, random, moment)
        run_calendar(tenant_id, now=moment)
        while route_events(tenant_id, now=moment).events or advance_due(tenant_id, now=moment).enrolments:
            pass
        while deliver_due(tenant_id, worker="screenshots", clock=_standing(moment)):
            pass
    create_user(tenant_id, COLLEAGUE[0], COLLEAGUE[1], Role.BRANCH_MANAGER, COLLEAGUE[2])
    with tenant_session(tenant_id) as session:
        add_offers(session, tenant_id, people, random, now=now)
        _change(session, changed, owner, now)
    return tenant_id


def _change(session: Session, journey_id: UUID, owner: UUID, now: datetime) -> None:
    """The draft of the journey after a purchase waits longer, has lost a step and got a note."""
    journey = load_journey(session, journey_id)
    nodes = [node for node in journey.draft["nodes"] if node["id"] != "evening"]
    for node in nodes:
        if node["id"] == "ten":
            node["config"] = {"duration": {"amount": 10, "unit": "days"}}
    edges = [edge for edge in journey.draft["edges"] if edge["source"] != "evening"]
    for edge in edges:
        if edge["target"] == "evening":
            edge["target"] = "review"
    draft = journey.draft | {"nodes": nodes, "edges": edges, "notes": [NOTE]}
    save_draft(session, journey_id, draft, revision=journey.revision, now=now, user_id=owner)


def _add_customers(session: Session, tenant_id: UUID, random: Random, now: datetime) -> list[UUID]:
    people = [
        Customer(
            id=new_id(),
            tenant_id=tenant_id,
            name=f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}",
            phone=f"+9198{number:08}",
            email=f"customer-{number}@kala.example",
            created_at=now,
            updated_at=now,
        )
        for number in range(NEW_CUSTOMERS)
    ]
    session.add_all(people)
    session.flush()
    ids = [person.id for person in people]
    wishes = [
        ConsentWish(who, channel, Purpose.MARKETING, ConsentState.GRANTED, "form")
        for who in ids
        for channel in ("whatsapp", "sms", "email")
    ]
    change_consents(session, tenant_id, wishes, actor="customer", now=now)
    return ids


def _moments(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += TICK


def _happen(tenant_id: UUID, people: list[UUID], random: Random, moment: datetime) -> None:
    """Some fill a cart, and some buy."""
    filling, buying = random.sample(people, 9), random.sample(people, 6)
    carts = [
        NewEvent(
            customer_id=who,
            name="Checkout Started",
            kind="track",
            source="shop",
            properties={"checkout_url": "https://kala.example/cart", "amount": 1800, "currency": "INR"},
            context={},
            occurred_at=moment,
            key=key_of("cart", who, moment),
        )
        for who in filling
    ]
    orders = [
        NewOrder(who, f"K-{key_of(who, moment).hex[:8]}", moment, random.randint(9, 60) * 10_000, "INR")
        for who in [*buying, *filling[:2]]
    ]
    with tenant_session(tenant_id) as session:
        record(session, tenant_id, carts, now=moment)
        save_orders(session, tenant_id, orders, now=moment)


def _standing(moment: datetime) -> Clock:
    """A clock that stands."""
    return lambda: moment
