"""What publishing would change, over REST: `GET /api/v1/journeys/{id}/publish` (J8)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.testclient import TestClient

from engine.core.db import tenant_session
from engine.journeys import journeys


def graph(days: int) -> dict[str, Any]:
    trigger = {"id": "t", "type": "trigger.event", "config": {"event": "Order Completed"}}
    wait = {"id": "w", "type": "wait.duration", "config": {"duration": {"amount": days, "unit": "days"}}}
    way = {"id": "t-w", "source": "t", "source_port": "next", "target": "w"}
    return {"schema": 1, "nodes": [trigger, wait], "edges": [way], "settings": {}}


def test_the_difference_to_the_live_version_is_told(api: TestClient, tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        journey = journeys.create_journey(session, tenant, "Thanks", user_id=None, now=now, graph=graph(2))
        journeys.publish(session, tenant, journey.id, user_id=None, now=now)
        journeys.save_draft(session, journey.id, graph(5), revision=1, now=now)
        path = f"/api/v1/journeys/{journey.id}/publish"
    data = api.get(path).json()["data"]
    assert data["standing"] == []
    assert data["steps"] == [{"node_id": "w", "sentence": "Wait 5 days"}]
    (change,) = data["difference"].pop("changed")
    assert change == {"node_id": "w", "before": "Wait 2 days", "after": "Wait 5 days", "fields": ["Wait for"]}
    assert data["difference"] == {"added": [], "removed": [], "ways": [], "settings_changed": []}
