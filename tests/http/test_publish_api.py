"""What publishing would change, over REST: `GET /api/v1/journeys/{id}/publish` (J8)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from engine.core.accounts import create_key
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.models import KeyKind
from engine.core.tenants import update_settings
from engine.customers.consent import ConsentWish, change_consents
from engine.customers.models import ConsentState, Customer, Purpose
from engine.events.record import NewEvent, record
from engine.journeys import drafts, publishing
from engine.templates.models import Template


def graph(days: int) -> dict[str, Any]:
    trigger = {"id": "t", "type": "trigger.event", "config": {"event": "Order Completed"}}
    wait = {"id": "w", "type": "wait.duration", "config": {"duration": {"amount": days, "unit": "days"}}}
    way = {"id": "t-w", "source": "t", "source_port": "next", "target": "w"}
    return {"schema": 1, "nodes": [trigger, wait], "edges": [way], "settings": {}}


def test_the_difference_to_the_live_version_is_told(api: TestClient, tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        journey = drafts.create_journey(session, tenant, "Thanks", user_id=None, now=now, graph=graph(2))
        publishing.publish(session, tenant, journey.id, user_id=None, now=now)
        drafts.save_draft(session, journey.id, graph(5), revision=1, now=now)
        path = f"/api/v1/journeys/{journey.id}/publish"
    data = api.get(path).json()["data"]
    assert data["standing"] == []
    assert data["steps"] == [{"node_id": "w", "sentence": "Wait 5 days"}]
    (change,) = data["difference"].pop("changed")
    assert change == {"node_id": "w", "before": "Wait 2 days", "after": "Wait 5 days", "fields": ["Wait for"]}
    assert data["difference"] == {"added": [], "removed": [], "ways": [], "settings_changed": []}


def reaching(studio_template: UUID) -> dict[str, Any]:
    trigger = {"id": "t", "type": "trigger.event", "config": {"event": "Order Completed"}}
    message = {"id": "m", "type": "action.message", "config": {"template_id": str(studio_template)}}
    way = {"id": "t-m", "source": "t", "source_port": "next", "target": "m"}
    return {"schema": 1, "nodes": [trigger, message], "edges": [way], "settings": {}}


@pytest.fixture
def asked_for(api: TestClient, tenant: UUID, now: datetime) -> str:
    """The path of a journey that reaches one customer, where one customer is enough to need approval."""
    moment, template, customer = utc_now(), new_id(), new_id()
    with tenant_session(tenant) as session:
        contents = {"en": {"body": "Thanks"}}
        kind = {"channel": "whatsapp", "template_type": "promotional", "contents": contents}
        session.add(Template(id=template, tenant_id=tenant, name="Thanks", **kind))
        session.add(Customer(id=customer, tenant_id=tenant, phone="+919876543210"))
        session.flush()
        wish = ConsentWish(customer, "whatsapp", Purpose.MARKETING, ConsentState.GRANTED, "form")
        change_consents(session, tenant, [wish], actor="customer", now=moment)
        order = NewEvent(customer, "Order Completed", "track", "test", {}, {}, moment, new_id())
        record(session, tenant, [order], now=moment)
        update_settings(
            session, tenant, {"campaign_approval_threshold_recipients": 1}, actor="test", now=moment
        )
        journey = drafts.create_journey(
            session, tenant, "Thanks", user_id=None, now=now, graph=reaching(template)
        )
        return f"/api/v1/journeys/{journey.id}"


def test_a_key_without_the_right_asks_and_another_decides(
    api: TestClient, asked_for: str, tenant: UUID, now: datetime
) -> None:
    ahead = api.get(f"{asked_for}/publish").json()["data"]
    assert (ahead["must_ask"], ahead["estimate"]["recipients"], ahead["asked"]) == (True, 1, None)
    refused = api.post(f"{asked_for}/publish")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "MARKETING_020")
    assert api.post(f"{asked_for}/submit").json()["data"]["status"] == "pending"
    assert api.post(f"{asked_for}/approve").status_code == 403
    assert api.get(f"{asked_for}/publish").json()["data"]["asked"]["revision"] == 1

    with tenant_session(tenant) as session:
        scopes = ["campaign.approve"]
        key = create_key(session, tenant, KeyKind.API, "owner", actor="system", now=now, scopes=scopes)
    owner = {"Authorization": f"Bearer {key}"}
    assert api.post(f"{asked_for}/reject", json={"reason": " "}, headers=owner).status_code == 422
    said_no = api.post(f"{asked_for}/reject", json={"reason": "Too early"}, headers=owner)
    assert said_no.json()["data"]["status"] == "rejected"
    assert api.post(f"{asked_for}/approve", headers=owner).status_code == 409
    api.post(f"{asked_for}/submit")
    assert api.post(f"{asked_for}/approve", json={"revision": 2}, headers=owner).status_code == 409
    assert api.post(f"{asked_for}/approve", json={"revision": 1}, headers=owner).json()["data"]["number"] == 1
    assert api.get(asked_for).json()["data"]["status"] == "live"
