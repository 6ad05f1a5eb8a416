"""What a coupon's page shows: its terms, figures, codes and uses."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import reflex as rx

from app.pages.offers.list_state import place_of
from app.pages.offers.told import (
    MANAGE,
    CodeLine,
    Place,
    UseLine,
    capital,
    code_line,
    day,
    state_of,
    use_line,
)
from app.pages.session import signed_in
from app.ui import done
from engine.core.accounts import Viewer, demand, may
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import NotFound
from engine.journeys.choices import list_branches, list_segments
from engine.journeys.usage import journeys_naming
from engine.offers.coupons import get_coupon, update_coupon
from engine.offers.drafts import CouponChange
from engine.offers.history import Figures, figures_of, list_redemptions, recent_codes
from engine.offers.models import Coupon
from engine.offers.words import discount_words

SHOWN = 20


@dataclass
class Term:
    """A line of the terms."""

    label: str
    text: str


@dataclass
class Seen:
    """A coupon with all its page shows."""

    id: str = ""
    name: str = ""
    code: str = ""
    state: str = ""
    tone: str = ""
    is_active: bool = True
    granted: str = ""
    redeemed: str = ""
    discount: str = ""
    revenue: str = ""


class CouponState(rx.State):
    """One coupon's page."""

    loading: bool = True
    missing: str = ""
    seen: Seen = Seen()
    terms: list[Term] = []
    codes: list[CodeLine] = []
    uses: list[UseLine] = []
    may_edit: bool = False

    @rx.event
    async def load(self):
        """Open the coupon of the address."""
        viewer = await signed_in(self)
        self.loading, self.missing = True, ""
        yield
        self.may_edit = may(viewer.role, MANAGE)
        try:
            await self._show(viewer)
        except NotFound as error:
            self.missing = error.message
        self.loading = False

    @rx.event
    async def switch(self, on: bool):
        """Switch it on or off, at once."""
        viewer = await signed_in(self)
        demand(viewer.role, MANAGE)
        await asyncio.to_thread(_switch, viewer, coupon_id_of(self.coupon_id), on)
        await self._show(viewer)
        return done("The coupon is on." if on else "The coupon is off. No code of it works any more.")

    async def _show(self, viewer: Viewer) -> None:
        found = await asyncio.to_thread(_read, viewer, coupon_id_of(self.coupon_id))
        self.seen, self.terms, self.codes, self.uses = found


def coupon_id_of(raw: str) -> UUID:
    """The id in an address.

    Raises:
        NotFound: it is none.
    """
    try:
        return UUID(raw)
    except ValueError:
        raise NotFound("This coupon does not exist. Open the list of coupons to choose one.") from None


def _read(viewer: Viewer, coupon_id: UUID) -> tuple[Seen, list[Term], list[CodeLine], list[UseLine]]:
    with tenant_session(viewer.tenant_id) as session:
        coupon = get_coupon(session, coupon_id)
        place = place_of(session, viewer)
        figures = figures_of(session, [coupon_id])[coupon_id]
        names = {each["id"]: each["name"] for each in (*list_branches(session), *list_segments(session))}
        given_by = ", ".join(journeys_naming(session, coupon_id))
        codes = [code_line(each, name, place) for each, name in recent_codes(session, coupon_id, limit=SHOWN)]
        used, _ = list_redemptions(session, coupon_id, size=SHOWN)
        uses = [use_line(each, name, place) for each, name in used]
    return _seen(coupon, figures, place), _terms(coupon, place, names, given_by), codes, uses


def _seen(coupon: Coupon, figures: Figures, place: Place) -> Seen:
    state, tone = state_of(coupon, place.today)
    limit = f" of {coupon.max_total_uses:,}" if coupon.max_total_uses else ""
    return Seen(
        id=str(coupon.id),
        name=coupon.name,
        code=coupon.code,
        state=state,
        tone=tone,
        is_active=coupon.is_active,
        granted=f"{figures.granted:,}",
        redeemed=f"{figures.redeemed:,}{limit}",
        discount=place.money(figures.discount_minor),
        revenue=place.money(figures.revenue_minor),
    )


def _terms(coupon: Coupon, place: Place, names: dict[str, str], given_by: str) -> list[Term]:
    """What holds; what is not limited is left out."""
    cap, least = coupon.max_discount_minor, coupon.min_order_minor
    per_customer = coupon.max_uses_per_customer
    lines = (
        ("Gives", capital(discount_words(coupon, place.currency))),
        ("At most", place.money(cap) if cap else ""),
        ("Order", f"{place.money(least)} or more" if least else ""),
        ("Good", f"{day(coupon.valid_from)} – {day(coupon.valid_until)}"),
        (
            "Each customer",
            f"{per_customer:,} {'time' if per_customer == 1 else 'times'}" if per_customer else "",
        ),
        ("Codes", "Only customers’ own" if coupon.personal_only else ""),
        ("Only for", names.get(str(coupon.segment_id), "")),
        ("Branches", ", ".join(names.get(str(each), "") for each in coupon.branch_ids or ())),
        ("Services", ", ".join(coupon.services or ())),
        ("Categories", ", ".join(coupon.categories or ())),
        ("With others", "Yes" if coupon.allow_stacking else "No"),
        ("Named by", given_by),
        ("Note", coupon.description),
    )
    return [Term(label, text) for label, text in lines if text]


def _switch(viewer: Viewer, coupon_id: UUID, on: bool) -> None:
    with tenant_session(viewer.tenant_id) as session:
        update_coupon(
            session,
            viewer.tenant_id,
            coupon_id,
            CouponChange(is_active=on),
            actor=f"user:{viewer.user_id}",
            now=utc_now(),
        )
