"""A shop with customers, and coupons made in a line."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.customers.models import Customer
from engine.offers.coupons import create_coupon
from engine.offers.drafts import CouponDraft
from engine.offers.granting import Grant, grant_codes
from engine.offers.models import Coupon, CouponCode
from engine.offers.redeeming import Redeemed, Verdict, redeem, validate
from engine.offers.rules import Use


@dataclass(frozen=True)
class Shop:
    """A tenant, and what tests do at its till."""

    tenant: UUID
    now: datetime

    def add_customers(self, number: int, **columns: Any) -> list[UUID]:
        """Customers in one go."""
        ids = [new_id() for _ in range(number)]
        with tenant_session(self.tenant) as session:
            session.add_all(Customer(id=each, tenant_id=self.tenant, **columns) for each in ids)
        return ids

    def add_coupon(self, **terms: Any) -> Coupon:
        """20 % off all March, unless told otherwise."""
        usual = {
            "name": "Spring",
            "discount_type": "percentage",
            "percent": 20,
            "valid_from": date(2026, 3, 1),
            "valid_until": date(2026, 3, 31),
        }
        with tenant_session(self.tenant) as session:
            draft = CouponDraft.model_validate(usual | terms)
            return create_coupon(session, self.tenant, draft, actor="system", now=self.now)

    def coupon(self, coupon_id: UUID) -> Coupon:
        """The coupon as it is now."""
        with tenant_session(self.tenant) as session:
            return session.get_one(Coupon, coupon_id)

    def give(self, coupon: Coupon, customers: list[UUID], **more: Any) -> list[str]:
        """A code of their own for each; the codes in the order of the customers."""
        grants = [Grant(new_id(), coupon.id, each, **more) for each in customers]
        with tenant_session(self.tenant) as session:
            grant_codes(session, self.tenant, grants, now=self.now)
            keys = [each.dedupe_key for each in grants]
            rows = session.execute(
                select(CouponCode.dedupe_key, CouponCode.code).where(CouponCode.dedupe_key.in_(keys))
            )
            codes = {row.dedupe_key: row.code for row in rows}
        return [codes[each.dedupe_key] for each in grants]

    def validate(self, code: str, customer: UUID, order_minor: int = 100_000, **more: Any) -> Verdict:
        """What the till is told."""
        at = more.pop("at", self.now)
        with tenant_session(self.tenant) as session:
            return validate(session, Use(code, customer, order_minor, **more), now=at)

    def redeem(
        self, code: str, customer: UUID, order_id: str = "", order_minor: int = 100_000, **more: Any
    ) -> Redeemed:
        """Use it on an order, a new one unless named."""
        use = Use(code, customer, order_minor, **more)
        with tenant_session(self.tenant) as session:
            return redeem(session, self.tenant, use, order_id=order_id or new_id().hex, now=self.now)


@pytest.fixture
def shop(tenant: UUID, now: datetime) -> Shop:
    """A tenant of its own."""
    return Shop(tenant, now)
