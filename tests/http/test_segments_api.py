"""`/api/v1/segments`."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.profiles import Profile, save_profiles

PATH = "/api/v1/segments"
IN_PUNE = {"operator": "AND", "conditions": [{"field": "city", "op": "eq", "value": "Pune"}]}


@pytest.fixture
def customers(tenant: UUID, now: datetime) -> list[str]:
    """Two in Pune, one in Delhi."""
    cities = ("Pune", "Pune", "Delhi")
    profiles = [
        Profile(user_id=f"c{number}", name=f"C{number}", city=city) for number, city in enumerate(cities)
    ]
    with tenant_session(tenant) as session:
        return [
            str(each.customer_id) for each in save_profiles(session, tenant, profiles, source="test", now=now)
        ]


def made(api: TestClient, **body: Any) -> dict[str, Any]:
    answer = api.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def test_a_dynamic_segment_lives(api: TestClient, customers: list[str]) -> None:
    segment = made(api, name="In Pune", rules=IN_PUNE)
    assert segment["customer_count"] == 2
    listed = api.get(PATH, params={"search": "pune"}).json()["data"]
    assert (listed["total"], listed["segments"][0]["id"]) == (1, segment["id"])
    place = f"{PATH}/{segment['id']}"
    members = api.get(f"{place}/members", params={"size": 1}).json()["data"]
    assert (len(members["members"]), members["total"]) == (1, 2)
    in_delhi = {"operator": "AND", "conditions": [{"field": "city", "op": "eq", "value": "Delhi"}]}
    assert api.patch(place, json={"rules": in_delhi}).json()["data"]["customer_count"] == 1
    assert api.post(f"{place}/refresh").json()["data"]["count"] == 1
    assert api.delete(place).status_code == 200
    assert api.get(place).status_code == 404


def test_a_static_list_takes_and_gives_members(api: TestClient, customers: list[str]) -> None:
    place = f"{PATH}/{made(api, name='VIPs', is_dynamic=False)['id']}/members"
    assert api.post(place, json={"customer_ids": customers[:2]}).json()["data"]["count"] == 2
    gone = api.request("DELETE", place, json={"customer_ids": customers[:1]})
    assert gone.json()["data"]["count"] == 1
    dynamic = f"{PATH}/{made(api, name='P', rules=IN_PUNE)['id']}/members"
    assert api.post(dynamic, json={"customer_ids": customers}).status_code == 409


def test_rules_are_counted_and_told(api: TestClient, customers: list[str]) -> None:
    counted = api.post(f"{PATH}/count", json={"rules": IN_PUNE}).json()["data"]
    assert counted == {"count": 2, "description": "city is Pune"}
    past = api.post(f"{PATH}/count", json={"rules": IN_PUNE, "as_of": "2020-01-01T00:00:00Z"})
    assert past.status_code == 200
    assert (
        api.post(f"{PATH}/count", json={"rules": IN_PUNE, "as_of": "2020-01-01T00:00:00"}).status_code == 422
    )


def test_the_catalogue_and_real_values(api: TestClient, customers: list[str]) -> None:
    assert "city" in {field["name"] for field in api.get(f"{PATH}/fields").json()["data"]}
    assert api.get(f"{PATH}/fields/city/values").json()["data"] == ["Pune", "Delhi"]
    assert api.get(f"{PATH}/fields/nothing/values").json()["data"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (
            {
                "name": "X",
                "rules": {"operator": "AND", "conditions": [{"field": "no", "op": "eq", "value": 1}]},
            },
            422,
        ),
        ({"name": "X"}, 422),
        ({"name": " ", "rules": IN_PUNE}, 422),
        ({"name": "X", "rules": IN_PUNE, "branch_ids": [str(new_id())]}, 422),
        ({}, 422),
    ],
)
def test_wrong_input_is_refused(api: TestClient, body: dict[str, Any], status: int) -> None:
    answer = api.post(PATH, json=body)
    assert answer.status_code == status
    assert answer.json()["success"] is False


def test_one_tenant_does_not_reach_another(api: TestClient) -> None:
    assert api.get(f"{PATH}/{new_id()}").status_code == 404
    assert api.get(PATH, headers={"Authorization": "Bearer nothing"}).status_code == 401
