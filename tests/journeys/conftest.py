"""A small language for graphs, and a studio with a template and customers to run them for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from engine.core.db import tenant_session
from engine.core.ids import key_of, new_id
from engine.customers.models import Customer
from engine.events.record import NewEvent, record
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
