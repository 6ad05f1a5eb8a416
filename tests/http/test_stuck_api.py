"""What is stuck, over REST: `/api/v1/journeys/{id}/stuck`, `…/retry` and `/api/v1/events/set-aside`."""

from datetime import datetime
from uuid import UUID

from starlette.testclient import TestClient

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.models import Customer
from engine.events.models import QueuedEvent
from engine.journeys import drafts, publishing
from engine.journeys.models import Enrolment, EnrolmentStatus

EVENTS = "/api/v1/events/set-aside"


def test_stuck_customers_are_told_and_let_go_on(api: TestClient, tenant: UUID, now: datetime) -> None:
    trigger = {"id": "t", "type": "trigger.event", "config": {"event": "Order Completed"}}
    wait = {"id": "w", "type": "wait.duration", "config": {"duration": {"amount": 1, "unit": "days"}}}
    way = {"id": "t-w", "source": "t", "source_port": "next", "target": "w"}
    graph = {"schema": 1, "nodes": [trigger, wait], "edges": [way], "settings": {}}
    customer, enrolment = new_id(), new_id()
    with tenant_session(tenant) as session:
        journey = drafts.create_journey(session, tenant, "Thanks", user_id=None, now=now, graph=graph)
        version = publishing.publish(session, tenant, journey.id, user_id=None, now=now).version_id
        session.add(Customer(id=customer, tenant_id=tenant, name="Asha"))
        session.add(
            Enrolment(
                id=enrolment,
                tenant_id=tenant,
                journey_id=journey.id,
                version_id=version,
                customer_id=customer,
                status=EnrolmentStatus.QUARANTINED,
                node_id="w",
                arrived_at=now,
                entered_at=now,
                entry_key=new_id(),
                reason="boom",
            )
        )
        path = f"/api/v1/journeys/{journey.id}"
    (told,) = api.get(f"{path}/stuck").json()["data"]
    assert told["id"] == str(enrolment)
    assert (told["customer_name"], told["step"], told["reason"]) == ("Asha", "Wait 1 day", "boom")
    behind = api.get(f"{path}/steps/w/customers", params={"figure": "here"}).json()["data"]
    assert behind == {"customers": [], "after": None}
    answer = api.post(f"{path}/retry", json={"ids": [str(enrolment)]}).json()
    assert answer == {"success": True, "data": {"retried": 1, "staying": 0}}
    assert api.get(f"{path}/stuck").json()["data"] == []
    behind = api.get(f"{path}/steps/w/customers", params={"search": "ash"}).json()["data"]
    assert [(each["customer_id"], each["name"]) for each in behind["customers"]] == [(str(customer), "Asha")]
    refused = api.get(f"{path}/steps/w/customers", params={"figure": "nonsense"})
    assert refused.status_code == 422 and "figure" in refused.json()["error"]["message"]
    assert api.post(f"{path}/retry").json()["data"] == {"retried": 0, "staying": 0}


def test_an_unknown_journey_has_no_stuck_customers(api: TestClient) -> None:
    assert api.get(f"/api/v1/journeys/{new_id()}/stuck").status_code == 404
    assert api.post(f"/api/v1/journeys/{new_id()}/retry").status_code == 404


def test_events_set_aside_are_told_and_shown_again(api: TestClient, tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        session.add(
            QueuedEvent(
                tenant_id=tenant,
                event_id=new_id(),
                customer_id=new_id(),
                name="Order Completed",
                occurred_at=now,
                properties={},
                failed_reason="boom",
            )
        )
    (told,) = api.get(EVENTS).json()["data"]
    assert (told["name"], told["reason"]) == ("Order Completed", "boom")
    assert api.post(f"{EVENTS}/retry", json={"ids": [told["seq"]]}).json()["data"] == {"retried": 1}
    assert api.get(EVENTS).json()["data"] == []
