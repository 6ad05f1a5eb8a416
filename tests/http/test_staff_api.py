"""`/api/v1/staff`."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from engine.core.accounts import create_user
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import key_of, new_id
from engine.core.models import Role
from engine.customers.models import Customer
from engine.delivery.models import Conversation
from engine.events.record import NewEvent, record

PATH = "/api/v1/staff"


@pytest.fixture
def priya(tenant: UUID) -> str:
    """A customer who was last here long ago."""
    customer_id = new_id()
    with tenant_session(tenant) as session:
        session.add(
            Customer(
                id=customer_id,
                tenant_id=tenant,
                name="प्रिया वर्मा",
                phone="+919820012345",
                last_order_at=utc_now() - timedelta(days=80),
            )
        )
    return str(customer_id)


@pytest.fixture
def asha(tenant: UUID) -> str:
    """One of the staff."""
    return str(
        create_user(tenant, f"a-{tenant.hex[-8:]}@example.in", "Asha", Role.RECEPTIONIST, "a long one")
    )


def _write(tenant: UUID, customer_id: str, words: str, at: datetime) -> None:
    customer = UUID(customer_id)
    said = {"text": words, "channel": "whatsapp"}
    event = NewEvent(customer, "message.replied", "track", "test", said, {}, at, key_of(customer, at))
    with tenant_session(tenant) as session:
        record(session, tenant, [event], now=at)
        session.add(
            Conversation(
                tenant_id=tenant, customer_id=customer, channel="whatsapp", last_text=words, last_at=at
            )
        )


def test_a_reminder_from_making_to_deleting(api: TestClient, priya: str, asha: str) -> None:
    body = {"customer_id": priya, "reminder_date": "2026-12-01", "reminder_time": "11:30", "note": "Call"}
    made = api.post(f"{PATH}/followups", json=body)
    assert made.status_code == 201
    followup = made.json()["data"]
    assert (followup["reminder_time"], followup["status"], followup["source"]) == (
        "11:30:00",
        "pending",
        "api",
    )
    one = f"{PATH}/followups/{followup['id']}"

    changed = api.patch(one, json={"reminder_date": "2026-12-03", "staff_id": asha}).json()["data"]
    assert (changed["reminder_date"], changed["reminder_time"], changed["staff_id"]) == (
        "2026-12-03",
        "11:30:00",
        asha,
    )
    assert api.patch(one, json={"reminder_time": None}).json()["data"]["reminder_time"] is None

    (row,) = api.get(f"{PATH}/followups", params={"staff_id": asha}).json()["data"]
    assert (row["customer_name"], row["staff_name"]) == ("प्रिया वर्मा", "Asha")
    assert api.get(f"{PATH}/followups", params={"until": "2026-12-02"}).json()["data"] == []

    assert api.patch(one, json={"status": "completed"}).json()["data"]["completed_at"]
    refused = api.patch(one, json={"status": "dismissed"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "SAFAR_005")
    assert api.delete(one).status_code == 204
    assert api.delete(one).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"reminder_date": "tomorrow"},
        {"reminder_time": "25:00"},
        {"note": "x" * 2001},
        {"staff_id": str(new_id())},
        {"colour": "red"},
    ],
)
def test_a_reminder_that_cannot_be_names_its_field(
    api: TestClient, priya: str, change: dict[str, str]
) -> None:
    answer = api.post(
        f"{PATH}/followups", json={"customer_id": priya, "reminder_date": "2026-12-01"} | change
    )
    assert answer.status_code == 422
    assert next(iter(change)) in answer.json()["error"]["message"]


def test_a_conversation_is_read_answered_and_given_away(
    api: TestClient, tenant: UUID, priya: str, asha: str
) -> None:
    _write(tenant, priya, "क्या रविवार को जगह है?", utc_now() - timedelta(minutes=5))
    (row,) = api.get(f"{PATH}/conversations", params={"status": "open", "search": "रविवार"}).json()["data"]
    assert (row["customer_id"], row["status"]) == (priya, "open")
    one = f"{PATH}/conversations/{priya}"

    assert api.post(f"{one}/assign", json={"user_id": asha}).json()["data"]["assigned_name"] == "Asha"
    body = {"text": "हाँ, 11 बजे", "key": str(new_id()), "user_id": asha}
    sent = api.post(f"{one}/answer", json=body)
    assert (sent.status_code, sent.json()["data"]["queued"], sent.json()["data"]["status"]) == (
        202,
        1,
        "done",
    )
    assert api.post(f"{one}/answer", json=body).json()["data"]["queued"] == 0
    said = api.get(one).json()["data"]["thread"]
    assert [(each["is_ours"], each["text"]) for each in said] == [
        (False, "क्या रविवार को जगह है?"),
        (True, "हाँ, 11 बजे"),
    ]
    assert api.post(f"{one}/reopen").json()["data"]["status"] == "open"
    assert api.post(f"{one}/close").json()["data"]["status"] == "done"
    assert api.get(f"{PATH}/conversations", params={"status": "open"}).json()["data"] == []


def test_free_text_after_whatsapps_day_is_refused(api: TestClient, tenant: UUID, priya: str) -> None:
    _write(tenant, priya, "Hello?", utc_now() - timedelta(hours=25))
    answer = api.post(f"{PATH}/conversations/{priya}/answer", json={"text": "Hi"})
    assert answer.status_code == 409
    assert "template" in answer.json()["error"]["message"]


def test_quiet_customers(api: TestClient, priya: str) -> None:
    (row,) = api.get(f"{PATH}/inactive-customers", params={"days": 60}).json()["data"]
    assert (row["id"], row["days_quiet"], row["reminder_date"]) == (priya, 80, None)
    assert api.get(f"{PATH}/inactive-customers", params={"days": 90}).json()["data"] == []
    assert api.get(f"{PATH}/inactive-customers", params={"days": 0}).status_code == 422


def test_nobodys(api: TestClient, priya: str) -> None:
    for answer in (
        api.get(f"{PATH}/conversations/{priya}"),
        api.post(f"{PATH}/conversations/{priya}/answer", json={"text": "Hi"}),
        api.patch(f"{PATH}/followups/{new_id()}", json={"note": "x"}),
        api.post(f"{PATH}/followups", json={"customer_id": str(new_id()), "reminder_date": "2026-12-01"}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SAFAR_002")


def test_the_desk_needs_a_key(visitor: TestClient) -> None:
    assert visitor.get(f"{PATH}/followups").status_code == 401
