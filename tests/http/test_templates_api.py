"""`/api/v1/templates`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.testclient import TestClient

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.profiles import Profile, save_profiles
from engine.journeys.drafts import create_journey

PATH = "/api/v1/templates"
HELLO = {
    "name": "Hello",
    "channel": "sms",
    "contents": {"en": {"body": "Hi {{ first_name }}"}, "hi": {"body": "नमस्ते {{ first_name }}"}},
}


def made(api: TestClient, **changes: Any) -> dict[str, Any]:
    answer = api.post(PATH, json=HELLO | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def test_a_template_lives(api: TestClient) -> None:
    template = made(api)
    assert template["version"] == 1
    assert [each["id"] for each in api.get(PATH).json()["data"]] == [template["id"]]
    changed = api.patch(f"{PATH}/{template['id']}", json={"contents": {"en": {"body": "Hey"}}, "version": 1})
    assert changed.json()["data"]["version"] == 2
    assert len(api.get(f"{PATH}/{template['id']}/versions").json()["data"]) == 2
    late = api.patch(f"{PATH}/{template['id']}", json={"contents": {"en": {"body": "Ho"}}, "version": 1})
    assert late.status_code == 409
    assert api.delete(f"{PATH}/{template['id']}").status_code == 200
    assert api.get(f"{PATH}/{template['id']}").status_code == 404


def test_wrong_input_names_its_field(api: TestClient) -> None:
    answer = api.post(PATH, json=HELLO | {"contents": {"en": {"body": "{{ a"}}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "SAFAR_012")
    assert answer.json()["error"]["message"].startswith("contents.en.body: ")
    assert api.post(PATH, json=HELLO | {"channel": "pigeon"}).status_code == 422
    assert api.post(PATH, json=HELLO | {"surprise": 1}).status_code == 422
    assert api.post(PATH, content=b"{").status_code == 422


def test_preview_for_a_sample_and_for_a_customer(api: TestClient, tenant: UUID, now: datetime) -> None:
    template = made(api)
    sample = api.post(f"{PATH}/{template['id']}/preview", json={"language": "hi"}).json()["data"]
    assert (sample["body"], sample["sms"]["encoding"]) == ("नमस्ते Asha", "UCS-2")
    profile = Profile(phone="+919820012345", name="Ravi", first_name="Ravi", language="hi")
    with tenant_session(tenant) as session:
        (saved,) = save_profiles(session, tenant, [profile], source="test", now=now)
    look = {"customer_id": str(saved.customer_id)}
    assert api.post(f"{PATH}/{template['id']}/preview", json=look).json()["data"]["body"] == "नमस्ते Ravi"
    unsaved = {"channel": "sms", "contents": {"en": {"body": "{{ tenant.name }} {{ event.x }}"}}, **look}
    shown = api.post(f"{PATH}/preview", json=unsaved).json()["data"]
    assert shown["missing"] == ["event.x"]
    assert shown["body"].startswith("Studio")
    unknown = {"customer_id": str(new_id())}
    assert api.post(f"{PATH}/{template['id']}/preview", json=unknown).status_code == 404


def test_counting_the_parts_of_a_text(api: TestClient) -> None:
    counted = api.post(f"{PATH}/sms-segments", json={"text": "₹" + "a" * 80}).json()["data"]
    assert (counted["segments"], counted["foreign"], counted["plain_segments"]) == (2, ["₹"], 1)


def test_a_template_that_a_journey_uses_stays(api: TestClient, tenant: UUID, now: datetime) -> None:
    template = made(api)
    node = {"id": "m", "type": "action.message", "config": {"channel": "sms", "template_id": template["id"]}}
    graph = {"schema": 1, "nodes": [node], "edges": [], "settings": {}}
    with tenant_session(tenant) as session:
        create_journey(session, tenant, "Winter", user_id=None, now=now, graph=graph)
    answer = api.delete(f"{PATH}/{template['id']}")
    assert answer.status_code == 409
    assert "Winter" in answer.json()["error"]["message"]


def test_without_a_key_nothing_is_told(visitor: TestClient) -> None:
    assert visitor.get(PATH).status_code == 401
