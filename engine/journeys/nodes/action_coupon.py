"""Give the customer a code of their own for a coupon (J5, O2)."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from engine.journeys.nodes.base import (
    Config,
    Facts,
    Family,
    Node,
    Port,
    Problem,
    References,
    Run,
    control,
)
from engine.journeys.nodes.outcomes import (
    NEXT,
    Go,
    GrantCoupon,
    Outcome,
)

OVER = "over"


class ActionCouponConfig(Config):
    """Which coupon, and how long the code is good."""

    coupon_id: UUID = Field(
        title="Coupon",
        description="Messages behind this step can say {{ coupon.code }}",
        json_schema_extra=control("coupon"),
    )
    valid_days: int | None = Field(
        None,
        ge=1,
        le=3_650,
        title="Good for so many days",
        description="By the studio's calendar, the last day included, never beyond the coupon's own end. "
        "Leave empty for as long as the coupon",
        json_schema_extra=control("number"),
    )


class ActionCoupon(Node):
    """Give a code, once for each visit; another way on when the coupon is over by then."""

    family: ClassVar[Family] = Family.ACTION
    label: ClassVar[str] = "Give coupon"
    icon: ClassVar[str] = "ticket-percent"
    description: ClassVar[str] = "A code of the customer's own, for messages behind this step"
    summary: ClassVar[str] = "Give {coupon_id}[, good for {valid_days} days]"

    type: Literal["action.coupon"] = "action.coupon"
    config: ActionCouponConfig

    def ports(self) -> tuple[Port, ...]:
        return (Port(NEXT, "Given"), Port(OVER, "Coupon is over"))

    def problems(self, references: References) -> Iterable[Problem]:
        told = references.coupons.get(
            self.config.coupon_id, "This coupon does not exist. Choose another one."
        )
        if told:
            yield Problem("unknown_coupon", told, self.id, "coupon_id")

    def asks_coupon(self) -> UUID | None:
        return self.config.coupon_id

    def gives(self) -> str | None:
        return "coupon"

    def decide(self, run: Run, facts: Facts, now: datetime) -> Outcome:
        if self.config.coupon_id not in facts.coupons:
            return Go(OVER, "The coupon is switched off, used up or over")
        return Go(why=self.sentence(), effect=GrantCoupon(self.config.coupon_id, self.config.valid_days))

    def sentence(self) -> str:
        days = self.config.valid_days
        return "Give a coupon" + (f", good for {days} day{'' if days == 1 else 's'}" if days else "")
