"""Codes at the till: is it good, what does it take off, and taking it, never beyond a limit (O1, S4 `validateCoupon`).

The coupon's row is locked while it is redeemed, so the counts that the rules see are those that hold.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.core.errors import Conflict, NotFound, SafarError
from engine.core.ids import key_of
from engine.core.notifications import NewNotification, notify
from engine.core.tenants import get_tenant, today_of
from engine.customers.models import Customer
from engine.events.record import NewEvent, record
from engine.offers.codes import tidy
from engine.offers.granting import SOURCE
from engine.offers.models import Coupon, CouponCode, CouponRedemption
from engine.offers.rules import CODES, Case, OwnCode, Reason, Use, discount, refusal
from engine.offers.words import amount_words, day_words, discount_words
from engine.segments.compiler import matching_among
from engine.segments.rules import parse_rules

REDEEMED = "coupon.redeemed"


class CouponRefused(SafarError):
    """A coupon cannot be used on this order; `details` hold S4's reason."""

    status = 409

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message, details={"reason": reason.value}, code=CODES[reason])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a code is good for an order: what it takes off (`discount_minor`), or why not."""

    coupon: Coupon | None
    discount_minor: int = 0
    reason: Reason | None = None
    message: str = ""

    @property
    def is_valid(self) -> bool:
        """Whether it can be used."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A use on record; `is_new` False: the order had it before, and nothing was counted again."""

    redemption: CouponRedemption
    coupon: Coupon
    is_new: bool


LOCK_ORDER = text("SELECT pg_advisory_xact_lock(hashtextextended(:tenant || ':' || :order, 727030))")


def validate(session: Session, use: Use, *, now: datetime) -> Verdict:
    """Whether a code may be used on an order, in the order of S4's rules; nothing is written.

    Raises:
        NotFound: there is no such customer.
    """
    use = replace(use, customer_id=_holder(session, use.customer_id))
    coupon, own = _find(session, use.code)
    return _judge(session, coupon, own, use, now)


def redeem(session: Session, tenant_id: UUID, use: Use, *, order_id: str, now: datetime) -> Redeemed:
    """Use a code on an order, once for each order and coupon, and record `coupon.redeemed`.

    When it was the coupon's last use, the staff is told.

    Raises:
        NotFound: there is no such customer.
        CouponRefused: it cannot be used, with S4's code and reason.
        Conflict: the order used this coupon before, for another customer.
    """
    use = replace(use, customer_id=_holder(session, use.customer_id))
    session.execute(LOCK_ORDER, {"tenant": str(tenant_id), "order": order_id})
    coupon, own = _find(session, use.code)
    if coupon is not None:
        session.refresh(coupon, with_for_update=True)
        if own is not None:
            session.refresh(own)
        before = _used_before(session, coupon, use, order_id)
        if before is not None:
            return Redeemed(before, coupon, False)
    verdict = _judge(session, coupon, own, use, now)
    if coupon is None or verdict.reason is not None:
        raise CouponRefused(verdict.reason or Reason.INVALID_CODE, verdict.message)
    _check_stacking(session, coupon, order_id)
    return Redeemed(_write(session, tenant_id, coupon, own, use, verdict, order_id, now), coupon, True)


