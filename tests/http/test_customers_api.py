"""`/api/v1/customers`."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.profiles import Profile, save_profiles

PATH = "/api/v1/customers"
CUSTOMERS = "Customer ID,Name,Mobile,WhatsApp consent\nK1,Asha Rao,98200 12345,yes\nK2,Rohan,12,no\n"


@pytest.fixture
def asha(tenant: UUID, now: datetime) -> str:
    """A customer's id."""
    profile = Profile(user_id="K1", name="Asha Rao", phone="+919820012345", tags=("vip",))
    with tenant_session(tenant) as session:
        return str(save_profiles(session, tenant, [profile], source="test", now=now)[0].customer_id)


def _post(api: TestClient, path: str, content: str | bytes, **fields: str) -> Any:
    return api.post(f"{PATH}/{path}", files={"file": ("shop.csv", content, "text/csv")}, data=fields)


def test_list_and_search(api: TestClient, asha: str) -> None:
    data = api.get(PATH, params={"search": "98200", "tag": "vip", "sort": "spend"}).json()["data"]
    assert (data["total"], data["customers"][0]["id"], data["customers"][0]["name"]) == (1, asha, "Asha Rao")
    assert api.get(PATH, params={"search": "nobody"}).json()["data"] == {"customers": [], "total": 0}


@pytest.mark.parametrize("query", [{"sort": "mood"}, {"limit": 0}, {"limit": 501}, {"offset": -1}])
def test_a_list_that_cannot_be_made(api: TestClient, query: dict[str, Any]) -> None:
    answer = api.get(PATH, params=query)
    assert answer.status_code == 422
    assert next(iter(query)) in answer.json()["error"]["message"]


def test_one_customer(api: TestClient, asha: str) -> None:
    data = api.get(f"{PATH}/{asha}").json()["data"]
    assert (data["external_id"], data["phone"], data["order_count"]) == ("K1", "+919820012345", 0)
    assert {"kind": "user_id", "value": "K1"} in data["identities"]
    assert data["consents"] == []
    assert "tenant_id" not in data


def test_tags(api: TestClient, asha: str) -> None:
    answer = api.put(f"{PATH}/{asha}/tags", json={"add": ["gold"], "remove": ["vip"]})
    assert answer.json()["data"] == {"id": asha, "tags": ["gold"]}
    assert api.put(f"{PATH}/{asha}/tags", json={"add": [" "]}).status_code == 422


def test_nobody(api: TestClient) -> None:
    for answer in (
        api.get(f"{PATH}/{new_id()}"),
        api.get(f"{PATH}/{new_id()}/timeline"),
        api.put(f"{PATH}/{new_id()}/tags", json={"add": ["x"]}),
        api.get(f"{PATH}/imports/{new_id()}/rejected.csv"),
    ):
        assert answer.status_code == 404


def test_without_a_key_nothing(visitor: TestClient) -> None:
    assert visitor.get(PATH).status_code == 401
    assert _post(visitor, "import", CUSTOMERS).status_code == 401


def test_import_preview_and_download(api: TestClient) -> None:
    looked = _post(api, "import/preview", CUSTOMERS).json()["data"]
    assert (looked["total_rows"], looked["rejected_rows"]) == (2, 1)
    assert looked["mapping"]["Mobile"] == "phone"
    assert (looked["problems"][0]["row"], looked["problems"][0]["column"]) == (3, "Mobile")
    assert api.get(PATH).json()["data"]["total"] == 0

    made = _post(api, "import", CUSTOMERS)
    assert made.status_code == 201
    data = made.json()["data"]
    assert (data["created"], data["updated"], len(data["rejected"])) == (1, 0, 1)
    (listed,) = api.get(f"{PATH}/imports").json()["data"]
    assert (listed["id"], listed["rejected"]) == (data["import_id"], 1)
    file = api.get(f"{PATH}/imports/{data['import_id']}/rejected.csv")
    assert "attachment" in file.headers["content-disposition"]
    assert "K2,Rohan,12,no,\"Mobile: '12' is not a phone number" in file.content.decode("utf-8-sig")


def test_orders_and_their_timeline(api: TestClient, asha: str, now: datetime) -> None:
    bought = now - timedelta(days=3)
    content = f"Bill,Client,On,Rs\nB1,K1,{bought.isoformat()},1250.50\n"
    mapping = '{"Bill": "order_id", "Client": "external_id", "On": "ordered_at", "Rs": "total"}'
    made = _post(api, "import", content, kind="orders", mapping=mapping)
    assert made.json()["data"]["created"] == 1
    (entry,) = api.get(f"{PATH}/{asha}/timeline").json()["data"]
    assert (entry["kind"], entry["title"], entry["detail"]["total_minor"]) == ("order", "B1", 125050)
    later = api.get(f"{PATH}/{asha}/timeline", params={"before": bought.isoformat()})
    assert later.json()["data"] == []
    assert api.get(f"{PATH}/{asha}").json()["data"]["total_spend_minor"] == 125050


@pytest.mark.parametrize(
    ("content", "fields", "message"),
    [
        (b"PK\x03\x04", {}, "Excel workbook"),
        (b"", {}, "is empty"),
        (b"a,b\n1,2\n", {}, "mapping: No column is"),
        (b"phone\n1\n", {"kind": "cats"}, "kind"),
        (b"phone\n1\n", {"mapping": "{"}, "mapping"),
        (b"phone\n1\n", {"mapping": '{"fax": "phone"}'}, "no column 'fax'"),
        (b"phone\n1\n", {"colour": "red"}, "colour"),
    ],
)
def test_an_upload_that_cannot_be_used(
    api: TestClient, content: bytes, fields: dict[str, str], message: str
) -> None:
    answer = _post(api, "import", content, **fields)
    assert answer.status_code == 422
    assert message in answer.json()["error"]["message"]


def test_a_preview_bears_a_mapping_that_does_not_fit(api: TestClient) -> None:
    looked = _post(api, "import/preview", b"phone\n9820012345\n", mapping='{"fax": "attribute"}').json()[
        "data"
    ]
    assert "no column 'fax'" in looked["problems"][0]["message"]


def test_an_upload_without_a_file_or_too_large(api: TestClient) -> None:
    assert "file" in api.post(f"{PATH}/import", data={"kind": "customers"}).json()["error"]["message"]
    answer = api.post(f"{PATH}/import", content=b"x", headers={"Content-Length": "99000000"})
    assert answer.status_code == 413
