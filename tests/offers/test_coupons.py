"""Coupons: codes given once, terms answered with S4's reasons, and no limit ever passed (O1, O2)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from engine.core.accounts import create_tenant
from engine.core.db import tenant_session
from engine.core.errors import Code, Conflict, InvalidInput, NotFound, SafarError
from engine.core.ids import new_id
from engine.core.models import Branch, Notification
from engine.customers.models import Customer
from engine.events.models import Event
from engine.offers import granting
from engine.offers.codes import ALPHABET
from engine.offers.coupons import deactivate_coupon, update_coupon
from engine.offers.drafts import CouponChange, CouponDraft
from engine.offers.granting import Grant, grant_codes
from engine.offers.history import list_coupons
from engine.offers.models import Coupon, CouponCode, CouponRedemption
from engine.offers.redeeming import CouponRefused
from engine.offers.rules import discount
from engine.segments.membership import add_members
from engine.segments.models import Segment
from tests.offers.conftest import Shop

TILLS = 20


def all_of(shop: Shop, model: Any) -> list[Any]:
    with tenant_session(shop.tenant) as session:
        return list(session.scalars(select(model).order_by(model.id)))


def at_once(work: Callable[[int], Any], number: int = TILLS) -> list[Any]:
    """Do it in as many threads; what each returned, or the error it met."""

    def attempt(place: int) -> Any:
        try:
            return work(place)
        except SafarError as error:
            return error

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(attempt, range(number)))


# -- giving


def test_giving_twice_gives_one_code(shop: Shop) -> None:
    coupon, customers = shop.add_coupon(), shop.add_customers(50)
    grants = [Grant(new_id(), coupon.id, each, valid_days=7) for each in customers]
    for expected in (50, 0):
        with tenant_session(shop.tenant) as session:
            assert grant_codes(session, shop.tenant, grants, now=shop.now) == expected
    given = all_of(shop, CouponCode)
    assert sorted(each.customer_id for each in given) == sorted(customers)
    assert len({each.code for each in given}) == 50
    assert all(set(each.code) <= set(ALPHABET) and len(each.code) == 8 for each in given)
    assert {each.valid_until for each in given} == {date(2026, 3, 9)}
    told = [each for each in all_of(shop, Event) if each.name == "coupon.granted"]
    assert {each.properties["code"] for each in told} == {each.code for each in given}


def test_two_workers_that_give_the_same_give_it_once(shop: Shop) -> None:
    coupon, customers = shop.add_coupon(), shop.add_customers(20)
    grants = [Grant(new_id(), coupon.id, each) for each in customers]

    def work(_: int) -> int:
        with tenant_session(shop.tenant) as session:
            return grant_codes(session, shop.tenant, grants, now=shop.now)

    assert sum(at_once(work, 4)) == len(all_of(shop, CouponCode)) == 20


def test_a_code_somebody_has_is_drawn_anew(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    coupon = shop.add_coupon(code="TAKEN")
    drawn = iter(["TAKEN", "SAME", "SAME", "LAST", "FREE"])
    monkeypatch.setattr(granting, "draw_code", lambda length: next(drawn))
    given = shop.give(coupon, shop.add_customers(3))
    assert sorted(given) == ["FREE", "LAST", "SAME"]


def test_a_code_ends_with_the_coupon(shop: Shop) -> None:
    coupon, customers = shop.add_coupon(), shop.add_customers(2)
    shop.give(coupon, customers[:1], valid_days=90)
    shop.give(coupon, customers[1:])
    assert {each.valid_until for each in all_of(shop, CouponCode)} == {date(2026, 3, 31)}


def test_nobody_is_given_what_cannot_be_used(shop: Shop) -> None:
    (customer,), (erased,) = shop.add_customers(1), shop.add_customers(1, erased_at=shop.now)
    old = shop.add_coupon(valid_from=date(2026, 1, 1), valid_until=date(2026, 3, 1))
    off, good = shop.add_coupon(), shop.add_coupon()
    with tenant_session(shop.tenant) as session:
        deactivate_coupon(session, shop.tenant, off.id, actor="system", now=shop.now)
        grants = [Grant(new_id(), each.id, customer) for each in (old, off)]
        assert grant_codes(session, shop.tenant, grants, now=shop.now) == 0
        assert grant_codes(session, shop.tenant, [Grant(new_id(), good.id, erased)], now=shop.now) == 0


def test_who_was_merged_stands_for_who_took_over(shop: Shop) -> None:
    (known,) = shop.add_customers(1)
    (before,) = shop.add_customers(1, merged_into=known)
    coupon = shop.add_coupon()
    (code,) = shop.give(coupon, [before])
    assert [each.customer_id for each in all_of(shop, CouponCode)] == [known]
    assert shop.redeem(code, before).redemption.customer_id == known


def test_a_code_given_before_a_merge_is_good_for_who_took_over(shop: Shop) -> None:
    known, visitor = shop.add_customers(2)
    (code,) = shop.give(shop.add_coupon(), [visitor])
    with tenant_session(shop.tenant) as session:
        session.get_one(Customer, visitor).merged_into = known
    assert shop.validate(code, known).is_valid


# -- terms


TERMS: list[tuple[str, dict[str, Any], dict[str, Any], str, Code]] = [
    ("over", {"valid_until": date(2026, 3, 1)}, {}, "expired", Code.COUPON_EXPIRED),
    ("not yet", {"valid_from": date(2026, 3, 3)}, {}, "expired", Code.COUPON_EXPIRED),
    ("too small", {"min_order_minor": 100_001}, {}, "min_order_not_met", Code.COUPON_MIN_ORDER),
    (
        "service",
        {"services": ["Facial"]},
        {"services": ["haircut"]},
        "service_not_eligible",
        Code.COUPON_NOT_ELIGIBLE,
    ),
    (
        "category",
        {"categories": ["Spa"]},
        {"categories": []},
        "service_not_eligible",
        Code.COUPON_NOT_ELIGIBLE,
    ),
    ("personal", {"personal_only": True}, {}, "invalid_code", Code.INVALID_COUPON_CODE),
]


@pytest.mark.parametrize(("case", "terms", "order", "reason", "code"), TERMS, ids=[each[0] for each in TERMS])
def test_terms_are_answered_with_the_reason(
    shop: Shop, case: str, terms: dict[str, Any], order: dict[str, Any], reason: str, code: Code
) -> None:
    coupon, (customer,) = shop.add_coupon(code="SPRING20", **terms), shop.add_customers(1)
    verdict = shop.validate(" spring20", customer, **order)
    assert (verdict.reason, verdict.discount_minor) == (reason, 0) and verdict.message
    with pytest.raises(CouponRefused) as refused:
        shop.redeem("SPRING20", customer, **order)
    assert (refused.value.code, refused.value.details) == (code, {"reason": reason})
    assert shop.coupon(coupon.id).current_uses == 0


def test_a_coupon_that_fits_says_what_it_takes_off(shop: Shop) -> None:
    branch, (customer,) = new_id(), shop.add_customers(1)
    with tenant_session(shop.tenant) as session:
        session.add(Branch(id=branch, tenant_id=shop.tenant, name="Pune"))
    shop.add_coupon(code="FITS", branch_ids=[branch], services=["Facial"], min_order_minor=100_000)
    good = shop.validate("FITS", customer, branch_id=branch, services=["facial", "Haircut"])
    assert (good.reason, good.discount_minor) == (None, 20_000)
    assert shop.validate("FITS", customer, branch_id=branch).is_valid, "the till says nothing of services"
    for elsewhere in (None, new_id()):
        assert shop.validate("FITS", customer, branch_id=elsewhere).reason == "branch_not_eligible"


def test_days_are_those_of_the_shops_calendar(shop: Shop) -> None:
    shop.add_coupon(code="TODAY", valid_from=shop.now.date(), valid_until=shop.now.date())
    (customer,) = shop.add_customers(1)
    midnight = shop.now.replace(hour=18, minute=30)  # in India
    assert shop.validate("TODAY", customer, at=midnight - timedelta(minutes=1)).is_valid
    assert shop.validate("TODAY", customer, at=midnight).reason == "expired"


def test_only_customers_of_the_segment_may_use_it(shop: Shop) -> None:
    inside, outside = shop.add_customers(2)
    club = new_id()
    with tenant_session(shop.tenant) as session:
        session.add(Segment(id=club, tenant_id=shop.tenant, name="Club", is_dynamic=False))
        session.flush()
        add_members(session, shop.tenant, club, [inside], now=shop.now)
    shop.add_coupon(code="CLUB", segment_id=club)
    assert shop.validate("CLUB", inside).is_valid
    assert shop.validate("CLUB", outside).reason == "segment_not_eligible"


def test_a_customers_own_code_is_theirs_and_good_once(shop: Shop) -> None:
    asha, ravi = shop.add_customers(2)
    coupon = shop.add_coupon(personal_only=True, max_uses_per_customer=None)
    (code,) = shop.give(coupon, [asha])
    assert shop.validate(code, ravi).reason == "invalid_code"
    shop.redeem(code.lower(), asha)
    assert shop.validate(code, asha).reason == "customer_limit_reached"
    (another,) = shop.give(coupon, [asha])
    assert shop.redeem(another, asha).coupon.current_uses == 2


def test_no_code_of_a_coupon_that_was_switched_off_works(shop: Shop) -> None:
    coupon, (customer,) = shop.add_coupon(code="SPRING"), shop.add_customers(1)
    (code,) = shop.give(coupon, [customer])
    with tenant_session(shop.tenant) as session:
        deactivate_coupon(session, shop.tenant, coupon.id, actor="system", now=shop.now)
    assert {shop.validate(each, customer).reason for each in (code, "SPRING")} == {"invalid_code"}


def test_unknown_codes_and_customers(shop: Shop) -> None:
    (customer,) = shop.add_customers(1)
    assert shop.validate("NOTHING", customer).reason == "invalid_code"
    shop.add_coupon(code="SPRING")
    with pytest.raises(NotFound):
        shop.validate("SPRING", uuid4())


amounts = st.integers(0, 10**9)


@given(
    kind=st.sampled_from(["percentage", "flat", "free_service"]),
    percent=st.decimals("0.01", "100", places=2),
    amount=amounts,
    cap=st.none() | amounts,
    order=amounts,
)
def test_a_discount_never_exceeds_its_cap_nor_the_order(
    kind: str, percent: Any, amount: int, cap: int | None, order: int
) -> None:
    coupon = Coupon(discount_type=kind, percent=percent, amount_minor=amount, max_discount_minor=cap)
    off = discount(coupon, order)
    assert 0 <= off <= order and (cap is None or off <= cap)
    if kind == "percentage" and cap is None:
        assert abs(off - order * percent / 100) <= 0.5
    if kind == "flat" and cap is None:
        assert off == min(amount, order)


# -- redeeming


def test_an_order_uses_a_coupon_once_however_often_it_is_told(shop: Shop) -> None:
    coupon, customers = shop.add_coupon(code="SPRING"), shop.add_customers(2)
    told = [shop.redeem("SPRING", customers[0], "INV-1").is_new for _ in range(3)]
    assert told == [True, False, False]
    assert shop.coupon(coupon.id).current_uses == 1
    (used,) = all_of(shop, CouponRedemption)
    assert (used.order_minor, used.discount_minor, used.order_id) == (100_000, 20_000, "INV-1")
    assert [each.name for each in all_of(shop, Event)] == ["coupon.redeemed"]
    with pytest.raises(Conflict):
        shop.redeem("SPRING", customers[1], "INV-1")


def test_twenty_tills_at_once_never_pass_the_limit_of_all(shop: Shop) -> None:
    coupon, customers = shop.add_coupon(code="FIRST7", max_total_uses=7), shop.add_customers(TILLS)
    outcomes = at_once(lambda place: shop.redeem("FIRST7", customers[place]))
    refused = [each for each in outcomes if isinstance(each, SafarError)]
    assert len(refused) == TILLS - 7
    assert {each.code for each in refused} == {Code.COUPON_MAX_USES}
    assert shop.coupon(coupon.id).current_uses == len(all_of(shop, CouponRedemption)) == 7
    (told,) = all_of(shop, Notification)
    assert "FIRST7 is used up" in told.text


def test_twenty_tills_at_once_never_pass_a_customers_limit(shop: Shop) -> None:
    shop.add_coupon(code="TWICE", max_uses_per_customer=2)
    (customer,) = shop.add_customers(1)
    outcomes = at_once(lambda _: shop.redeem("TWICE", customer))
    assert sum(isinstance(each, CouponRefused) for each in outcomes) == TILLS - 2
    assert len(all_of(shop, CouponRedemption)) == 2


def test_twenty_tills_at_once_use_a_customers_own_code_once(shop: Shop) -> None:
    (customer,) = shop.add_customers(1)
    (code,) = shop.give(shop.add_coupon(max_uses_per_customer=None), [customer])
    outcomes = at_once(lambda _: shop.redeem(code, customer))
    assert sum(isinstance(each, CouponRefused) for each in outcomes) == TILLS - 1


def test_coupons_that_do_not_stack_are_alone_on_an_order(shop: Shop) -> None:
    (customer,) = shop.add_customers(1)
    for code, stacks in (("ALONE", False), ("ONE", True), ("TWO", True)):
        shop.add_coupon(code=code, allow_stacking=stacks, max_uses_per_customer=None)
    shop.redeem("ONE", customer, "INV-1")
    shop.redeem("TWO", customer, "INV-1")
    shop.redeem("ALONE", customer, "INV-2")
    for code, order in (("ALONE", "INV-1"), ("ONE", "INV-2")):
        with pytest.raises(CouponRefused, match="together"):
            shop.redeem(code, customer, order)


# -- keeping


def test_the_list_tells_what_became_of_each(shop: Shop) -> None:
    asha, ravi = shop.add_customers(2)
    coupon, other = shop.add_coupon(code="SPRING"), shop.add_coupon(code="OTHER", name="Winter")
    shop.give(coupon, [asha, ravi])
    shop.redeem("SPRING", asha)
    shop.redeem("SPRING", ravi, order_minor=50_000)
    with tenant_session(shop.tenant) as session:
        page = list_coupons(session, search="spri")
        assert [each.code for each in page.coupons] == ["SPRING", "OTHER"][:1] and page.total == 1
        figures = list_coupons(session).figures
    told = figures[coupon.id]
    assert (told.granted, told.redeemed, told.discount_minor, told.revenue_minor) == (2, 2, 30_000, 120_000)
    assert figures[other.id].redeemed == 0


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"percent": None}, "percent"),
    ({"discount_type": "flat"}, "amount_minor"),
    ({"discount_type": "free_service"}, "free_service"),
    ({"valid_until": date(2026, 2, 1)}, "valid_until"),
    ({"segment_id": uuid4()}, "segment_id"),
    ({"branch_ids": [uuid4()]}, "branch_ids"),
]


@pytest.mark.parametrize(("terms", "field"), WRONG)
def test_terms_that_make_no_sense_are_named(shop: Shop, terms: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        shop.add_coupon(**terms)
    assert refused.value.details == {"field": field}


def test_a_code_is_one_coupons_alone(shop: Shop) -> None:
    (code,) = shop.give(shop.add_coupon(code="SPRING"), shop.add_customers(1))
    for taken in ("spring", code):
        with pytest.raises(Conflict, match=r"^code:"):
            shop.add_coupon(code=taken)


def test_a_change_keeps_what_it_does_not_name(shop: Shop) -> None:
    coupon = shop.add_coupon(max_total_uses=5, categories=["Spa"])

    def change(**fields: Any) -> Coupon:
        with tenant_session(shop.tenant) as session:
            wanted = CouponChange.model_validate(fields)
            return update_coupon(session, shop.tenant, coupon.id, wanted, actor="system", now=shop.now)

    changed = change(discount_type="flat", amount_minor=5_000, max_total_uses=None, name=None)
    assert (changed.percent, changed.amount_minor, changed.max_total_uses) == (None, 5_000, None)
    assert (changed.name, changed.categories, changed.code) == ("Spring", ["Spa"], coupon.code)
    for each in shop.add_customers(2):
        shop.redeem(coupon.code, each, categories=["spa"])
    with pytest.raises(Conflict, match="2 times"):
        change(max_total_uses=1)


def test_a_draft_takes_no_unknown_fields() -> None:
    with pytest.raises(ValueError, match="uses_left"):
        CouponDraft.model_validate({"uses_left": 3})


def test_another_tenants_codes_do_not_exist(shop: Shop, database: str) -> None:
    other = create_tenant(f"other-{new_id().hex[-8:]}", "Other")
    shop.add_coupon(code="SPRING")
    theirs = Shop(other, shop.now)
    assert theirs.validate("SPRING", *theirs.add_customers(1)).reason == "invalid_code"
