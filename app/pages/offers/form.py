"""The dialog of a coupon: what it gives, when and how often; below, folded, for whom and where."""

from typing import Any

import reflex as rx

from app.pages.offers.form_state import CouponFormState
from app.pages.offers.terms import DISCOUNT_CHOICES, Choice
from app.ui import (
    area_field,
    button,
    check_field,
    dialog,
    fields_row,
    form,
    form_actions,
    notice,
    select_field,
    text_field,
)
from app.ui.theme import Tone
from engine.offers.models import DiscountType

TERMS = CouponFormState.terms
AMOUNT = f"Amount in {CouponFormState.symbol}"


def coupon_form() -> rx.Component:
    """Makes a coupon, or changes one."""
    state = CouponFormState
    return dialog(
        form(
            rx.cond(state.problems["form"], notice(state.problems["form"], tone=Tone.BAD)),
            _named(),
            _discount(),
            _time(),
            _limits(),
            _more(),
            form_actions(
                button("Cancel", look="quiet", on_click=state.show(False)),
                button(rx.cond(state.editing, "Save", "Create"), type="submit", loading=state.busy),
            ),
            on_submit=state.save,
            key=state.serial.to_string(),
        ),
        title=rx.cond(state.editing, "Change coupon", "New coupon"),
        description="Journeys give it, the till asks for it.",
        open=state.is_open,
        on_open_change=state.show,
        max_width="640px",
    )


def _text(name: str, label: str, **props: Any) -> rx.Component:
    """A line of the form, with its value and what is wrong with it."""
    return text_field(
        name=name,
        label=label,
        default_value=getattr(TERMS, name),
        error=CouponFormState.problems[name],
        auto_complete="off",
        **props,
    )


def _three(*fields: rx.Component) -> rx.Component:
    """Up to three fields beside each other."""
    return rx.el.div(fields_row(*fields), class_name="of-three")


def _named() -> rx.Component:
    return fields_row(
        _text("name", "Name", max_length=100, auto_focus=True, dir="auto", hint="Your customers read it."),
        rx.cond(
            CouponFormState.editing,
            None,
            _text(
                "code",
                "Code",
                optional=True,
                max_length=50,
                hint="Leave it empty and one is drawn.",
            ),
        ),
    )


def _discount() -> rx.Component:
    return _three(
        select_field(
            name="discount_type",
            label="Gives",
            options=DISCOUNT_CHOICES,
            default_value=TERMS.discount_type,
            on_change=CouponFormState.choose_type,
        ),
        rx.match(
            CouponFormState.discount_type,
            (
                DiscountType.FLAT.value,
                _text("amount_minor", AMOUNT, input_mode="decimal", placeholder="e.g. 200"),
            ),
            (DiscountType.FREE_SERVICE.value, _text("free_service", "Service", max_length=200, dir="auto")),
            _text("percent", "Percent", input_mode="decimal", placeholder="e.g. 20"),
        ),
        rx.cond(
            CouponFormState.discount_type == DiscountType.PERCENTAGE.value,
            _text(
                "max_discount_minor",
                f"At most, in {CouponFormState.symbol}",
                optional=True,
                input_mode="decimal",
            ),
        ),
    )


def _time() -> rx.Component:
    return fields_row(
        _text("valid_from", "First day", type="date"), _text("valid_until", "Last day", type="date")
    )


def _limits() -> rx.Component:
    return _three(
        _text(
            "min_order_minor", f"Order from, in {CouponFormState.symbol}", optional=True, input_mode="decimal"
        ),
        _text("max_total_uses", "Uses in all", optional=True, input_mode="numeric", hint="Empty: no limit."),
        _text(
            "max_uses_per_customer",
            "Uses per customer",
            optional=True,
            input_mode="numeric",
            hint="Empty: no limit.",
        ),
    )


def _more() -> rx.Component:
    return rx.el.details(
        rx.el.summary("For whom, where and with what", class_name="of-summary"),
        rx.el.div(
            check_field(
                name="personal_only",
                label="Only with a code of the customer’s own",
                hint="Journeys give such codes; the coupon’s own code opens nothing.",
                default_checked=TERMS.personal_only,
            ),
            check_field(
                name="allow_stacking",
                label="May be used with other coupons",
                hint="On an order where all of them may.",
                default_checked=TERMS.allow_stacking,
            ),
            select_field(
                name="segment_id",
                label="Only for",
                options=CouponFormState.segments,
                default_value=TERMS.segment_id,
                optional=True,
                error=CouponFormState.problems["segment_id"],
            ),
            fields_row(
                _text("services", "Services", optional=True, dir="auto", hint="With commas. Empty: all."),
                _text("categories", "Categories", optional=True, dir="auto", hint="With commas. Empty: all."),
            ),
            rx.cond(TERMS.branches.length() > 0, _branches()),
            area_field(
                name="description",
                label="Note",
                optional=True,
                default_value=TERMS.description,
                max_length=1000,
                dir="auto",
                hint="Only you and your colleagues read it.",
                error=CouponFormState.problems["description"],
            ),
            class_name="s-stack of-more",
        ),
    )


def _branches() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(
            "Branches", rx.el.span("none ticked: all", class_name="s-optional"), class_name="s-label"
        ),
        rx.el.div(
            rx.foreach(TERMS.branches, _branch),
            class_name="of-branches",
        ),
        class_name="of-fieldset",
    )


def _branch(branch: rx.Var[Choice]) -> rx.Component:
    return check_field(name=branch.key, label=branch.label, default_checked=branch.chosen)
