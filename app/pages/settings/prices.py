"""The section of prices, and the dialog that adds one for a country."""

import reflex as rx

from app.pages.settings.prices_state import BY_COUNTRY, COUNTRIES, PriceRow, PricesState
from app.pages.settings.section import section
from app.pages.words import channel_words
from app.ui import button, described, dialog, form, form_actions, select_field, text_field


def prices_section() -> rx.Component:
    """One field a price."""
    return section(
        "Prices",
        "What one message costs you, by kind and by the country of the customer’s number. A field left empty "
        "counts the usual price in it.",
        rx.el.form(
            rx.el.table(
                rx.el.caption("Prices of one message", class_name="s-hidden"),
                rx.el.thead(
                    rx.el.tr(
                        rx.el.th("Message", scope="col"),
                        rx.el.th("To", scope="col"),
                        rx.el.th("Price in ", PricesState.price_symbol, scope="col"),
                    )
                ),
                rx.el.tbody(rx.foreach(PricesState.rows, _row), key=PricesState.stored_values),
                class_name="st-prices",
            ),
            rx.cond(
                PricesState.may_manage,
                form_actions(
                    button(
                        "Another country", look="quiet", icon="plus", on_click=PricesState.ask_price(True)
                    ),
                    button("Save", type="submit", loading=PricesState.saving),
                ),
            ),
            on_submit=PricesState.save,
        ),
    )


def new_price_dialog() -> rx.Component:
    """A price for a country that has none of its own yet."""
    return dialog(
        form(
            select_field(
                name="price-channel",
                label="Channel",
                options=[(channel.value, channel_words(channel)) for channel in BY_COUNTRY],
                value=PricesState.add_channel,
                on_change=PricesState.choose_channel,
            ),
            select_field(name="price-category", label="Kind", options=PricesState.add_categories),
            select_field(name="price-country", label="Country", options=COUNTRIES, default_value="AE"),
            text_field(
                name="price",
                label=f"Price of one message, in {PricesState.price_symbol}",
                placeholder="0.85",
                input_mode="decimal",
                auto_complete="off",
                error=PricesState.add_problems["price"],
            ),
            form_actions(
                button("Cancel", look="quiet", on_click=PricesState.ask_price(False)),
                button("Add", type="submit"),
            ),
            on_submit=PricesState.add,
        ),
        title="A price for another country",
        description="It counts for customers whose number is from there.",
        open=PricesState.adding,
        on_open_change=PricesState.ask_price,
    )


def _row(row: rx.Var[PriceRow]) -> rx.Component:
    error = PricesState.problems[row.field]
    return rx.el.tr(
        rx.el.th(row.channel, rx.el.span(row.category, class_name="s-muted"), scope="row"),
        rx.el.td(row.country),
        rx.el.td(
            rx.el.input(
                id=row.field,
                name=row.field,
                default_value=row.own,
                placeholder=row.usual,
                input_mode="decimal",
                auto_complete="off",
                class_name="s-control s-number",
                custom_attrs=described(row.field, error=error)
                | {"aria-label": f"{row.channel}, {row.category}, {row.country}"},
            ),
            rx.el.div(
                rx.cond(error, rx.el.div(error, class_name="s-error")),
                id=f"{row.field}-error",
                custom_attrs={"aria-live": "polite"},
            ),
        ),
    )
