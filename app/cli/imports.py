"""`safar import`: customers and orders from CSV files, and a real shop's year to try things on."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.ground import standing_servers
from app.cli.tenant import DEMO, AsJson, TenantOption, tenant_named
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.customers import completejourney, imports
from engine.customers.csv_file import read_csv
from engine.customers.csv_mapping import ImportKind, guess_mapping

ACTOR = "cli"
SHOWN_ROWS = 10

CsvPath = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The CSV file.")]
DayFirst = Annotated[
    bool | None,
    typer.Option(
        "--day-first/--month-first", help="Whether 05/03 is in March; the country decides by default."
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="COLUMN=FIELD", help="What a column is, when its name does not tell."),
]
RejectedPath = Annotated[
    Path | None,
    typer.Option("--rejected", dir_okay=False, help="Write rows that were not taken to this file."),
]


def register(cli: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(no_args_is_help=True, help="Import customers, orders, or a real shop's year.")
    group.command()(customers)
    group.command()(orders)
    group.command("completejourney")(complete_journey)
    cli.add_typer(group, name="import")


def customers(
    file: CsvPath,
    tenant: TenantOption = DEMO,
    column: Columns = None,
    day_first: DayFirst = None,
    rejected: RejectedPath = None,
    as_json: AsJson = False,
) -> None:
    """Import customers from a CSV file. Exit code 1 when a row was not taken."""
    _import(ImportKind.CUSTOMERS, file, tenant, column, day_first, rejected, as_json)


def orders(
    file: CsvPath,
    tenant: TenantOption = DEMO,
    column: Columns = None,
    day_first: DayFirst = None,
    rejected: RejectedPath = None,
    as_json: AsJson = False,
) -> None:
    """Import orders from a CSV file. Exit code 1 when a row was not taken."""
    _import(ImportKind.ORDERS, file, tenant, column, day_first, rejected, as_json)


def complete_journey(tenant: TenantOption = DEMO, as_json: AsJson = False) -> None:
    """Load 2,469 households of a real grocer with their orders of one year. A second time loads nothing."""
    with standing_servers():
        tenant_id = tenant_named(tenant).id
        loaded = _with_bar(
            "Orders", as_json, lambda tell: completejourney.load(tenant_id, now=utc_now(), progress=tell)
        )
    if as_json:
        typer.echo(json.dumps(asdict(loaded)))
    elif not loaded.orders:
        typer.echo("The year is there already; nothing was loaded.")
    else:
        typer.echo(
            f"{loaded.customers:,} customers, {loaded.orders:,} orders with {loaded.lines:,} lines, "
            f"{loaded.campaigns} past campaigns and {loaded.events:,} events."
        )


def _import(
    kind: ImportKind,
    file: Path,
    tenant: str,
    column: list[str] | None,
    day_first: bool | None,
    rejected: Path | None,
    as_json: bool,
) -> None:
    data = file.read_bytes()
    with standing_servers():
        tenant_id = tenant_named(tenant).id
        mapping = _mapping(kind, data, column or [])
        result = _with_bar(
            kind.value.capitalize(),
            as_json,
            lambda tell: imports.import_csv(
                tenant_id,
                kind,
                data,
                mapping,
                file_name=file.name,
                actor=ACTOR,
                now=utc_now(),
                progress=tell,
                day_first=day_first,
            ),
        )
        if rejected and result.rejected:
            with tenant_session(tenant_id) as session:
                rejected.write_bytes(imports.rejected_csv(session, result.import_id)[1])
    _tell(result, rejected, as_json)
    if result.rejected:
        raise typer.Exit(1)


def _mapping(kind: ImportKind, data: bytes, given: list[str]) -> dict[str, str] | None:
    """The guess with what was said on the line put over it; None leaves the guess to the import."""
    if not given:
        return None
    said = {}
    for each in given:
        column, equals, field = each.rpartition("=")
        if not equals:
            raise typer.BadParameter(
                f"'{each}' must be COLUMN=FIELD, e.g. 'Handset=phone'.", param_hint="--column"
            )
        said[column] = field
    guessed = guess_mapping(kind, read_csv(data).columns)
    kept = {column: field for column, field in guessed.items() if field not in said.values()}
    return {**kept, **said}


def _with_bar(label: str, quiet: bool, work: Callable[[imports.Progress], Any]) -> Any:
    """Do the work with a bar on stderr that follows its progress."""
    if quiet:
        return work(lambda done, total: None)
    with typer.progressbar(length=1_000, label=label, file=typer.get_text_stream("stderr")) as bar:
        return work(lambda done, total: bar.update(done * 1_000 // total - bar.pos))


def _tell(result: imports.ImportResult, rejected: Path | None, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(result), default=str))
        return
    typer.echo(
        f"{result.created:,} new, {result.updated:,} known already, {len(result.rejected):,} rows not taken."
    )
    for row in result.rejected[:SHOWN_ROWS]:
        typer.echo(f"  line {row.row}: {row.reason}", err=True)
    if len(result.rejected) > SHOWN_ROWS:
        typer.echo(f"  … and {len(result.rejected) - SHOWN_ROWS:,} more.", err=True)
    if result.rejected and rejected:
        typer.echo(f"They are in {rejected}, to be put right and imported again.", err=True)
    elif result.rejected:
        typer.echo(
            "Nothing is lost: they are kept with the import. --rejected FILE writes them down.", err=True
        )
