"""REST of coupons: `/api/v1/coupons` (S4). Amounts are in minor units of the tenant's currency."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.offers import coupons
from engine.offers.drafts import LARGEST_AMOUNT, CouponChange, CouponDraft
from engine.offers.history import LARGEST_PAGE, Figures, figures_of, list_coupons, list_redemptions
from engine.offers.models import Coupon, CouponRedemption
from engine.offers.redeeming import redeem, validate
from engine.offers.rules import CODES, Use

router = APIRouter(prefix="/api/v1/coupons", tags=["coupons"])
Caller = Annotated[KeyRef, Depends(api_caller)]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
PageSize = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")
]


class OrderBody(BaseModel):
    """An order on which a code is to be used; the amount is before any discount.

    `services` and `categories` are what was ordered; when they are left out, the coupon's are not asked.
    """

    model_config = ConfigDict(extra="forbid")

    code: Line
    customer_id: UUID
    order_amount_minor: int = Field(ge=0, le=LARGEST_AMOUNT)
    branch_id: UUID | None = None
    services: list[Line] | None = Field(None, max_length=200)
    categories: list[Line] | None = Field(None, max_length=200)

    def use(self) -> Use:
        """As the rules take it."""
        return Use(
            self.code,
            self.customer_id,
            self.order_amount_minor,
            self.branch_id,
            self.services,
            self.categories,
        )


class RedemptionBody(OrderBody):
    """`order_id` is the till's number of the order or invoice: the same one uses a coupon once."""

    order_id: Line


@router.get("")
def index(
    caller: Caller,
    search: str = "",
    is_active: bool | None = None,
    page: PageNumber = 1,
    size: PageSize = 50,
) -> dict[str, Any]:
    """Coupons with their figures, the newest first."""
    with tenant_session(caller.tenant_id) as session:
        found = list_coupons(session, search=search, is_active=is_active, page=page, size=size)
        shown = [_shown(each, found.figures[each.id]) for each in found.coupons]
        return succeeded({"coupons": shown, "total": found.total})


@router.post("", status_code=201)
def create(caller: Caller, body: CouponDraft) -> dict[str, Any]:
    """Make a coupon; without a code one is drawn."""
    with tenant_session(caller.tenant_id) as session:
        made = coupons.create_coupon(session, caller.tenant_id, body, actor=_actor(caller), now=utc_now())
        return succeeded({"coupon": _shown(made, Figures())})


@router.post("/validate")
def check(caller: Caller, body: OrderBody) -> dict[str, Any]:
    """Whether a code is good for an order and what it takes off; nothing is used."""
    with tenant_session(caller.tenant_id) as session:
        verdict = validate(session, body.use(), now=utc_now())
        if verdict.reason is not None:
            refused = {
                "invalid_reason": verdict.reason,
                "code": CODES[verdict.reason],
                "message": verdict.message,
            }
            return succeeded({"valid": False, **refused})
        assert verdict.coupon is not None
        return succeeded(
            {"valid": True, "coupon": _terms(verdict.coupon), "discount_minor": verdict.discount_minor}
        )


@router.post("/redeem")
def use(caller: Caller, body: RedemptionBody) -> dict[str, Any]:
    """Use a code on an order; told again, the same order gets the same answer with `already` true."""
    with tenant_session(caller.tenant_id) as session:
        done = redeem(session, caller.tenant_id, body.use(), order_id=body.order_id, now=utc_now())
        return succeeded(
            {
                "redemption": _redemption(done.redemption),
                "coupon": _terms(done.coupon),
                "already": not done.is_new,
            }
        )


@router.get("/{coupon_id}")
def show(caller: Caller, coupon_id: UUID) -> dict[str, Any]:
    """One coupon with its figures."""
    with tenant_session(caller.tenant_id) as session:
        found = coupons.get_coupon(session, coupon_id)
        return succeeded({"coupon": _shown(found, figures_of(session, [coupon_id])[coupon_id])})


@router.patch("/{coupon_id}")
def change(caller: Caller, coupon_id: UUID, body: CouponChange) -> dict[str, Any]:
    """Change a coupon; a field left out stays as it is, null empties it."""
    with tenant_session(caller.tenant_id) as session:
        changed = coupons.update_coupon(
            session, caller.tenant_id, coupon_id, body, actor=_actor(caller), now=utc_now()
        )
        return succeeded({"coupon": _shown(changed, figures_of(session, [coupon_id])[coupon_id])})


@router.delete("/{coupon_id}")
def deactivate(caller: Caller, coupon_id: UUID) -> dict[str, Any]:
    """Switch a coupon off; what was redeemed stays on record."""
    with tenant_session(caller.tenant_id) as session:
        off = coupons.deactivate_coupon(
            session, caller.tenant_id, coupon_id, actor=_actor(caller), now=utc_now()
        )
        return succeeded({"coupon": _terms(off)})


@router.get("/{coupon_id}/redemptions")
def redemptions(caller: Caller, coupon_id: UUID, page: PageNumber = 1, size: PageSize = 50) -> dict[str, Any]:
    """The orders it was used on, the newest first."""
    with tenant_session(caller.tenant_id) as session:
        coupons.get_coupon(session, coupon_id)
        found, total = list_redemptions(session, coupon_id, page=page, size=size)
        shown = [_redemption(each) | {"customer_name": name} for each, name in found]
        return succeeded({"redemptions": shown, "total": total})


TERMS = (
    *("id", "code", "name", "description", "discount_type", "amount_minor", "free_service"),
    *("max_discount_minor", "min_order_minor", "valid_from", "valid_until", "max_total_uses"),
    *("max_uses_per_customer", "current_uses", "branch_ids", "services", "categories", "segment_id"),
    *("allow_stacking", "personal_only", "is_active", "created_at", "updated_at", "created_by"),
)
REDEMPTION = (
    *("id", "coupon_id", "code", "customer_id", "order_id", "branch_id"),
    *("discount_minor", "redeemed_at"),
)


def _terms(coupon: Coupon) -> dict[str, Any]:
    percent = None if coupon.percent is None else float(coupon.percent)
    return {name: getattr(coupon, name) for name in TERMS} | {"percent": percent}


def _shown(coupon: Coupon, figures: Figures) -> dict[str, Any]:
    return _terms(coupon) | {
        "granted_codes": figures.granted,
        "discount_given_minor": figures.discount_minor,
        "revenue_minor": figures.revenue_minor,
    }


def _redemption(redemption: CouponRedemption) -> dict[str, Any]:
    shown = {name: getattr(redemption, name) for name in REDEMPTION}
    return shown | {"order_amount_minor": redemption.order_minor}


def _actor(caller: KeyRef) -> str:
    return f"key:{caller.id}"
