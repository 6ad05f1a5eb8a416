"""What became of a coupon, read: the codes that were given and the orders it was used on."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.customers.models import Customer
from engine.offers.models import CouponCode, CouponRedemption

LARGEST_PAGE = 200


def list_redemptions(
    session: Session, coupon_id: UUID, *, page: int = 1, size: int = 50
) -> tuple[list[tuple[CouponRedemption, str]], int]:
    """Uses of a coupon with the customers' names, the newest first, and how many there are."""
    size = min(size, LARGEST_PAGE)
    fit = CouponRedemption.coupon_id == coupon_id
    total = session.scalar(select(func.count()).select_from(CouponRedemption).where(fit)) or 0
    query = (
        select(CouponRedemption, Customer.name)
        .join(Customer, Customer.id == CouponRedemption.customer_id)
        .where(fit)
        .order_by(CouponRedemption.redeemed_at.desc(), CouponRedemption.id.desc())
        .offset((page - 1) * size)
        .limit(size)
    )
    return [(row[0], row[1]) for row in session.execute(query)], total


def recent_codes(session: Session, coupon_id: UUID, *, limit: int = 20) -> list[tuple[CouponCode, str]]:
    """The codes given last, with the customers' names."""
    query = (
        select(CouponCode, Customer.name)
        .join(Customer, Customer.id == CouponCode.customer_id)
        .where(CouponCode.coupon_id == coupon_id)
        .order_by(CouponCode.created_at.desc(), CouponCode.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query)]
