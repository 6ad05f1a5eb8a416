"""One coupon: its figures, terms, the codes given last and the orders it was used on."""

import reflex as rx

from app.pages.frame import frame
from app.pages.offers.cells import with_code
from app.pages.offers.coupon_state import CouponState, Term
from app.pages.offers.form import coupon_form
from app.pages.offers.form_state import CouponFormState
from app.pages.registry import Page
from app.ui import (
    Column,
    badge,
    button,
    card,
    confirm,
    empty,
    link_button,
    page_header,
    skeleton_lines,
    stat_card,
    stat_row,
    table,
)


def coupon() -> rx.Component:
    """The page, or that there is no such coupon."""
    return frame(
        rx.cond(
            CouponState.missing,
            empty(
                icon="ticket-x",
                title="No such coupon",
                text=CouponState.missing,
                action=link_button("All offers", href="/offers"),
            ),
            rx.cond(CouponState.loading, card(skeleton_lines(count=8)), _coupon()),
        ),
        coupon_form(),
        active="offers",
    )


def _coupon() -> rx.Component:
    seen = CouponState.seen
    return rx.fragment(
        page_header(
            title=rx.el.bdi(seen.name),
            description=rx.el.span(
                rx.el.span(seen.code, class_name="of-code"),
                badge(seen.state, tone=seen.tone),
                class_name="s-row of-facts",
            ),
            back=("Offers", "/offers"),
            actions=(_actions(),),
        ),
        stat_row(
            stat_card(label="Own codes given", value=seen.granted, icon="ticket"),
            stat_card(label="Used", value=seen.redeemed, icon="ticket-check"),
            stat_card(label="Taken off", value=seen.discount, icon="badge-percent"),
            stat_card(label="Those orders paid", value=seen.revenue, icon="wallet"),
        ),
        rx.el.div(
            rx.el.div(_uses(), _codes(), class_name="s-stack-l of-main"),
            card(
                rx.el.dl(rx.foreach(CouponState.terms, _term), class_name="of-terms"),
                title="Terms",
            ),
            class_name="of-panes",
        ),
    )


def _actions() -> rx.Component:
    return rx.cond(
        CouponState.may_edit,
        rx.el.div(
            rx.cond(
                CouponState.seen.is_active,
                confirm(
                    trigger=button("Switch off", look="quiet"),
                    title="Switch this coupon off?",
                    text="No code of it works from this moment, also those your customers hold. "
                    "You can switch it on again.",
                    action="Switch off",
                    on_confirm=CouponState.switch(False),
                ),
                button("Switch on", look="quiet", on_click=CouponState.switch(True)),
            ),
            button("Change", on_click=CouponFormState.begin(CouponState.seen.id)),
            class_name="s-row",
        ),
    )


def _term(term: rx.Var[Term]) -> rx.Component:
    return rx.el.div(rx.el.dt(term.label), rx.el.dd(term.text, dir="auto"), class_name="of-term")


def _uses() -> rx.Component:
    return table(
        label="Used last",
        columns=USES,
        rows=CouponState.uses,
        row_href=lambda line: line.href,
        tools=(rx.el.h2("Used last", class_name="s-card-title"),),
        empty=empty(
            icon="ticket-check",
            title="Not used yet",
            text="Your till redeems codes by the REST interface; the orders stand here then.",
        ),
    )


def _codes() -> rx.Component:
    return table(
        label="Own codes given last",
        columns=CODES,
        rows=CouponState.codes,
        row_href=lambda line: line.href,
        tools=(rx.el.h2("Own codes given last", class_name="s-card-title"),),
        empty=empty(
            icon="ticket",
            title="No codes given yet",
            text="The step “Give coupon” of a journey gives each customer a code of their own.",
        ),
    )


USES = (
    Column("Customer", lambda line: with_code(line.customer, line.code)),
    Column("Order", lambda line: line.order, phone=False, width="140px"),
    Column("Amount", lambda line: line.amount, end=True, phone=False, width="110px"),
    Column("Taken off", lambda line: line.discount, end=True, width="110px"),
    Column("When", lambda line: rx.el.span(line.at, class_name="s-muted"), end=True, width="90px"),
)

CODES = (
    Column("Customer", lambda line: with_code(line.customer, line.code)),
    Column("Given", lambda line: rx.el.span(line.given, class_name="s-muted"), phone=False, width="110px"),
    Column("Last day", lambda line: rx.el.span(line.until, class_name="s-muted"), phone=False, width="130px"),
    Column("State", lambda line: badge(line.state, tone=line.tone), width="100px"),
)

COUPON = Page(
    route="/offers/[coupon_id]",
    component=coupon,
    title="Coupon",
    description="A coupon of the studio, its codes and uses.",
    on_load=(CouponState.load,),
)
