"""Coupons as staff keep them: made, changed, switched off, listed (S4 `createCouponSchema`, O1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.audit import record_audit
from engine.core.errors import Conflict, InvalidInput, NotFound
from engine.core.ids import new_id
from engine.core.models import Branch
from engine.offers.codes import COUPON_LENGTH, draw_code, tidy
from engine.offers.drafts import ALWAYS_SET, VALUE_OF, CouponChange, CouponDraft
from engine.offers.models import Coupon, CouponCode
from engine.segments.models import Segment


def create_coupon(
    session: Session,
    tenant_id: UUID,
    draft: CouponDraft,
    *,
    actor: str,
    now: datetime,
    created_by: UUID | None = None,
) -> Coupon:
    """Make a coupon; it is in the audit log.

    Raises:
        InvalidInput: names the field.
        Conflict: the code is taken.
    """
    values = draft.model_dump(exclude={"code"})
    coupon = Coupon(
        id=new_id(),
        tenant_id=tenant_id,
        code=tidy(draft.code) if draft.code else draw_code(COUPON_LENGTH),
        **_consistent(values),
        current_uses=0,
        is_active=True,
        created_by=created_by,
        created_at=now,
        updated_at=now,
    )
    _check(session, coupon)
    _check_code(session, coupon.code)
    session.add(coupon)
    session.flush()
    record_audit(session, tenant_id, actor, "coupon.created", str(coupon.id), {"code": coupon.code}, now=now)
    return coupon


def update_coupon(
    session: Session, tenant_id: UUID, coupon_id: UUID, change: CouponChange, *, actor: str, now: datetime
) -> Coupon:
    """Change a coupon; codes given before keep their days, all else holds for them too. It is in the audit log.

    Raises:
        NotFound: there is no such coupon.
        InvalidInput: names the field.
        Conflict: it was used more often than the new limit allows.
    """
    coupon = session.get(Coupon, coupon_id, with_for_update=True, populate_existing=True)
    if coupon is None:
        raise _missing()
    said = change.model_dump(exclude_unset=True)
    wanted = {name: value for name, value in said.items() if value is not None or name not in ALWAYS_SET}
    fields = CouponDraft.model_fields.keys() - {"code"}
    values = {name: getattr(coupon, name) for name in fields} | wanted
    for name, value in _consistent(values).items():
        setattr(coupon, name, value)
    with session.no_autoflush:
        _check(session, coupon)
    coupon.updated_at = now
    session.flush()
    changed = {name: str(value) for name, value in wanted.items()}
    record_audit(session, tenant_id, actor, "coupon.changed", str(coupon_id), changed, now=now)
    return coupon


def deactivate_coupon(
    session: Session, tenant_id: UUID, coupon_id: UUID, *, actor: str, now: datetime
) -> Coupon:
    """Switch a coupon off: no code of it works any more. What was redeemed stays on record (S4).

    Raises:
        NotFound: there is no such coupon.
    """
    return update_coupon(session, tenant_id, coupon_id, CouponChange(is_active=False), actor=actor, now=now)


def get_coupon(session: Session, coupon_id: UUID) -> Coupon:
    """One coupon.

    Raises:
        NotFound: there is no such coupon.
    """
    found = session.get(Coupon, coupon_id)
    if found is None:
        raise _missing()
    return found


def coupons_for(session: Session, segment_id: UUID) -> list[str]:
    """The coupons that are only for this segment, so that it is not deleted under them."""
    codes = session.scalars(select(Coupon.code).where(Coupon.segment_id == segment_id).order_by(Coupon.code))
    return [f"coupon {code}" for code in codes]


def _consistent(values: dict[str, Any]) -> dict[str, Any]:
    """Only the worth that goes with the kind of discount; empty lists are none."""
    kept = VALUE_OF[values["discount_type"]]
    emptied = {name: None for name in VALUE_OF.values() if name != kept}
    lists = {name: values[name] or None for name in ("branch_ids", "services", "categories")}
    return {**values, **emptied, **lists, "discount_type": str(values["discount_type"])}


NEEDED: Mapping[str, str] = {
    "percent": "Write how many percent, from 0.01 to 100.",
    "amount_minor": "Write the amount that is taken off.",
    "free_service": "Name the service that is free.",
}


def _check(session: Session, coupon: Coupon) -> None:
    """What a field alone does not show.

    Raises:
        InvalidInput: names the field.
        Conflict: it was used more often than its limit allows.
    """
    worth = VALUE_OF[coupon.discount_type]
    branches = set(coupon.branch_ids or ())
    known = set(session.scalars(select(Branch.id).where(Branch.id.in_(branches)))) if branches else set()
    wrong = (
        (getattr(coupon, worth) is None, worth, NEEDED[worth]),
        (coupon.valid_until < coupon.valid_from, "valid_until", "Must not be before the first day."),
        (bool(branches - known), "branch_ids", "One of these branches does not exist. Choose again."),
        (
            coupon.segment_id is not None and session.get(Segment, coupon.segment_id) is None,
            "segment_id",
            "This segment does not exist. Choose another one.",
        ),
    )
    for is_wrong, field, problem in wrong:
        if is_wrong:
            raise InvalidInput(f"{field}: {problem}", details={"field": field})
    if coupon.max_total_uses is not None and (coupon.current_uses or 0) > coupon.max_total_uses:
        raise Conflict(
            f"max_total_uses: It was used {coupon.current_uses} times already. Allow as many at least.",
            details={"field": "max_total_uses"},
        )


def _check_code(session: Session, code: str) -> None:
    taken = select(Coupon.id).where(Coupon.code == code)
    given = select(CouponCode.id).where(CouponCode.code == code)
    if session.scalar(taken) is not None or session.scalar(given) is not None:
        raise Conflict(
            f"code: There is a coupon with the code {code} already. Choose another one.",
            details={"field": "code"},
        )


def _missing() -> NotFound:
    return NotFound("This coupon does not exist. Open the list of coupons to choose one.")
