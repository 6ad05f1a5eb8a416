"""`/api/v1/coupons` and `/api/v1/gift-cards`."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.models import AuditEntry
from engine.customers.models import Customer
from engine.offers.gift_cards import GiftCardGrant, grant_gift_cards, list_gift_cards
from engine.segments.models import Segment

PATH, CARDS = "/api/v1/coupons", "/api/v1/gift-cards"
TODAY = utc_now().date()
TERMS: dict[str, Any] = {
    "code": "Diwali-20",
    "name": "Diwali",
    "discount_type": "percentage",
    "percent": 12.5,
    "max_discount_minor": 50_000,
    "min_order_minor": 10_000,
    "valid_from": str(TODAY - timedelta(days=1)),
    "valid_until": str(TODAY + timedelta(days=30)),
    "max_total_uses": 2,
}


@pytest.fixture
def customer(tenant: UUID) -> str:
    with tenant_session(tenant) as session:
        made = Customer(id=new_id(), tenant_id=tenant, name="Asha Rao")
        session.add(made)
    return str(made.id)


def make(api: TestClient, **terms: Any) -> dict[str, Any]:
    answer = api.post(PATH, json=TERMS | terms)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"]["coupon"])


def order(customer: str, amount: int = 100_000, **more: Any) -> dict[str, Any]:
    return {"code": "diwali-20", "customer_id": customer, "order_amount_minor": amount, **more}


def test_a_coupon_is_made_used_and_told_of(api: TestClient, customer: str) -> None:
    coupon = make(api)
    assert (coupon["code"], coupon["percent"], coupon["current_uses"]) == ("DIWALI-20", 12.5, 0)
    good = api.post(f"{PATH}/validate", json=order(customer)).json()["data"]
    assert (good["valid"], good["discount_minor"], good["coupon"]["id"]) == (True, 12_500, coupon["id"])
    for already in (False, True):
        used = api.post(f"{PATH}/redeem", json=order(customer, order_id="INV-1")).json()["data"]
        assert (used["redemption"]["discount_minor"], used["already"]) == (12_500, already)
    shown = api.get(f"{PATH}/{coupon['id']}").json()["data"]["coupon"]
    assert (shown["current_uses"], shown["revenue_minor"]) == (1, 87_500)
    listed = api.get(f"{PATH}/{coupon['id']}/redemptions").json()["data"]
    (one,) = listed["redemptions"]
    assert (listed["total"], one["order_id"], one["customer_name"]) == (1, "INV-1", "Asha Rao")


def test_what_cannot_be_used_says_why_with_s4s_codes(api: TestClient, customer: str) -> None:
    make(api)
    said = api.post(f"{PATH}/validate", json=order(customer, 9_999)).json()["data"]
    assert (said["valid"], said["invalid_reason"], said["code"]) == (
        False,
        "min_order_not_met",
        "MARKETING_034",
    )
    assert "₹100" in said["message"]
    refused = api.post(f"{PATH}/redeem", json=order(customer, 9_999, order_id="INV-1"))
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "MARKETING_034"
    assert refused.json()["error"]["details"] == {"reason": "min_order_not_met"}
    unknown = api.post(f"{PATH}/validate", json=order(customer) | {"code": "NOTHING"}).json()["data"]
    assert unknown["code"] == "MARKETING_030"
    stranger = api.post(f"{PATH}/validate", json=order(str(new_id())))
    assert (stranger.status_code, stranger.json()["error"]["code"]) == (404, "SAFAR_002")


def test_a_coupon_is_changed_and_switched_off(api: TestClient, tenant: UUID, customer: str) -> None:
    path = f"{PATH}/{make(api)['id']}"
    changed = api.patch(path, json={"max_total_uses": None, "name": "Diwali again"}).json()["data"]["coupon"]
    assert (changed["max_total_uses"], changed["name"], changed["percent"]) == (None, "Diwali again", 12.5)
    assert api.delete(path).json()["data"]["coupon"]["is_active"] is False
    said = api.post(f"{PATH}/validate", json=order(customer)).json()["data"]
    assert said["invalid_reason"] == "invalid_code"
    assert api.get(PATH, params={"is_active": True}).json()["data"] == {"coupons": [], "total": 0}
    with tenant_session(tenant) as session:
        audited = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [each for each in audited if each.startswith("coupon")] == [
        "coupon.created",
        "coupon.changed",
        "coupon.changed",
    ]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"percent": 0}, "percent"),
        ({"percent": 100.01}, "percent"),
        ({"name": " "}, "name"),
        ({"code": "a b"}, "code"),
        ({"valid_until": "2020-01-01"}, "valid_until"),
        ({"max_total_uses": 0}, "max_total_uses"),
        ({"discount_type": "flat"}, "amount_minor"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_wrong_field_is_named(api: TestClient, terms: dict[str, Any], field: str) -> None:
    answer = api.post(PATH, json=TERMS | terms)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith(f"{field}:")


def test_a_code_is_drawn_when_none_is_given_and_taken_once(api: TestClient) -> None:
    assert len(make(api, code=None)["code"]) == 8
    make(api)
    taken = api.post(PATH, json=TERMS)
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "SAFAR_005")


def test_pages_of_coupons(api: TestClient) -> None:
    for number in range(3):
        make(api, code=f"CODE{number}", name=f"Offer {number}")
    page = api.get(PATH, params={"page": 2, "size": 2}).json()["data"]
    assert ([each["code"] for each in page["coupons"]], page["total"]) == (["CODE0"], 3)
    assert api.get(PATH, params={"size": 201}).status_code == 422
    assert api.get(f"{PATH}/{new_id()}").status_code == 404
    assert api.get(f"{PATH}/{new_id()}/redemptions").status_code == 404


def test_without_a_key_nothing_is_told(visitor: TestClient) -> None:
    for path in (PATH, CARDS):
        assert visitor.get(path).status_code == 401
        assert visitor.post(f"{path}/redeem", json={}).status_code == 401


def test_a_segment_that_a_coupon_needs_is_kept(api: TestClient, tenant: UUID) -> None:
    segment = new_id()
    with tenant_session(tenant) as session:
        session.add(Segment(id=segment, tenant_id=tenant, name="Club", is_dynamic=False))
    make(api, segment_id=str(segment))
    kept = api.delete(f"/api/v1/segments/{segment}")
    assert kept.status_code == 409 and "DIWALI-20" in kept.json()["error"]["message"]


def test_a_gift_card_is_looked_up_and_spent(api: TestClient, tenant: UUID, customer: str) -> None:
    with tenant_session(tenant) as session:
        grant_gift_cards(session, tenant, [GiftCardGrant(new_id(), UUID(customer), 50_000)], now=utc_now())
        code = list_gift_cards(session)[0][0].code
    known = api.post(f"{CARDS}/validate", json={"code": code.lower()}).json()["data"]
    assert (known["valid"], known["gift_card"]["balance_minor"]) == (True, 50_000)
    payment = {"code": code, "amount_minor": 30_000, "order_id": "INV-9"}
    for already in (False, True):
        spent = api.post(f"{CARDS}/redeem", json=payment).json()["data"]
        assert (spent["balance_minor"], spent["already"]) == (20_000, already)
    refused = api.post(f"{CARDS}/redeem", json=payment | {"order_id": "INV-10"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "SAFAR_030")
    assert refused.json()["error"]["details"]["balance_minor"] == 20_000
    listed = api.get(CARDS, params={"customer_id": customer}).json()["data"]
    assert (listed["total"], listed["gift_cards"][0]["customer_name"]) == (1, "Asha Rao")
    assert api.post(f"{CARDS}/validate", json={"code": "NOTHING"}).status_code == 404
