"""A small language for graphs, and a studio with a template and customers to run them for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from engine.core.db import tenant_session
from engine.core.ids import key_of, new_id
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.models import ConsentState, Customer, Purpose
from engine.delivery.handover import deliver_due
from engine.delivery.models import Message
from engine.events.record import NewEvent, record
from engine.journeys import drafts, publishing
from engine.journeys.entries import route_events
from engine.journeys.interpreter import advance_due
from engine.journeys.models import Enrolment, Journey, Step
from engine.journeys.nodes.base import Problem
from engine.journeys.references import load_references
from engine.journeys.validation import find_problems
from engine.templates.models import Template

Graph = dict[str, Any]


def node(node_id: str, kind: str, **config: Any) -> dict[str, Any]:
    """A node at the origin."""
    return {"id": node_id, "type": kind, "position": {"x": 0, "y": 0}, "config": config}


def graph_of(nodes: list[dict[str, Any]], *ways: str, settings: dict[str, Any] | None = None) -> Graph:
    """A graph; a way is `"a > b"` or, by a port, `"a.yes > b"`."""
    edges = []
    for way in ways:
        source, target = (part.strip() for part in way.split(">"))
        source, _, port = source.partition(".")
        edges.append(
            {
                "id": f"{source}-{port}-{target}",
                "source": source,
                "source_port": port or "next",
                "target": target,
            }
        )
    return {"schema": 1, "nodes": nodes, "edges": edges, "settings": settings or {}}


@dataclass(frozen=True)
class Studio:
    """A tenant with a WhatsApp template, and what tests do in it."""

    tenant: UUID
    template: UUID
    now: datetime

    def add_customers(self, number: int, **columns: Any) -> list[UUID]:
        """Customers in one go."""
        ids = [new_id() for _ in range(number)]
        with tenant_session(self.tenant) as session:
            session.add_all(Customer(id=each, tenant_id=self.tenant, **columns) for each in ids)
        return ids

    def send_event(
        self,
        name: str,
        customers: list[UUID],
        *,
        at: datetime | None = None,
        key: str = "",
        **properties: Any,
    ) -> int:
        """The same event for each customer; returns how many were new."""
        moment = at or self.now
        events = [
            NewEvent(
                customer_id=each,
                name=name,
                kind="track",
                source="test",
                properties=properties,
                context={},
                occurred_at=moment,
                key=key_of(name, each, key or new_id()),
            )
            for each in customers
        ]
        with tenant_session(self.tenant) as session:
            return len(record(session, self.tenant, events, now=moment))

    def add_reachable(self, number: int, *channels: str, **columns: Any) -> list[UUID]:
        """Customers with addresses of their own who agreed to marketing on these channels."""
        ids = [new_id() for _ in range(number)]
        with tenant_session(self.tenant) as session:
            session.add_all(
                Customer(
                    id=each,
                    tenant_id=self.tenant,
                    **({"phone": f"+91{each.int % 10**10:010}", "email": f"{each.hex}@example.in"} | columns),
                )
                for each in ids
            )
            session.flush()
            wishes = [
                ConsentWish(each, channel, Purpose.MARKETING, ConsentState.GRANTED, "form")
                for each in ids
                for channel in channels
            ]
            change_consents(session, self.tenant, wishes, actor="customer", now=self.now)
        return ids

    def publish(self, graph: Graph, name: str = "Journey", *, now: datetime | None = None) -> Journey:
        """A live journey with this graph."""
        moment = now or self.now
        with tenant_session(self.tenant) as session:
            journey = drafts.create_journey(session, self.tenant, name, user_id=None, now=moment, graph=graph)
            publishing.publish(session, self.tenant, journey.id, user_id=None, now=moment)
            return journey

    def problems(self, graph: Graph) -> list[Problem]:
        """What keeps this graph from being published."""
        with tenant_session(self.tenant) as session:
            return find_problems(graph, load_references(session))

    def pass_time(self, now: datetime) -> None:
        """Let the engine do all that is due at this moment, but hand over no messages."""
        while route_events(self.tenant, now=now).events or advance_due(self.tenant, now=now).enrolments:
            pass

    def deliver(self, now: datetime) -> None:
        """Hand over every message that is due, then let the engine take note."""
        while deliver_due(self.tenant, worker="test", clock=lambda: now):
            pass
        self.pass_time(now)

    def begin(self, graph: Graph, customers: list[UUID], event: str = "Order Completed") -> Journey:
        """A live journey that these customers have entered, all that is due done."""
        journey = self.publish(graph)
        self.send_event(event, customers)
        self.pass_time(self.now)
        return journey

    def ports(self, node_id: str) -> dict[UUID, str | None]:
        """By which port each customer left a node, last time."""
        with tenant_session(self.tenant) as session:
            rows = session.execute(
                select(Enrolment.customer_id, Step.port)
                .join(Step, Step.enrolment_id == Enrolment.id)
                .where(Step.node_id == node_id)
                .order_by(Step.visit)
            )
            return {row.customer_id: row.port for row in rows}

    def why(self, node_id: str, customer: UUID) -> str:
        """What the log says of a customer's last time at a node."""
        with tenant_session(self.tenant) as session:
            return (
                session.scalars(
                    select(Step.why)
                    .join(Enrolment, Step.enrolment_id == Enrolment.id)
                    .where(Step.node_id == node_id, Enrolment.customer_id == customer)
                    .order_by(Step.visit.desc())
                ).first()
                or ""
            )

    def enrolment(self, customer: UUID) -> Enrolment:
        """A customer's newest enrolment."""
        with tenant_session(self.tenant) as session:
            return session.scalars(
                select(Enrolment)
                .where(Enrolment.customer_id == customer)
                .order_by(Enrolment.entered_at.desc())
            ).first() or pytest.fail("never enrolled")

    def messages(self) -> list[Message]:
        """All messages, in the order in which they were queued."""
        with tenant_session(self.tenant) as session:
            return list(session.scalars(select(Message).order_by(Message.created_at, Message.id)))

    def simple_graph(
        self, event: str = "Order Completed", *, wait_days: int | None = 1, **settings: Any
    ) -> Graph:
        """Trigger, wait, message."""
        nodes = [
            node("t", "trigger.event", event=event),
            node("m", "action.message", channel="whatsapp", template_id=str(self.template)),
        ]
        if wait_days is None:
            return graph_of(nodes, "t > m", settings=settings)
        nodes.append(node("w", "wait.duration", duration={"amount": wait_days, "unit": "days"}))
        return graph_of(nodes, "t > w", "w > m", settings=settings)


@pytest.fixture
def studio(tenant: UUID, now: datetime) -> Studio:
    """A tenant with one active WhatsApp template."""
    template_id = new_id()
    with tenant_session(tenant) as session:
        session.add(
            Template(
                id=template_id,
                tenant_id=tenant,
                name="Thanks",
                channel="whatsapp",
                template_type="promotional",
                contents={"en": {"body": "Thank you, {{ first_name }}"}},
            )
        )
    return Studio(tenant, template_id, now)


@pytest.fixture
def build() -> Callable[..., Graph]:
    """`build(nodes, *ways)`: see `graph_of`."""
    return graph_of


@pytest.fixture
def step() -> Callable[..., dict[str, Any]]:
    """`step(id, type, **config)`: see `node`."""
    return node
