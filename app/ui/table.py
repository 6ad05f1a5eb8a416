"""The one table: tools above, rows or what stands in for them, paging below."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from app.ui.button import button
from app.ui.link import link
from app.ui.skeleton import skeleton_rows


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        title: its heading; for one without words a hidden text.
        cell: makes the cell's content from a row (a state variable of a dataclass or dict).
        end: right-aligned with figures below each other, for numbers.
        phone: whether narrow screens keep it.
        roomy: whether only wide windows have it; say it elsewhere in the row for the others.
        width: CSS width, where the content should not decide.
        sort: what the table's `Sorting` calls it; its heading is then a button.
        hint: how its values are to be read, told when one points at or focuses its heading.
    """

    title: rx.Component | str
    cell: Callable[[Any], rx.Component | rx.Var[Any] | str]
    end: bool = False
    phone: bool = True
    roomy: bool = False
    width: str | None = None
    sort: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Sorting:
    """How a table is sorted: by the column of this name, upwards or down. `on_sort` takes the name of a column."""

    by: rx.Var[str]
    descending: rx.Var[bool]
    on_sort: Any


@dataclass(frozen=True, slots=True)
class Paging:
    """Where in a long list the table is. `summary` reads like "1–50 of 2,469"."""

    summary: rx.Var[str]
    has_previous: rx.Var[bool]
    has_next: rx.Var[bool]
    on_previous: Any
    on_next: Any


def table(
    *,
    label: str,
    columns: Sequence[Column],
    rows: rx.Var[list[Any]],
    empty: rx.Component,
    loading: rx.Var[bool] | bool = False,
    row_href: Callable[[Any], rx.Var[str] | str] | None = None,
    tools: Sequence[rx.Component] = (),
    paging: Paging | None = None,
    sorting: Sorting | None = None,
) -> rx.Component:
    """A table.

    Args:
        label: what it lists, for screen readers.
        columns: left to right. With `row_href` the first one's content becomes the row's link; put other
            controls of a row into an element of class `s-above-row`.
        rows: state variable of one page of rows.
        empty: shown when there are no rows, usually `empty(...)`.
        loading: shows grey rows instead.
        row_href: where a click on a row leads.
        tools: search box and buttons above the table.
        paging: below the table.
        sorting: makes the headings of columns with a `sort` buttons.
    """
    head = rx.el.thead(rx.el.tr(*[_heading(column, sorting) for column in columns]))
    body = rx.el.tbody(rx.foreach(rows, lambda row: _row(row, columns, row_href)))
    grid = rx.el.div(
        rx.el.table(
            rx.el.caption(label, class_name="s-hidden"),
            head,
            rx.cond(loading, skeleton_rows(columns=len(columns)), body),
            class_name="s-table s-table-open" if row_href else "s-table",
            custom_attrs={"aria-busy": rx.cond(loading, "true", "false")},
        ),
        class_name="s-table-scroll",
    )
    has_rows = rx.Var.create(loading) | (rows.length() > 0)
    return rx.el.div(
        rx.el.div(*tools, class_name="s-table-tools") if tools else None,
        rx.cond(has_rows, grid, empty),
        _paging(paging) if paging else None,
        class_name="s-table-card",
    )


def _heading(column: Column, sorting: Sorting | None) -> rx.Component:
    style = {"width": column.width} if column.width else {}
    if not (sorting and column.sort):
        return rx.el.th(column.title, scope="col", class_name=_classes(column), style=style)
    is_sorted = sorting.by == column.sort
    way = rx.cond(sorting.descending, "descending", "ascending")
    arrow = rx.cond(sorting.descending, rx.icon("arrow-down", size=14), rx.icon("arrow-up", size=14))
    heading = rx.el.button(
        column.title,
        rx.el.span(rx.cond(is_sorted, arrow), class_name="s-sort-way", custom_attrs={"aria-hidden": "true"}),
        type="button",
        on_click=sorting.on_sort(column.sort),
        class_name="s-sort",
    )
    return rx.el.th(
        rx.tooltip(heading, content=column.hint) if column.hint else heading,
        scope="col",
        class_name=_classes(column),
        style=style,
        custom_attrs={"aria-sort": rx.cond(is_sorted, way, "none")},
    )


def _row(
    row: Any, columns: Sequence[Column], row_href: Callable[[Any], rx.Var[str] | str] | None
) -> rx.Component:
    cells = [column.cell(row) for column in columns]
    if row_href:
        cells[0] = link(cells[0], href=row_href(row), class_name="s-row-link")
    return rx.el.tr(
        *[rx.el.td(cell, class_name=_classes(column)) for cell, column in zip(cells, columns, strict=True)]
    )


def _classes(column: Column) -> str:
    return " ".join(
        name
        for name, wanted in (
            ("s-end", column.end),
            ("s-wide-only", not column.phone),
            ("s-roomy-only", column.roomy),
        )
        if wanted
    )


def _paging(paging: Paging) -> rx.Component:
    return rx.el.nav(
        rx.el.span(paging.summary, class_name="s-number", custom_attrs={"aria-live": "polite"}),
        rx.el.div(
            button(
                "Previous", look="quiet", size="1", on_click=paging.on_previous, disabled=~paging.has_previous
            ),
            button("Next", look="quiet", size="1", on_click=paging.on_next, disabled=~paging.has_next),
            class_name="s-row",
        ),
        class_name="s-paging",
        custom_attrs={"aria-label": "Pages"},
    )
