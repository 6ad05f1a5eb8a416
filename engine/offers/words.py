"""Offers in words, and what templates may say of the coupon or gift card a journey gave (T1)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.offers.models import DiscountType
from engine.templates.liquid import money

COUPONS = text("""
    SELECT given.enrolment_id, given.visit, given.code, given.valid_until, coupon.name, coupon.discount_type,
        coupon.percent, coupon.amount_minor, coupon.free_service, tenant.currency
    FROM coupon_codes given JOIN coupons coupon ON coupon.id = given.coupon_id
    JOIN tenants tenant ON tenant.id = given.tenant_id
    WHERE given.tenant_id = :tenant AND given.enrolment_id = ANY(CAST(:enrolments AS uuid[]))
    ORDER BY given.enrolment_id, given.visit
""")

GIFT_CARDS = text("""
    SELECT enrolment_id, visit, code, valid_until, initial_minor, currency FROM gift_cards
    WHERE tenant_id = :tenant AND enrolment_id = ANY(CAST(:enrolments AS uuid[]))
    ORDER BY enrolment_id, visit
""")

Given = Mapping[UUID, Sequence[tuple[int, Mapping[str, Any]]]]
"""By enrolment: the visit at which something was given, and what templates say of it, the earliest first."""


def load_given(session: Session, tenant_id: UUID, enrolments: Iterable[UUID]) -> dict[str, Given]:
    """What these enrolments were given, as `coupon` and `gift_card`; two queries whatever their number."""
    asked = {"tenant": tenant_id, "enrolments": array_literal(set(enrolments))}
    coupons: dict[UUID, list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
    for row in session.execute(COUPONS, asked):
        told = {
            "code": row.code,
            "name": row.name,
            "discount": discount_words(row, row.currency),
            "valid_until": day_words(row.valid_until),
        }
        coupons[row.enrolment_id].append((row.visit, told))
    cards: dict[UUID, list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
    for row in session.execute(GIFT_CARDS, asked):
        told = {
            "code": row.code,
            "amount": amount_words(row.initial_minor, row.currency),
            "valid_until": day_words(row.valid_until),
        }
        cards[row.enrolment_id].append((row.visit, told))
    return {"coupon": coupons, "gift_card": cards}


def said_before(given: Mapping[str, Given], enrolment_id: UUID, visit: int) -> dict[str, Mapping[str, Any]]:
    """The variables of a message at this visit: of each kind what was given last before it; none is left out."""
    found = {}
    for name, by_enrolment in given.items():
        before = [told for at, told in by_enrolment.get(enrolment_id, ()) if at < visit]
        if before:
            found[name] = before[-1]
    return found


def discount_words(coupon: Any, currency: str) -> str:
    """`20% off`, `₹200 off`, `a free Head massage`; of a `Coupon`, or a row with the same names."""
    match coupon.discount_type:
        case DiscountType.PERCENTAGE:
            return f"{coupon.percent.normalize():f}% off"
        case DiscountType.FLAT:
            return f"{amount_words(coupon.amount_minor, currency)} off"
        case _:
            return f"a free {coupon.free_service}"


def amount_words(minor: int, currency: str) -> str:
    """An amount, the minor part only where there is one: `₹500`, `₹99.50`."""
    return money(minor, currency).removesuffix(".00")


def day_words(day: date | None) -> str:
    """`31 March 2026`, nothing for no day."""
    return f"{day.day} {day:%B %Y}" if day else ""
