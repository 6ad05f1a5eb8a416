"""Journeys over REST: the list with its filters, what is said of a journey, restoring, the map of stages."""

from datetime import datetime
from uuid import UUID

from starlette.testclient import TestClient

from engine.core.accounts import create_user
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.models import Role
from engine.journeys.drafts import create_journey
from engine.journeys.models import Stage

JOURNEYS = "/api/v1/journeys"


def test_the_list_is_narrowed_sorted_and_cut(api: TestClient, tenant: UUID, now: datetime) -> None:
    owner = create_user(tenant, f"{tenant}@studio.test", "Meera", Role.BRANCH_MANAGER, "a-long-password")
    with tenant_session(tenant) as session:
        for number, stage in enumerate(Stage):
            user = owner if number % 2 else None
            create_journey(session, tenant, f"Journey {number}", user_id=user, now=now, stage=stage)

    def names(**asked: object) -> list[str]:
        answer = api.get(JOURNEYS, params=asked).json()["data"]  # type: ignore[arg-type]
        return [row["name"][-1] for row in answer["journeys"]]

    assert names(sort="name") == ["0", "1", "2", "3", "4"]
    assert names(sort="name", descending=True, limit=2, offset=1) == ["3", "2"]
    assert names(sort="stage", stage=["advocacy", "discovery"]) == ["0", "4"]
    assert names(sort="name", owner_id=owner) == ["1", "3"]
    assert names(status="archived") == []
    assert names(search="journey 3") == ["3"]
    assert api.get(JOURNEYS, params={"limit": 1}).json()["data"]["total"] == 5
    refused = api.get(JOURNEYS, params={"sort": "size"})
    assert refused.status_code == 422 and "conversion" in refused.json()["error"]["message"]
    assert api.get(JOURNEYS, params={"status": "asleep"}).status_code == 422


def test_a_journey_is_described_archived_and_restored(api: TestClient, tenant: UUID) -> None:
    path = f"{JOURNEYS}/{api.post(JOURNEYS, json={'name': 'Welcome'}).json()['data']['id']}"
    told = api.patch(path, json={"name": "Welcome back", "stage": "advocacy"}).json()["data"]
    assert (told["name"], told["stage"]) == ("Welcome back", "advocacy")
    assert "owner_id" in api.patch(path, json={"owner_id": str(new_id())}).json()["error"]["message"]
    assert api.patch(path, json={"colour": "red"}).status_code == 422
    assert api.post(f"{path}/archive").json()["data"]["status"] == "archived"
    assert api.post(f"{path}/restore").json()["data"]["status"] == "draft"


def test_the_map_has_the_five_stages_with_their_totals(api: TestClient, tenant: UUID) -> None:
    api.post(JOURNEYS, json={"name": "Welcome", "stage": "discovery"})
    told = api.get(f"{JOURNEYS}/map").json()["data"]
    assert told["currency"] == "INR"
    assert [(stage["stage"], stage["total"]) for stage in told["stages"]] == [
        ("discovery", 1),
        ("consideration", 0),
        ("purchase", 0),
        ("retention", 0),
        ("advocacy", 0),
    ]
    (card,) = told["stages"][0]["cards"]
    assert (card["kind"], card["name"], card["entries"], card["revenue_minor"]) == (
        "journey",
        "Welcome",
        0,
        0,
    )
    live = api.get(f"{JOURNEYS}/map", params={"status": "live"}).json()["data"]
    assert all(stage["total"] == 0 for stage in live["stages"])
