"""What messages cost, by REST."""

from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.testclient import TestClient

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.models import Branch
from engine.core.tenants import update_settings
from engine.delivery.spend import Charge, book


def test_a_months_spend_comes_with_its_budget(api: TestClient, tenant: UUID, now: datetime) -> None:
    with tenant_session(tenant) as session:
        update_settings(session, tenant, {"monthly_budget_minor": 1000}, actor="test", now=now)
        month = now.date().replace(day=1)
        book(session, tenant, [Charge(month, None, "whatsapp", "marketing", 2_500_000)])
    answer = api.get("/api/v1/spend", params={"month": "2026-03"}).json()["data"]
    assert (answer["month"], answer["currency"], answer["total_micro"]) == ("2026-03", "INR", 2_500_000)
    assert answer["budget"]["percent"] == 25
    assert [line["channel"] for line in answer["lines"]] == ["whatsapp"]
    assert api.get("/api/v1/spend").json()["data"]["total_micro"] == 0


def test_a_month_that_is_none_is_refused_by_name(api: TestClient) -> None:
    for month in ("March", "2026-13", "2026-3", "2026-03-01"):
        answer = api.get("/api/v1/spend", params={"month": month})
        assert answer.status_code == 422
        assert answer.json()["error"]["details"] == {"field": "month"}


def test_own_prices_are_put_and_read_back(api: TestClient) -> None:
    own = {"channel": "sms", "category": "marketing", "country": "IN", "price_micro": 170_000}
    answer = api.put("/api/v1/rates", json={"rates": [own]})
    assert answer.status_code == 200
    assert own | {"is_own": True} in _rates(api)
    assert any(rate["channel"] == "whatsapp" and not rate["is_own"] for rate in _rates(api))
    api.put("/api/v1/rates", json={"rates": []})
    assert not any(rate["is_own"] for rate in _rates(api))


def test_a_price_of_no_known_kind_is_refused_by_name(api: TestClient) -> None:
    wrong = {"channel": "sms", "category": "utility", "country": "IN", "price_micro": 1}
    answer = api.put("/api/v1/rates", json={"rates": [wrong]})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"] == {"field": "rates.0.category"}
    huge = wrong | {"category": "marketing", "price_micro": 10**20}
    assert api.put("/api/v1/rates", json={"rates": [huge]}).status_code == 422


def test_budgets_are_put_and_read_back(api: TestClient, tenant: UUID) -> None:
    assert api.get("/api/v1/budgets").json()["data"]["monthly_budget_minor"] is None
    branch_id = new_id()
    with tenant_session(tenant) as session:
        session.add(Branch(id=branch_id, tenant_id=tenant, name="Bandra"))
    wish = {
        "monthly_budget_minor": 500_000,
        "budget_alert_threshold_percent": 70,
        "branches": [{"branch_id": str(branch_id), "monthly_budget_minor": 200_000}],
    }
    assert api.put("/api/v1/budgets", json=wish).status_code == 200
    kept = api.get("/api/v1/budgets").json()["data"]
    assert (kept["currency"], kept["monthly_budget_minor"]) == ("INR", 500_000)
    assert kept["budget_alert_threshold_percent"] == 70
    assert kept["branches"] == [wish["branches"][0] | {"name": "Bandra"}]


def test_a_budget_that_cannot_be_is_refused_by_name(api: TestClient) -> None:
    fair = {"monthly_budget_minor": 1, "budget_alert_threshold_percent": 80}
    negative = api.put("/api/v1/budgets", json=fair | {"monthly_budget_minor": -1})
    assert negative.status_code == 422
    assert negative.json()["error"]["details"] == {"field": "monthly_budget_minor"}
    nobodys = fair | {"branches": [{"branch_id": str(new_id()), "monthly_budget_minor": 5}]}
    assert api.put("/api/v1/budgets", json=nobodys).status_code == 404


def _rates(api: TestClient) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = api.get("/api/v1/rates").json()["data"]["rates"]
    return answer