def _holder(session: Session, customer_id: UUID) -> UUID:
    """The customer, or who took over."""
    query = select(func.coalesce(Customer.merged_into, Customer.id)).where(
        Customer.id == customer_id, Customer.erased_at.is_(None)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("customer_id: There is no such customer. They may have been erased.")
    return found


def _find(session: Session, code: str) -> tuple[Coupon | None, CouponCode | None]:
    """The coupon a code belongs to, and the customer's own code when it is one."""
    wanted = tidy(code)
    shared = session.scalars(select(Coupon).where(Coupon.code == wanted)).one_or_none()
    if shared is not None:
        return shared, None
    own = session.scalars(select(CouponCode).where(CouponCode.code == wanted)).one_or_none()
    return (session.get(Coupon, own.coupon_id), own) if own else (None, None)


def _judge(
    session: Session, coupon: Coupon | None, own: CouponCode | None, use: Use, now: datetime
) -> Verdict:
    if coupon is None:
        return Verdict(None, reason=Reason.INVALID_CODE, message=_told(Reason.INVALID_CODE, None, None, ""))
    uses = (
        select(func.count())
        .select_from(CouponRedemption)
        .join(Customer, Customer.id == CouponRedemption.customer_id)
        .where(
            CouponRedemption.coupon_id == coupon.id,
            func.coalesce(Customer.merged_into, Customer.id) == use.customer_id,
        )
    )
    case = Case(
        coupon,
        use,
        today_of(session, now),
        uses=session.scalar(uses) or 0,
        in_segment=_in_segment(session, coupon, use.customer_id, now),
        own=_own(session, own, use.customer_id) if own else None,
    )
    reason = refusal(case)
    if reason is not None:
        told = _told(reason, coupon, case.own, get_tenant(session).currency, case.today)
        return Verdict(coupon, reason=reason, message=told)
    return Verdict(coupon, discount(coupon, use.order_minor))


def _own(session: Session, own: CouponCode, customer_id: UUID) -> OwnCode:
    is_theirs = own.customer_id == customer_id or (
        session.scalar(select(Customer.merged_into).where(Customer.id == own.customer_id)) == customer_id
    )
    return OwnCode(is_theirs, own.valid_until, own.redeemed_at is not None)


def _in_segment(session: Session, coupon: Coupon, customer_id: UUID, now: datetime) -> bool:
    if coupon.segment_id is None:
        return True
    one = {"field": "segment", "op": "eq", "value": str(coupon.segment_id)}
    rules = parse_rules({"operator": "AND", "conditions": [one]})
    tenant = get_tenant(session)
    return bool(
        matching_among(
            session, rules, [customer_id], now=now, timezone=tenant.timezone, currency=tenant.currency
        )
    )


def _told(
    reason: Reason, coupon: Coupon | None, own: OwnCode | None, currency: str, today: date | None = None
) -> str:
    """The sentence for whoever stands at the till."""
    if coupon is None:
        return "There is no coupon with this code. Read it again."
    if reason is Reason.EXPIRED:
        if today is not None and today < coupon.valid_from:
            return f"This coupon is good from {day_words(coupon.valid_from)}."
        last = min(coupon.valid_until, own.valid_until) if own else coupon.valid_until
        return f"This coupon was good until {day_words(last)}."
    if reason is Reason.INVALID_CODE and coupon.is_active:
        return "This code was given to somebody else." if own else "Use the code the customer was given."
    if reason is Reason.MIN_ORDER_NOT_MET:
        return f"The order must come to {amount_words(coupon.min_order_minor or 0, currency)} at least."
    return SENTENCES[reason]


SENTENCES: dict[Reason, str] = {
    Reason.INVALID_CODE: "This coupon was switched off.",
    Reason.MAX_USES_REACHED: "This coupon is used up.",
    Reason.CUSTOMER_LIMIT_REACHED: "This customer has used it already.",
    Reason.BRANCH_NOT_ELIGIBLE: "This coupon is for other branches.",
    Reason.SERVICE_NOT_ELIGIBLE: "This coupon is for other services.",
    Reason.SEGMENT_NOT_ELIGIBLE: "This coupon is for other customers.",
    Reason.NOT_STACKABLE: "This coupon cannot be used together with another one.",
}


def _used_before(session: Session, coupon: Coupon, use: Use, order_id: str) -> CouponRedemption | None:
    before = session.scalars(
        select(CouponRedemption).where(
            CouponRedemption.coupon_id == coupon.id, CouponRedemption.order_id == order_id
        )
    ).one_or_none()
    if before is not None and (before.customer_id, before.code) != (use.customer_id, tidy(use.code)):
        raise Conflict(
            "order_id: This order has used the coupon already, with another code or for another customer.",
            details={"field": "order_id"},
        )
    return before


def _check_stacking(session: Session, coupon: Coupon, order_id: str) -> None:
    """S4 `allow_stacking`: one that does not stack is the only one of its order. The order is locked."""
    others = session.scalars(
        select(Coupon.allow_stacking)
        .join(CouponRedemption, CouponRedemption.coupon_id == Coupon.id)
        .where(CouponRedemption.order_id == order_id)
    ).all()
    if others and not (coupon.allow_stacking and all(others)):
        raise CouponRefused(Reason.NOT_STACKABLE, SENTENCES[Reason.NOT_STACKABLE])


def _write(
    session: Session,
    tenant_id: UUID,
    coupon: Coupon,
    own: CouponCode | None,
    use: Use,
    verdict: Verdict,
    order_id: str,
    now: datetime,
) -> CouponRedemption:
    redemption = CouponRedemption(
        tenant_id=tenant_id,
        coupon_id=coupon.id,
        code=tidy(use.code),
        customer_id=use.customer_id,
        order_id=order_id,
        branch_id=use.branch_id,
        order_minor=use.order_minor,
        discount_minor=verdict.discount_minor,
        redeemed_at=now,
    )
    session.add(redemption)
    coupon.current_uses += 1
    if own is not None:
        own.redeemed_at = now
    session.flush()
    record(session, tenant_id, [_event(session, coupon, redemption, now)], now=now)
    if coupon.current_uses == coupon.max_total_uses:
        _tell_used_up(session, tenant_id, coupon, now)
    return redemption


def _event(session: Session, coupon: Coupon, redemption: CouponRedemption, now: datetime) -> NewEvent:
    currency = get_tenant(session).currency
    told: dict[str, Any] = {
        "coupon": coupon.name,
        "code": redemption.code,
        "discount": discount_words(coupon, currency),
        "order_id": redemption.order_id,
        "discount_minor": redemption.discount_minor,
        "coupon_id": str(coupon.id),
    }
    key = key_of(REDEEMED, coupon.id, redemption.order_id)
    return NewEvent(redemption.customer_id, REDEEMED, "track", SOURCE, told, {}, now, key)


def _tell_used_up(session: Session, tenant_id: UUID, coupon: Coupon, now: datetime) -> None:
    """S4's `coupon.exhausted`, for the staff."""
    key = key_of("coupon.exhausted", coupon.id, coupon.max_total_uses)
    told = f"The coupon {coupon.code} is used up: {coupon.current_uses} of {coupon.max_total_uses} uses."
    notify(session, tenant_id, [NewNotification(key, None, "coupon", told, f"/offers/{coupon.id}")], now=now)
