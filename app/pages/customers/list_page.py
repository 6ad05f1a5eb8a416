"""The list of customers."""

import reflex as rx

from app.pages.customers.list_state import SORT_CHOICES, CustomersState, Row
from app.pages.frame import frame
from app.pages.registry import Page
from app.ui import Column, Paging, badge, empty, link_button, page_header, pick, search_field, table


def customers() -> rx.Component:
    """The table."""
    return frame(
        page_header(
            title="Customers",
            description="Everybody you know, what they bought and what they want to hear.",
            actions=(_import(),),
        ),
        table(
            label="Customers",
            columns=COLUMNS,
            rows=CustomersState.rows,
            loading=CustomersState.loading,
            row_href=lambda row: row.href,
            tools=(
                search_field(
                    label="Search customers",
                    value=CustomersState.search,
                    on_change=CustomersState.look_for,
                    placeholder="Name, phone, e-mail or id",
                ),
                pick(
                    label="Order",
                    options=SORT_CHOICES,
                    value=CustomersState.sort,
                    on_change=CustomersState.order_by,
                ),
            ),
            paging=Paging(
                summary=CustomersState.summary,
                has_previous=CustomersState.has_previous,
                has_next=CustomersState.has_next,
                on_previous=CustomersState.previous,
                on_next=CustomersState.next,
            ),
            empty=rx.cond(CustomersState.search, _none_found(), _none_yet()),
        ),
        active="customers",
    )


def _name(row: rx.Var[Row]) -> rx.Component:
    return rx.el.span(
        rx.el.span(row.name, class_name="cu-name", dir="auto"),
        rx.cond(row.contact, rx.el.span(row.contact, class_name="cu-contact")),
        class_name="cu-cell",
    )


def _tags(row: rx.Var[Row]) -> rx.Component:
    return rx.el.span(
        rx.foreach(row.tags, lambda tag: badge(tag, dot=False)),
        rx.cond(row.more_tags, rx.el.span(row.more_tags, class_name="s-muted s-small")),
        class_name="cu-tags",
    )


COLUMNS = (
    Column("Name", _name),
    Column("City", lambda row: rx.el.span(row.city, class_name="s-muted"), phone=False, width="170px"),
    Column("Tags", _tags, phone=False, width="230px"),
    Column("Orders", lambda row: row.orders, end=True, phone=False, width="80px"),
    Column("Spend", lambda row: row.spend, end=True, width="110px"),
    Column(
        "Last order",
        lambda row: rx.el.span(row.last_order, class_name="s-muted"),
        end=True,
        phone=False,
        width="120px",
    ),
)


def _import() -> rx.Component:
    return rx.cond(CustomersState.may_edit, link_button("Import", href="/customers/import", icon="file-up"))


def _none_yet() -> rx.Component:
    return empty(
        icon="users-round",
        title="No customers yet",
        text="Bring them in from a CSV of your booking system or shop, or send them through the API.",
        action=_import(),
    )


def _none_found() -> rx.Component:
    return empty(
        icon="search-x",
        title="Nobody fits",
        text="No customer has these letters or digits in name, phone, e-mail or id. Try fewer of them.",
    )


CUSTOMERS = Page(
    route="/customers",
    component=customers,
    title="Customers",
    description="All customers of the studio.",
    on_load=(CustomersState.load,),
)
