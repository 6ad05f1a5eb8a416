"""What became of coupons, read: the list with its figures, the codes that were given, the orders they were used on."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from engine.customers.models import Customer
from engine.offers.models import Coupon, CouponCode, CouponRedemption

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


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of a coupon: codes given, uses, and what those orders brought after the discount, minor units."""

    granted: int = 0
    redeemed: int = 0
    discount_minor: int = 0
    revenue_minor: int = 0


@dataclass(frozen=True, slots=True)
class CouponPage:
    """One page of coupons with their figures by id, and how many there are in all."""

    coupons: list[Coupon]
    figures: Mapping[UUID, Figures]
    total: int


def list_coupons(
    session: Session, *, search: str = "", is_active: bool | None = None, page: int = 1, size: int = 50
) -> CouponPage:
    """One page of coupons, the newest first; `search` looks in codes and names."""
    size = min(size, LARGEST_PAGE)
    wanted: list[ColumnElement[bool]] = []
    if search.strip():
        word = search.strip()
        wanted.append(
            Coupon.code.icontains(word, autoescape=True) | Coupon.name.icontains(word, autoescape=True)
        )
    if is_active is not None:
        wanted.append(Coupon.is_active == is_active)
    total = session.scalar(select(func.count()).select_from(Coupon).where(*wanted)) or 0
    newest = select(Coupon).where(*wanted).order_by(Coupon.created_at.desc(), Coupon.id.desc())
    found = list(session.scalars(newest.offset((page - 1) * size).limit(size)))
    return CouponPage(found, figures_of(session, [each.id for each in found]), total)


def figures_of(session: Session, coupon_ids: list[UUID]) -> dict[UUID, Figures]:
    """The figures of these coupons, in two queries whatever their number."""
    if not coupon_ids:
        return {}
    codes = (
        select(CouponCode.coupon_id, func.count().label("number"))
        .where(CouponCode.coupon_id.in_(coupon_ids))
        .group_by(CouponCode.coupon_id)
    )
    granted = {row.coupon_id: row.number for row in session.execute(codes)}
    off = func.sum(CouponRedemption.discount_minor)
    uses = (
        select(CouponRedemption.coupon_id, func.count(), off, func.sum(CouponRedemption.order_minor) - off)
        .where(CouponRedemption.coupon_id.in_(coupon_ids))
        .group_by(CouponRedemption.coupon_id)
    )
    redeemed = {coupon_id: map(int, rest) for coupon_id, *rest in session.execute(uses)}
    return {each: Figures(granted.get(each, 0), *redeemed.get(each, ())) for each in coupon_ids}
