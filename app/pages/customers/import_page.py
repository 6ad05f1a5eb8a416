"""Bringing customers or orders in from a CSV file, step by step."""

import reflex as rx

from app.pages.customers.import_state import ColumnView, ImportState, PastImport, ProblemView
from app.pages.frame import frame
from app.pages.registry import Page
from app.ui import (
    Column,
    button,
    card,
    empty,
    file_drop,
    link_button,
    notice,
    page_header,
    skeleton_lines,
    stat_card,
    stat_row,
    table,
)
from app.ui.theme import Tone
from engine.customers.csv_mapping import ImportKind

KINDS = (
    (ImportKind.CUSTOMERS.value, "Customers", "One row a person: name, phone, e-mail, birthday, tags …"),
    (
        ImportKind.ORDERS.value,
        "Orders",
        "One row a bill, or a row an article: number, customer, date, amount …",
    ),
)


def import_customers() -> rx.Component:
    """The step that is due."""
    return frame(
        page_header(
            title="Import",
            description="From a CSV file of your booking system, till or shop. You see it before anything is written.",
            back=("Customers", "/customers"),
        ),
        rx.cond(ImportState.problem, notice(ImportState.problem, tone=Tone.BAD)),
        rx.cond(
            ImportState.loading,
            card(skeleton_lines(count=6)),
            rx.match(
                ImportState.step,
                ("check", _check()),
                ("running", _running()),
                ("result", _result()),
                _choose(),
            ),
        ),
        active="customers",
    )


def _choose() -> rx.Component:
    return rx.el.div(
        card(
            rx.el.fieldset(
                rx.el.legend("What is in the file?", class_name="s-label"),
                rx.el.div(*[_kind(*each) for each in KINDS], class_name="ci-kinds"),
                class_name="ci-fieldset",
            ),
            file_drop(
                name="csv",
                label="Choose a CSV file",
                title=rx.cond(ImportState.busy, "Reading …", "Drop a CSV file here, or choose one"),
                hint="In Excel: Save as “CSV UTF-8”. Up to 50 MB. The same file twice changes nothing.",
                on_file=ImportState.take,
                disabled=~ImportState.may_edit | ImportState.busy,
            ),
            rx.cond(ImportState.may_edit, None, notice("Your role may look at customers, not import them.")),
        ),
        rx.cond(ImportState.past.length() > 0, _past()),
        class_name="s-stack-l",
    )


def _kind(value: str, label: str, hint: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="kind",
            value=value,
            checked=ImportState.kind == value,
            on_change=ImportState.choose_kind,
            class_name="s-check",
        ),
        rx.el.span(
            rx.el.span(label, class_name="ci-kind-name"), rx.el.span(hint, class_name="s-hint ci-kind-hint")
        ),
        class_name="s-check-row ci-kind",
    )


def _past() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Imports so far", class_name="s-card-title"),
        table(
            label="Imports so far",
            columns=(
                Column("File", lambda row: rx.el.span(row.file_name, class_name="ci-file")),
                Column("What", lambda row: row.kind, phone=False, width="120px"),
                Column(
                    "Taken", lambda row: rx.el.span(row.counts, class_name="s-muted s-number"), width="200px"
                ),
                Column("Kept back", _kept_back, width="190px"),
                Column(
                    "When",
                    lambda row: rx.el.span(row.when, class_name="s-muted"),
                    end=True,
                    phone=False,
                    width="110px",
                ),
            ),
            rows=ImportState.past,
            empty=rx.fragment(),
        ),
        class_name="s-stack",
    )


def _kept_back(row: rx.Var[PastImport]) -> rx.Component:
    return rx.cond(
        row.rejected,
        button(
            row.rejected,
            look="plain",
            size="1",
            icon="download",
            on_click=ImportState.download(row.id),
            custom_attrs={"aria-label": f"Download what was kept back of {row.file_name}"},
        ),
        rx.el.span("None", class_name="s-muted"),
    )


