"""How coupons and gift cards read, the same in the lists and on a coupon's page."""

from dataclasses import dataclass
from datetime import date, datetime

from app.pages.customers.list_state import name_of
from app.pages.words import money, short_moment
from app.ui.theme import Tone
from engine.offers.gift_cards import GiftCardRow
from engine.offers.history import Figures
from engine.offers.models import Coupon, CouponCode, CouponRedemption
from engine.offers.words import discount_words

MANAGE = "coupon.manage"


@dataclass
class CouponLine:
    """A coupon as the table writes it."""

    href: str
    name: str
    code: str
    discount: str
    granted: str
    redeemed: str
    revenue: str
    until: str
    state: str
    tone: str


@dataclass
class CardLine:
    """A gift card as the table writes it; `href` is its customer's page."""

    href: str
    code: str
    customer: str
    amount: str
    left: str
    until: str
    given: str
    state: str
    tone: str


@dataclass
class CodeLine:
    """A code somebody was given."""

    href: str
    code: str
    customer: str
    until: str
    given: str
    state: str
    tone: str


@dataclass
class UseLine:
    """An order a coupon was used on."""

    href: str
    customer: str
    order: str
    code: str
    amount: str
    discount: str
    at: str


@dataclass(frozen=True, slots=True)
class Place:
    """What every line needs: the studio's money, its clock and today."""

    currency: str
    timezone: str
    now: datetime
    today: date

    def moment(self, moment: datetime | None) -> str:
        """A moment, short."""
        return short_moment(moment, now=self.now, timezone=self.timezone)

    def money(self, minor: int) -> str:
        """An amount."""
        return money(minor, currency=self.currency)


def state_of(coupon: Coupon, today: date) -> tuple[str, str]:
    """Words and tone of a coupon's state."""
    states = (
        (not coupon.is_active, "Off", Tone.NEUTRAL),
        (coupon.valid_until < today, "Over", Tone.NEUTRAL),
        (coupon.current_uses == coupon.max_total_uses, "Used up", Tone.WAITING),
        (coupon.valid_from > today, f"From {day(coupon.valid_from)}", Tone.INFO),
    )
    return next(((words, tone.value) for fits, words, tone in states if fits), ("In use", Tone.GOOD.value))


def coupon_line(coupon: Coupon, figures: Figures, place: Place) -> CouponLine:
    """A row of the list; nothing where there is nothing."""
    state, tone = state_of(coupon, place.today)
    limit = f" of {coupon.max_total_uses:,}" if coupon.max_total_uses else ""
    return CouponLine(
        href=f"/offers/{coupon.id}",
        name=coupon.name,
        code="Own codes only" if coupon.personal_only else coupon.code,
        discount=capital(discount_words(coupon, place.currency)),
        granted=f"{figures.granted:,}" if figures.granted else "",
        redeemed=f"{figures.redeemed:,}{limit}" if figures.redeemed or limit else "",
        revenue=place.money(figures.revenue_minor) if figures.redeemed else "",
        until=day(coupon.valid_until),
        state=state,
        tone=tone,
    )


def card_line(card: GiftCardRow, place: Place) -> CardLine:
    """A row of the list of gift cards."""
    is_over = card.valid_until is not None and card.valid_until < place.today
    state, tone = "Good", Tone.GOOD
    if not card.balance_minor:
        state, tone = "Spent", Tone.NEUTRAL
    elif is_over:
        state, tone = "Over", Tone.WAITING
    return CardLine(
        href=f"/customers/{card.customer_id}",
        code=card.code,
        customer=name_of(card.customer_name, None, None),
        amount=money(card.initial_minor, currency=card.currency),
        left=money(card.balance_minor, currency=card.currency),
        until=day(card.valid_until) if card.valid_until else "For ever",
        given=place.moment(card.created_at),
        state=state,
        tone=tone.value,
    )


def code_line(given: CouponCode, name: str, place: Place) -> CodeLine:
    """A code with what became of it."""
    state, tone = "Good", Tone.GOOD
    if given.redeemed_at:
        state, tone = "Used", Tone.ACCENT
    elif given.valid_until < place.today:
        state, tone = "Over", Tone.NEUTRAL
    return CodeLine(
        href=f"/customers/{given.customer_id}",
        code=given.code,
        customer=name_of(name, None, None),
        until=day(given.valid_until),
        given=place.moment(given.created_at),
        state=state,
        tone=tone.value,
    )


def use_line(used: CouponRedemption, name: str, place: Place) -> UseLine:
    """A use with its order."""
    return UseLine(
        href=f"/customers/{used.customer_id}",
        customer=name_of(name, None, None),
        order=used.order_id,
        code=used.code,
        amount=place.money(used.order_minor),
        discount=place.money(used.discount_minor),
        at=place.moment(used.redeemed_at),
    )


def day(moment: date) -> str:
    """`3 Mar 2026`."""
    return f"{moment.day} {moment:%b %Y}"


def capital(text: str) -> str:
    """With a capital letter in front."""
    return text[:1].upper() + text[1:]
