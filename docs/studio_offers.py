"""The offers of the demo studio in the screenshots: two coupons, given to customers and used by some of them."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from engine.core.ids import key_of
from engine.offers.coupons import create_coupon
from engine.offers.drafts import CouponDraft
from engine.offers.granting import Grant, grant_codes
from engine.offers.history import recent_codes
from engine.offers.models import DiscountType
from engine.offers.redeeming import redeem
from engine.offers.rules import Use

GIVEN, USED = 64, 20


def add_offers(
    session: Session, tenant_id: UUID, people: list[UUID], random: Random, *, now: datetime
) -> None:
    """A personal coupon that has been given and used, and one with a code for everybody."""
    today = now.date()
    treat = CouponDraft(
        code="MONSOON",
        name="Monsoon treat",
        discount_type=DiscountType.PERCENTAGE,
        percent=Decimal(15),
        max_discount_minor=50_000,
        min_order_minor=100_000,
        valid_from=today - timedelta(days=20),
        valid_until=today + timedelta(days=25),
        personal_only=True,
    )
    welcome = CouponDraft(
        code="WELCOME250",
        name="Welcome to the studio",
        discount_type=DiscountType.FLAT,
        amount_minor=25_000,
        valid_from=today - timedelta(days=20),
        valid_until=today + timedelta(days=90),
        max_total_uses=500,
    )
    personal, _ = (
        create_coupon(session, tenant_id, each, actor="Asha Sharma", now=now) for each in (treat, welcome)
    )
    grants = [Grant(key_of("treat", who), personal.id, who, valid_days=14) for who in people[:GIVEN]]
    grant_codes(session, tenant_id, grants, now=now)
    for place, (code, _) in enumerate(recent_codes(session, personal.id, limit=USED)):
        use = Use(code.code, code.customer_id, random.randint(11, 48) * 10_000)
        redeem(session, tenant_id, use, order_id=f"K-{place}", now=now)
