"""A coupon's terms as they come in: to make one, and to change one (S4 `createCouponSchema`)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from engine.offers.models import DiscountType

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
