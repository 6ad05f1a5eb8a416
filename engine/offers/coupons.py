"""Coupons as staff keep them: made, changed, switched off, listed (S4 `createCouponSchema`, O1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from engine.core.audit import record_audit
from engine.core.errors import Conflict, InvalidInput, NotFound
from engine.core.ids import new_id
from engine.core.models import Branch
from engine.offers.codes import COUPON_LENGTH, draw_code, tidy
from engine.offers.models import Coupon, CouponCode, CouponRedemption, DiscountType
from engine.segments.models import Segment

LARGEST_PAGE = 200
LARGEST_AMOUNT = 10**12
"""Minor units."""

LARGEST_COUNT = 10**8

PlainText = StringConstraints(strip_whitespace=True, pattern=r"^[^\x00]*$")
Name = Annotated[str, PlainText, Field(min_length=1, max_length=100)]
CodeText = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9_-]{3,50}$")
]
Percent = Annotated[Decimal, Field(gt=0, le=100, max_digits=5, decimal_places=2)]
Amount = Annotated[int, Field(gt=0, le=LARGEST_AMOUNT)]
Count = Annotated[int, Field(gt=0, le=LARGEST_COUNT)]
Line = Annotated[str, PlainText, Field(min_length=1, max_length=200)]
Lines = Annotated[list[Line], Field(max_length=200)]
Ids = Annotated[list[UUID], Field(max_length=500)]


class CouponDraft(BaseModel):
    """A coupon to be made. Amounts in minor units of the tenant's currency, days on its calendar.

    Without a `code` one is drawn. `percent`, `amount_minor` or `free_service` goes with the `discount_type`. A limit
    of None is none; of lists None means all.
    """

    model_config = ConfigDict(extra="forbid")

    code: CodeText | None = None
    name: Name
    description: Annotated[str, PlainText] = Field("", max_length=1000)
    discount_type: DiscountType
    percent: Percent | None = None
    amount_minor: Amount | None = None
    free_service: Line | None = None
    max_discount_minor: Amount | None = None
    min_order_minor: Annotated[int, Field(ge=0, le=LARGEST_AMOUNT)] | None = None
    valid_from: date
    valid_until: date
    max_total_uses: Count | None = None
    max_uses_per_customer: Count | None = 1
    branch_ids: Ids | None = None
    services: Lines | None = None
    categories: Lines | None = None
    segment_id: UUID | None = None
    allow_stacking: bool = False
    personal_only: bool = False


class CouponChange(BaseModel):
    """What may be changed; a field left out stays as it is, None empties it. The code stays for good."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    description: Annotated[str, PlainText] | None = Field(None, max_length=1000)
    discount_type: DiscountType | None = None
    percent: Percent | None = None
    amount_minor: Amount | None = None
    free_service: Line | None = None
    max_discount_minor: Amount | None = None
    min_order_minor: Annotated[int, Field(ge=0, le=LARGEST_AMOUNT)] | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    max_total_uses: Count | None = None
    max_uses_per_customer: Count | None = None
    branch_ids: Ids | None = None
    services: Lines | None = None
    categories: Lines | None = None
    segment_id: UUID | None = None
    allow_stacking: bool | None = None
    personal_only: bool | None = None
    is_active: bool | None = None


VALUE_OF: Mapping[str, str] = {
    DiscountType.PERCENTAGE: "percent",
    DiscountType.FLAT: "amount_minor",
    DiscountType.FREE_SERVICE: "free_service",
}
"""The field that says how much, by the kind of discount; the others stay empty."""

ALWAYS_SET = frozenset(
    {
        *("name", "description", "discount_type", "valid_from", "valid_until"),
        *("allow_stacking", "personal_only", "is_active"),
    }
)
"""Fields that None does not empty."""


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
