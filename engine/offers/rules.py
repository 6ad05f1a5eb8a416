"""Whether a coupon may be used on an order, and what it takes off. Pure: all that counts comes in as a `Case` (O1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from uuid import UUID

from engine.core.errors import Code
from engine.offers.models import Coupon, DiscountType


class Reason(StrEnum):
    """Why a coupon cannot be used, as S4's `validateCoupon` says it; the last one is ours, for a whole order."""

    INVALID_CODE = "invalid_code"
    EXPIRED = "expired"
    MAX_USES_REACHED = "max_uses_reached"
    CUSTOMER_LIMIT_REACHED = "customer_limit_reached"
    MIN_ORDER_NOT_MET = "min_order_not_met"
    BRANCH_NOT_ELIGIBLE = "branch_not_eligible"
    SERVICE_NOT_ELIGIBLE = "service_not_eligible"
    SEGMENT_NOT_ELIGIBLE = "segment_not_eligible"
    NOT_STACKABLE = "not_stackable"


CODES: dict[Reason, Code] = {
    Reason.INVALID_CODE: Code.INVALID_COUPON_CODE,
    Reason.EXPIRED: Code.COUPON_EXPIRED,
    Reason.MAX_USES_REACHED: Code.COUPON_MAX_USES,
    Reason.CUSTOMER_LIMIT_REACHED: Code.COUPON_CUSTOMER_LIMIT,
    Reason.MIN_ORDER_NOT_MET: Code.COUPON_MIN_ORDER,
    Reason.BRANCH_NOT_ELIGIBLE: Code.COUPON_NOT_ELIGIBLE,
    Reason.SERVICE_NOT_ELIGIBLE: Code.COUPON_NOT_ELIGIBLE,
    Reason.SEGMENT_NOT_ELIGIBLE: Code.COUPON_NOT_ELIGIBLE,
    Reason.NOT_STACKABLE: Code.COUPON_NOT_ELIGIBLE,
}
"""The error code of each reason (S4, "Error Handling")."""


@dataclass(frozen=True, slots=True)
class Use:
    """An order on which somebody wants to use a code. The amount is before any discount, in minor units.

    `services` and `categories` None: the till does not say, and they are not asked (S4).
    """

    code: str
    customer_id: UUID
    order_minor: int
    branch_id: UUID | None = None
    services: Sequence[str] | None = None
    categories: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class OwnCode:
    """A code that one customer was given, as far as it counts here."""

    is_theirs: bool
    valid_until: date
    is_redeemed: bool


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a rule may look at; `uses` are the customer's own of this coupon, `own` the code when it is one."""

    coupon: Coupon
    use: Use
    today: date
    uses: int = 0
    in_segment: bool = True
    own: OwnCode | None = None


def refusal(case: Case) -> Reason | None:
    """Why the coupon cannot be used, the first reason in S4's order; None when it can."""
    return next((reason for reason, applies in RULES if applies(case)), None)


def discount(coupon: Coupon, order_minor: int) -> int:
    """What the coupon takes off, in minor units: never more than its cap or the order, half a unit rounded up."""
    match coupon.discount_type:
        case DiscountType.PERCENTAGE:
            share = Decimal(order_minor) * (coupon.percent or 0) / 100
            off = int(share.quantize(Decimal(1), ROUND_HALF_UP))
        case DiscountType.FLAT:
            off = coupon.amount_minor or 0
        case _:
            off = 0
    cap = order_minor if coupon.max_discount_minor is None else coupon.max_discount_minor
    return min(off, cap, order_minor)


def _unknown(case: Case) -> bool:
    strange = not case.own.is_theirs if case.own else case.coupon.personal_only
    return strange or not case.coupon.is_active


def _out_of_time(case: Case) -> bool:
    last = min(case.coupon.valid_until, case.own.valid_until) if case.own else case.coupon.valid_until
    return not case.coupon.valid_from <= case.today <= last


def _used_up(case: Case) -> bool:
    limit = case.coupon.max_total_uses
    return limit is not None and case.coupon.current_uses >= limit


def _used_by_them(case: Case) -> bool:
    limit = case.coupon.max_uses_per_customer
    return (case.own is not None and case.own.is_redeemed) or (limit is not None and case.uses >= limit)


def _too_small(case: Case) -> bool:
    return case.use.order_minor < (case.coupon.min_order_minor or 0)


def _elsewhere(case: Case) -> bool:
    branches = case.coupon.branch_ids
    return bool(branches) and case.use.branch_id not in (branches or ())


def _for_something_else(case: Case) -> bool:
    coupon, use = case.coupon, case.use
    return _none_fits(coupon.services, use.services) or _none_fits(coupon.categories, use.categories)


def _none_fits(wanted: Sequence[str] | None, bought: Sequence[str] | None) -> bool:
    if not wanted or bought is None:
        return False
    return not {each.casefold() for each in wanted} & {each.casefold() for each in bought}


RULES: tuple[tuple[Reason, Callable[[Case], bool]], ...] = (
    (Reason.INVALID_CODE, _unknown),
    (Reason.EXPIRED, _out_of_time),
    (Reason.MAX_USES_REACHED, _used_up),
    (Reason.CUSTOMER_LIMIT_REACHED, _used_by_them),
    (Reason.MIN_ORDER_NOT_MET, _too_small),
    (Reason.BRANCH_NOT_ELIGIBLE, _elsewhere),
    (Reason.SERVICE_NOT_ELIGIBLE, _for_something_else),
    (Reason.SEGMENT_NOT_ELIGIBLE, lambda case: not case.in_segment),
)
"""Each reason with the rule that gives it."""
