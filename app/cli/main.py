"""`safar`: everything an operator does from a shell. One file beside this one for each group of commands."""

from typing import Any

import typer
from sqlalchemy.exc import OperationalError, ProgrammingError
from typer.core import TyperGroup

from app.cli import database, doctor, imports, inbox, journeys, keys, processes, seed
from engine.core.errors import SafarError


class SafarGroup(TyperGroup):
    """Turns what went wrong into one line on stderr and exit code 1 (wrong usage is click's 2)."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command named on the line."""
        try:
            return super().invoke(ctx)
        except SafarError as error:
            typer.echo(error.message, err=True)
        except OperationalError as error:
            typer.echo(f"PostgreSQL cannot be used: {_reason(error)} Ask `safar doctor`.", err=True)
        except ProgrammingError as error:
            typer.echo(f"The database does not fit: {_reason(error)} Run `safar migrate`.", err=True)
        raise typer.Exit(1)


def _reason(error: OperationalError | ProgrammingError) -> str:
    return str(error.orig).strip().splitlines()[0].rstrip(".") + "."


cli = typer.Typer(
    cls=SafarGroup,
    help="Safar: visual customer journeys for studios and shops.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (processes, database, seed, keys, journeys, imports, inbox, doctor):
    group.register(cli)

if __name__ == "__main__":
    cli()
