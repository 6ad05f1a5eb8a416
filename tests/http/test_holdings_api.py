"""`/api/v1/customers/{id}/appointments` and `…/entitlements`."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select
from starlette.testclient import TestClient

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.models import Branch
from engine.customers.profiles import Profile, save_profiles
from engine.events.models import Event

PATH = "/api/v1/customers"


@pytest.fixture
def asha(tenant: UUID, now: datetime) -> str:
    """A customer's address in the interface."""
    with tenant_session(tenant) as session:
        saved = save_profiles(session, tenant, [Profile(user_id="K1")], source="test", now=now)
    return f"{PATH}/{saved[0].customer_id}"


def _events(tenant: UUID) -> list[str]:
    with tenant_session(tenant) as session:
        return list(session.scalars(select(Event.name).order_by(Event.id)))


def test_an_appointment_is_put_completed_and_listed(api: TestClient, asha: str, tenant: UUID) -> None:
    branch = new_id()
    with tenant_session(tenant) as session:
        session.execute(insert(Branch), [{"id": branch, "tenant_id": tenant, "name": "Bandra"}])
    starts = datetime(2026, 3, 5, 4, 30, tzinfo=UTC)
    body = {
        "external_id": "A1", "starts_at": starts.isoformat(), "service": "Haircut", "branch": "bandra",
        "amount_minor": 80000,
    }  # fmt: skip
    assert api.get(f"{asha}/appointments").json() == {"success": True, "data": []}
    for _ in range(2):
        [made] = api.put(f"{asha}/appointments", json=body).json()["data"]
    assert (made["external_id"], made["status"], made["service"], made["branch_id"]) == (
        "A1", "booked", "Haircut", str(branch)
    )  # fmt: skip
    [done] = api.put(f"{asha}/appointments", json={"external_id": "A1", "status": "completed"}).json()["data"]
    assert (done["status"], done["amount_minor"]) == ("completed", 80000)
    old = {"external_id": "A1", "status": "cancelled", "at": "2020-01-01T00:00:00Z"}
    [same] = api.put(f"{asha}/appointments", json=old).json()["data"]
    assert same["status"] == "completed"
    assert api.get(asha).json()["data"]["visit_count"] == 1
    assert _events(tenant)[:2] == ["Appointment Booked", "Appointment Completed"]


def test_a_membership_a_package_and_points(api: TestClient, asha: str, tenant: UUID) -> None:
    soon = (utc_now() + timedelta(days=9)).date().isoformat()
    for body in (
        {"kind": "membership", "external_id": "M1", "name": "Gold", "expires_on": soon},
        {"kind": "package", "external_id": "P1", "name": "Ten classes", "balance": 10},
        {"kind": "package", "external_id": "P1", "balance": 9},
        {"kind": "points", "external_id": "L1", "balance": 250},
    ):
        assert api.put(f"{asha}/entitlements", json=body).status_code == 200
    held = {each["external_id"]: each for each in api.get(f"{asha}/entitlements").json()["data"]}
    assert (held["M1"]["status"], held["M1"]["expires_on"], held["P1"]["balance"]) == ("active", soon, 9)
    assert api.get(asha).json()["data"]["membership_status"] == "active"
    api.put(f"{asha}/entitlements", json={"kind": "membership", "external_id": "M1", "status": "cancelled"})
    assert api.get(asha).json()["data"]["membership_status"] == "cancelled"
    assert _events(tenant) == [
        "Membership Started", "Package Purchased", "Package Used", "Loyalty Points Earned", "Membership Cancelled"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("appointments", {}, "external_id"),
        ("appointments", {"external_id": " "}, "external_id"),
        ("appointments", {"external_id": "A", "status": "lost"}, "status"),
        ("appointments", {"external_id": "A", "starts_at": "2026-03-01T10:00:00"}, "starts_at"),
        ("appointments", {"external_id": "A", "amount_minor": -1}, "amount_minor"),
        ("appointments", {"external_id": "A", "branch": "Nowhere"}, "branch"),
        ("appointments", {"external_id": "A", "colour": "red"}, "colour"),
        ("entitlements", {"external_id": "A"}, "kind"),
        ("entitlements", {"kind": "coupon", "external_id": "A"}, "kind"),
        ("entitlements", {"kind": "package", "external_id": "A", "balance": 1.5}, "balance"),
        ("entitlements", {"kind": "package", "external_id": "A", "status": "expired"}, "status"),
        ("entitlements", {"kind": "membership", "external_id": "A", "balance": 3}, "balance"),
        ("entitlements", {"kind": "points", "external_id": "A", "expires_on": "1066-10-14"}, "expires_on"),
        (
            "entitlements",
            {"kind": "package", "external_id": "A", "starts_on": "2026-03-02", "expires_on": "2026-03-01"},
            "expires_on",
        ),
    ],
)
def test_a_bad_field_is_named(
    api: TestClient, asha: str, path: str, body: dict[str, Any], field: str
) -> None:
    answer = api.put(f"{asha}/{path}", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "SAFAR_001")
    assert error["message"].startswith(f"{field}: ")
    assert api.get(f"{asha}/{path}").json()["data"] == []


@pytest.mark.parametrize("path", ["appointments", "entitlements"])
def test_nobody_has_nothing(api: TestClient, visitor: TestClient, path: str) -> None:
    body = {"kind": "points", "external_id": "A"} if path == "entitlements" else {"external_id": "A"}
    assert api.get(f"{PATH}/{new_id()}/{path}").status_code == 404
    assert api.put(f"{PATH}/{new_id()}/{path}", json=body).status_code == 404
    del visitor.headers["Authorization"]
    assert visitor.get(f"{PATH}/{new_id()}/{path}").status_code == 401
