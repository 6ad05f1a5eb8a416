"""Gift cards: given once, spent by whoever bears the code, and never below nothing (O2)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.core.db import tenant_session
from engine.core.errors import InvalidInput, NotFound
from engine.core.ids import new_id
from engine.events.models import Event
from engine.offers.gift_cards import (
    GiftCardGrant,
    GiftCardRefused,
    GiftCardRow,
    Spent,
    find_gift_card,
    gift_card_entries,
    grant_gift_cards,
    list_gift_cards,
    redeem_gift_card,
)
from tests.offers.conftest import Shop


def give(shop: Shop, amount_minor: int = 50_000, **more: int) -> GiftCardRow:
    (customer,) = shop.add_customers(1, name="Asha Rao")
    grant = GiftCardGrant(new_id(), customer, amount_minor, **more)
    with tenant_session(shop.tenant) as session:
        grant_gift_cards(session, shop.tenant, [grant], now=shop.now)
        return list_gift_cards(session)[0][0]


def spend(shop: Shop, code: str, amount_minor: int, order_id: str = "", days: int = 0) -> Spent:
    with tenant_session(shop.tenant) as session:
        return redeem_gift_card(
            session,
            shop.tenant,
            code,
            amount_minor=amount_minor,
            order_id=order_id or new_id().hex,
            now=shop.now + timedelta(days=days),
        )


def ledger(shop: Shop, card: GiftCardRow) -> list[tuple[int, int]]:
    with tenant_session(shop.tenant) as session:
        return [(each.amount_minor, each.balance_minor) for each in gift_card_entries(session, card.id)]


def test_giving_twice_gives_one_card(shop: Shop) -> None:
    grants = [GiftCardGrant(new_id(), each, 50_000, valid_days=30) for each in shop.add_customers(30)]
    for expected in (30, 0):
        with tenant_session(shop.tenant) as session:
            assert grant_gift_cards(session, shop.tenant, grants, now=shop.now) == expected
    with tenant_session(shop.tenant) as session:
        cards, total = list_gift_cards(session, size=100)
        told = session.scalars(select(Event).where(Event.name == "gift_card.granted")).all()
    assert total == len({each.code for each in cards}) == len(told) == 30
    assert {(each.balance_minor, each.currency, each.valid_until) for each in cards} == {
        (50_000, "INR", date(2026, 4, 1))
    }
    assert ledger(shop, cards[0]) == [(50_000, 50_000)]


def test_a_card_is_spent_in_parts_and_its_ledger_tells_it(shop: Shop) -> None:
    card = give(shop)
    typed = f"{card.code[:4]}-{card.code[4:8]} {card.code[8:]}".lower()
    assert spend(shop, typed, 20_000).balance_minor == 30_000
    assert spend(shop, card.code, 30_000).balance_minor == 0
    assert sorted(ledger(shop, card)) == [(-30_000, 0), (-20_000, 30_000), (50_000, 50_000)]
    with pytest.raises(GiftCardRefused, match="Only ₹0 are left"):
        spend(shop, card.code, 1)


def test_an_order_is_paid_once_however_often_it_is_told(shop: Shop) -> None:
    card = give(shop)
    told = [spend(shop, card.code, 20_000, "INV-1") for _ in range(3)]
    assert [each.is_new for each in told] == [True, False, False]
    assert {each.balance_minor for each in told} == {30_000}
    with pytest.raises(InvalidInput, match="₹200"):
        spend(shop, card.code, 100, "INV-1")


def test_twenty_tills_at_once_never_spend_more_than_is_on_it(shop: Shop) -> None:
    card = give(shop, 50_000)

    def attempt(_: int) -> bool:
        try:
            return spend(shop, card.code, 9_000).is_new
        except GiftCardRefused:
            return False

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(20))) == 5
    with tenant_session(shop.tenant) as session:
        assert find_gift_card(session, card.code).balance_minor == 5_000


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(wishes=st.lists(st.integers(1, 400), max_size=12))
def test_the_balance_is_the_sum_of_the_ledger_and_never_negative(shop: Shop, wishes: Sequence[int]) -> None:
    card, left = give(shop, 1_000), 1_000
    for wish in wishes:
        if wish <= left:
            left = spend(shop, card.code, wish).balance_minor
        else:
            with pytest.raises(GiftCardRefused):
                spend(shop, card.code, wish)
    lines = ledger(shop, card)
    assert sum(amount for amount, _ in lines) == left >= 0
    assert all(balance >= 0 for _, balance in lines)


def test_a_card_that_is_over_is_refused(shop: Shop) -> None:
    card = give(shop, valid_days=10)
    spend(shop, card.code, 100, days=10)
    with pytest.raises(GiftCardRefused, match="12 March 2026"):
        spend(shop, card.code, 100, days=11)


def test_wrong_codes_and_amounts(shop: Shop) -> None:
    with pytest.raises(NotFound):
        spend(shop, "NOTHING", 100)
    with pytest.raises(InvalidInput, match="amount_minor"):
        spend(shop, give(shop).code, 0)


def test_cards_are_found_by_code_and_name(shop: Shop) -> None:
    card = give(shop)
    with tenant_session(shop.tenant) as session:
        for wish, found in ((card.code[:5].lower(), 1), ("asha", 1), ("ravi", 0)):
            assert list_gift_cards(session, search=wish)[1] == found
