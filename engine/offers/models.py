"""Coupons, the codes customers were given, what was redeemed, and gift cards with their ledger (S4, O1, O2)."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.core.models import Base, Identified, Tenanted, Timed


class DiscountType(StrEnum):
    """What a coupon gives (S4); the worth of a free service is settled at the till."""

    PERCENTAGE = "percentage"
    FLAT = "flat"
    FREE_SERVICE = "free_service"


class Coupon(Identified, Tenanted, Timed, Base):
    """An offer and its terms. Amounts in minor units of the tenant's currency, days on the tenant's calendar.

    `max_uses_per_customer` and `max_total_uses` None: no limit. `personal_only`: its own code opens nothing, only the
    codes that customers were given. `current_uses` is written under the row's lock, together with the redemption.
    """

    __tablename__ = "coupons"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        Index("ix_coupons_tenant_id_created_at", "tenant_id", "created_at"),
        CheckConstraint("max_total_uses IS NULL OR current_uses <= max_total_uses", name="within_limit"),
    )

    code: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(server_default="")
    discount_type: Mapped[str] = mapped_column(String(16))
    percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    free_service: Mapped[str | None]
    max_discount_minor: Mapped[int | None] = mapped_column(BigInteger)
    min_order_minor: Mapped[int | None] = mapped_column(BigInteger)
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    max_total_uses: Mapped[int | None]
    max_uses_per_customer: Mapped[int | None]
    current_uses: Mapped[int] = mapped_column(server_default="0")
    branch_ids: Mapped[list[UUID] | None]
    services: Mapped[list[str] | None]
    categories: Mapped[list[str] | None]
    segment_id: Mapped[UUID | None] = mapped_column(ForeignKey("segments.id"))
    allow_stacking: Mapped[bool] = mapped_column(server_default=text("false"))
    personal_only: Mapped[bool] = mapped_column(server_default=text("false"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class CouponCode(Identified, Tenanted, Base):
    """A code of one customer's own, good once. `dedupe_key` names what gave it: enrolment, node and visit (J9)."""

    __tablename__ = "coupon_codes"
    __table_args__ = (
        UniqueConstraint("tenant_id", "dedupe_key"),
        UniqueConstraint("tenant_id", "code"),
        Index("ix_coupon_codes_coupon", "tenant_id", "coupon_id", "created_at"),
        Index("ix_coupon_codes_customer", "tenant_id", "customer_id"),
        Index("ix_coupon_codes_enrolment", "tenant_id", "enrolment_id"),
    )

    dedupe_key: Mapped[UUID]
    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("coupons.id", ondelete="CASCADE"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(16))
    enrolment_id: Mapped[UUID | None]
    node_id: Mapped[str | None]
    visit: Mapped[int | None]
    valid_until: Mapped[date]
    created_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]


class CouponRedemption(Identified, Tenanted, Base):
    """A coupon used on an order: once for each order. `order_id` is the till's number of the order or invoice."""

    __tablename__ = "coupon_redemptions"
    __table_args__ = (
        UniqueConstraint("tenant_id", "coupon_id", "order_id"),
        Index("ix_coupon_redemptions_customer", "tenant_id", "customer_id", "coupon_id"),
        Index("ix_coupon_redemptions_order_id", "tenant_id", "order_id"),
    )

    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("coupons.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(50))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    order_id: Mapped[str]
    branch_id: Mapped[UUID | None]
    order_minor: Mapped[int] = mapped_column(BigInteger)
    discount_minor: Mapped[int] = mapped_column(BigInteger)
    redeemed_at: Mapped[datetime]


class GiftCard(Identified, Tenanted, Base):
    """Money to spend at the tenant's. Whoever bears the code may spend it; `customer_id` is who was given it.

    The balance is the sum of the ledger, kept beside it and never negative.
    """

    __tablename__ = "gift_cards"
    __table_args__ = (
        UniqueConstraint("tenant_id", "dedupe_key"),
        UniqueConstraint("tenant_id", "code"),
        Index("ix_gift_cards_tenant_id_created_at", "tenant_id", "created_at"),
        Index("ix_gift_cards_customer", "tenant_id", "customer_id"),
        Index("ix_gift_cards_enrolment", "tenant_id", "enrolment_id"),
        CheckConstraint("balance_minor BETWEEN 0 AND initial_minor", name="balance"),
    )

    dedupe_key: Mapped[UUID]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    initial_minor: Mapped[int] = mapped_column(BigInteger)
    balance_minor: Mapped[int] = mapped_column(BigInteger)
    valid_until: Mapped[date | None]
    enrolment_id: Mapped[UUID | None]
    node_id: Mapped[str | None]
    visit: Mapped[int | None]
    created_at: Mapped[datetime]


class GiftCardEntry(Identified, Tenanted, Base):
    """A line of a gift card's ledger: what was put on it (no `order_id`), or taken off for an order (negative)."""

    __tablename__ = "gift_card_entries"
    __table_args__ = (
        UniqueConstraint("tenant_id", "gift_card_id", "order_id", name="uq_gift_card_entries_order"),
    )

    gift_card_id: Mapped[UUID] = mapped_column(ForeignKey("gift_cards.id", ondelete="CASCADE"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    balance_minor: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[str | None]
    at: Mapped[datetime]