def _check() -> rx.Component:
    return rx.el.div(
        card(
            rx.el.div(
                rx.el.div(
                    rx.el.div(ImportState.file_name, class_name="ci-file-name"),
                    rx.el.div(ImportState.facts, class_name="s-muted s-small s-number"),
                ),
                rx.el.div(
                    button("Another file", look="quiet", on_click=ImportState.again),
                    button(
                        ImportState.action,
                        on_click=ImportState.start,
                        disabled=~ImportState.can_import,
                        loading=ImportState.busy,
                    ),
                    class_name="s-row",
                ),
                class_name="s-row s-between",
            ),
            rx.cond(
                ImportState.kept_back > 0,
                notice(
                    rx.fragment(
                        ImportState.kept_back.to_string(),
                        " rows cannot be taken as they are. The others are imported; these you can download "
                        "afterwards, put right and import again.",
                    ),
                    tone=Tone.WAITING,
                ),
            ),
        ),
        rx.cond(ImportState.problems.length() > 0, _problems()),
        table(
            label="Columns of the file",
            columns=(
                Column(
                    "Column in the file", lambda row: rx.el.span(row.name, class_name="cu-what"), width="26%"
                ),
                Column("For example", _samples, phone=False),
                Column("Becomes", _field, width="260px"),
            ),
            rows=ImportState.columns,
            empty=empty(icon="table-2", title="No columns", text="The file has no columns with a name."),
        ),
        class_name="s-stack ci-check",
    )


def _samples(row: rx.Var[ColumnView]) -> rx.Component:
    return rx.el.span(row.samples, class_name="s-muted s-small ci-samples", dir="auto")


def _field(row: rx.Var[ColumnView]) -> rx.Component:
    return rx.el.select(
        rx.foreach(ImportState.choices, lambda choice: rx.el.option(choice[1], value=choice[0])),
        value=row.field,
        on_change=lambda name: ImportState.map_column(row.name, name),
        disabled=ImportState.busy,
        class_name="s-control ci-field",
        custom_attrs={"aria-label": f"What “{row.name}” becomes"},
    )


def _problems() -> rx.Component:
    return card(
        rx.el.ul(rx.foreach(ImportState.problems, _problem), class_name="ci-problems", tab_index=0),
        title="Worth a look",
    )


def _problem(problem: rx.Var[ProblemView]) -> rx.Component:
    return rx.el.li(
        rx.el.span(problem.place, class_name="ci-place s-number"), rx.el.span(problem.message, dir="auto")
    )


def _running() -> rx.Component:
    return card(
        rx.el.div(
            rx.el.div("Importing ", ImportState.file_name, class_name="ci-file-name"),
            rx.el.div(
                rx.el.div(class_name="ci-bar-fill", style={"width": f"{ImportState.progress}%"}),
                class_name="ci-bar",
                role="progressbar",
                custom_attrs={
                    "aria-label": "Import",
                    "aria-valuemin": 0,
                    "aria-valuemax": 100,
                    "aria-valuenow": ImportState.progress,
                },
            ),
            rx.el.div(
                ImportState.done.to_string(),
                " of ",
                ImportState.of.to_string(),
                ". You may go on working; it continues by itself.",
                class_name="s-muted s-small s-number",
            ),
            class_name="s-stack",
        ),
    )


def _result() -> rx.Component:
    summary = ImportState.summary
    return rx.el.div(
        stat_row(
            stat_card(label="New", value=summary.created, icon="user-round-plus"),
            stat_card(label="Known before, brought up to date", value=summary.updated, icon="refresh-cw"),
            stat_card(label="Kept back", value=summary.rejected, icon="file-warning"),
        ),
        rx.cond(
            summary.rows.length() > 0,
            card(
                rx.el.ul(rx.foreach(summary.rows, _problem), class_name="ci-problems", tab_index=0),
                title="Rows kept back",
                actions=(
                    button(
                        "Download them",
                        look="quiet",
                        icon="download",
                        on_click=ImportState.download(summary.id),
                    ),
                ),
            ),
            notice("Every row was taken.", tone=Tone.GOOD),
        ),
        rx.el.div(
            button("Import another file", look="quiet", on_click=ImportState.again),
            link_button("See your customers", href="/customers"),
            class_name="s-row",
        ),
        class_name="s-stack-l",
    )


IMPORT = Page(
    route="/customers/import",
    component=import_customers,
    title="Import",
    description="Bring customers and orders in from a CSV file.",
    on_load=(ImportState.load,),
)
