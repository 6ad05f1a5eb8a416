"""The lists of coupons and gift cards."""

import reflex as rx

from app.pages.frame import frame
from app.pages.offers.cards_state import GiftCardsState
from app.pages.offers.cells import with_code
from app.pages.offers.form import coupon_form
from app.pages.offers.form_state import CouponFormState
from app.pages.offers.list_state import STATES, OffersState
from app.pages.registry import Page
from app.ui import (
    Column,
    Paging,
    badge,
    button,
    empty,
    link_button,
    page_header,
    pick,
    search_field,
    table,
)


def offers() -> rx.Component:
    """Two tables behind tabs, and the dialog for a new coupon."""
    return frame(
        page_header(
            title="Offers",
            description="Coupons and gift cards: what you gave, and what came of it.",
            actions=(_new(),),
        ),
        rx.tabs.root(
            rx.tabs.list(
                rx.tabs.trigger("Coupons", value="coupons"),
                rx.tabs.trigger("Gift cards", value="cards"),
            ),
            rx.tabs.content(_coupons(), value="coupons", class_name="of-tab"),
            rx.tabs.content(_cards(), value="cards", class_name="of-tab"),
            value=OffersState.tab,
            on_change=OffersState.open_tab,
        ),
        coupon_form(),
        active="offers",
    )


def _coupons() -> rx.Component:
    return table(
        label="Coupons",
        columns=COUPONS,
        rows=OffersState.lines,
        loading=OffersState.loading,
        row_href=lambda line: line.href,
        tools=(
            search_field(
                label="Search coupons",
                value=OffersState.search,
                on_change=OffersState.look_for,
                placeholder="Name or code",
            ),
            pick(label="State", options=STATES, value=OffersState.wanted, on_change=OffersState.choose),
        ),
        paging=Paging(
            summary=OffersState.summary,
            has_previous=OffersState.has_previous,
            has_next=OffersState.has_next,
            on_previous=OffersState.turn(-1),
            on_next=OffersState.turn(1),
        ),
        empty=rx.cond(OffersState.is_filtered, _none_found(), _none_yet()),
    )


def _cards() -> rx.Component:
    return table(
        label="Gift cards",
        columns=CARDS,
        rows=GiftCardsState.lines,
        loading=GiftCardsState.loading,
        row_href=lambda line: line.href,
        tools=(
            search_field(
                label="Search gift cards",
                value=GiftCardsState.search,
                on_change=GiftCardsState.look_for,
                placeholder="Code or customer",
            ),
        ),
        paging=Paging(
            summary=GiftCardsState.summary,
            has_previous=GiftCardsState.has_previous,
            has_next=GiftCardsState.has_next,
            on_previous=GiftCardsState.turn(-1),
            on_next=GiftCardsState.turn(1),
        ),
        empty=rx.cond(GiftCardsState.search, _no_card_found(), _no_card_yet()),
    )


COUPONS = (
    Column("Coupon", lambda line: with_code(line.name, line.code)),
    Column("Gives", lambda line: line.discount, phone=False, width="170px"),
    Column("Given", lambda line: line.granted, end=True, phone=False, width="80px"),
    Column("Used", lambda line: line.redeemed, end=True, width="100px"),
    Column("Brought in", lambda line: line.revenue, end=True, phone=False, width="120px"),
    Column("Last day", lambda line: rx.el.span(line.until, class_name="s-muted"), phone=False, width="120px"),
    Column("State", lambda line: badge(line.state, tone=line.tone), width="120px"),
)

CARDS = (
    Column("Gift card", lambda line: with_code(line.customer, line.code)),
    Column("Amount", lambda line: line.amount, end=True, phone=False, width="110px"),
    Column("Left", lambda line: line.left, end=True, width="110px"),
    Column("Last day", lambda line: rx.el.span(line.until, class_name="s-muted"), phone=False, width="130px"),
    Column("Given", lambda line: rx.el.span(line.given, class_name="s-muted"), phone=False, width="110px"),
    Column("State", lambda line: badge(line.state, tone=line.tone), width="100px"),
)


def _new() -> rx.Component:
    return rx.cond(
        OffersState.may_edit,
        button("New coupon", icon="plus", on_click=CouponFormState.begin("")),
    )


def _none_yet() -> rx.Component:
    return empty(
        icon="ticket-percent",
        title="No coupons yet",
        text="A coupon has one code for everybody, and journeys give customers codes of their own.",
        action=_new(),
    )


def _none_found() -> rx.Component:
    return empty(
        icon="search-x",
        title="No coupon fits",
        text="None has these letters in its name or code. Try fewer of them, or all coupons.",
    )


def _no_card_yet() -> rx.Component:
    return empty(
        icon="gift",
        title="No gift cards yet",
        text="The step “Give gift card” of a journey makes one for each customer who comes to it.",
        action=link_button("Journeys", href="/journeys"),
    )


def _no_card_found() -> rx.Component:
    return empty(
        icon="search-x",
        title="No gift card fits",
        text="Write the beginning of its code, or some letters of the customer’s name.",
    )


OFFERS = Page(
    route="/offers",
    component=offers,
    title="Offers",
    description="Coupons and gift cards of the studio.",
    on_load=(OffersState.load, GiftCardsState.load),
)
