"""The dry run over REST: `POST /api/v1/journeys/{id}/dry-run` (J10)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.customers.models import Customer
from engine.delivery.models import Message
from engine.events.models import Event
from engine.journeys import drafts
from tests.journeys.conftest import graph_of, node


@pytest.fixture
def path(tenant: UUID, now: datetime) -> str:
    """The dry run of a journey that waits for a booking and thanks for it."""
    graph = graph_of(
        [
            node("t", "trigger.manual"),
            node("w", "wait.event", event="Class Booked"),
            node("thank", "action.tag", add=["booked"]),
            node("out", "exit", reason="Never booked"),
        ],
        "t > w",
        "w.happened > thank",
        "w.timeout > out",
    )
    with tenant_session(tenant) as session:
        journey = drafts.create_journey(session, tenant, "Tried", user_id=None, now=now, graph=graph)
    return f"/api/v1/journeys/{journey.id}/dry-run"


def test_the_whole_walk_is_told_and_nothing_is_stored(api: TestClient, tenant: UUID, path: str) -> None:
    start = datetime.combine(utc_now().date(), datetime.min.time(), UTC) + timedelta(days=2)
    booked = {"at": (start + timedelta(hours=5)).isoformat(), "what": "event", "name": "Class Booked"}
    wish: dict[str, Any] = {
        "invented": {"name": "Asha Rao"},
        "start": start.isoformat(),
        "happenings": [booked],
    }
    told = api.post(path, json=wish).json()["data"]
    assert [(each["kind"], each["node_id"], each["port"]) for each in told["entries"]] == [
        ("entered", "t", "next"),
        ("wait", "w", ""),
        ("happened", "", ""),
        ("step", "w", "happened"),
        ("effect", "thank", "next"),
        ("ended", "thank", ""),
    ]
    assert (told["name"], told["status"], told["next_at"]) == ("Asha Rao", "completed", None)
    later = wish | {"happenings": [], "until": (start + timedelta(days=1)).isoformat()}
    assert api.post(path, json=later).json()["data"]["here"] == "w"
    with tenant_session(tenant) as session:
        for table in (Customer, Event, Message):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_what_cannot_be_used_is_named_by_its_field(api: TestClient, path: str) -> None:
    asha = {"name": "Asha Rao"}
    click = {"at": (utc_now() + timedelta(hours=1)).isoformat(), "what": "clicks"}
    for body, status, field in (
        ({"invented": asha, "trigger": "nowhere"}, 422, "trigger"),
        ({"invented": asha, "happenings": [click]}, 422, "happenings.0"),
        ({"invented": asha, "happenings": [click | {"at": "2020-01-01T00:00:00Z"}]}, 422, "happenings.0.at"),
        ({"invented": asha, "until": "2020-01-01T00:00:00Z"}, 422, "until"),
        ({"customer_id": "01a1ff71-d0bc-7792-854e-8d570fcc6af4"}, 404, "customer_id"),
    ):
        answer = api.post(path, json=body)
        assert (answer.status_code, answer.json()["error"]["details"]) == (status, {"field": field})
    assert api.post(path, json={}).status_code in (400, 422)
