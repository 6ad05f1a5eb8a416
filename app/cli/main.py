"""`safar`: everything an operator does from a shell. One file beside this one for each group of commands."""

from importlib import import_module
from typing import Any

import typer
from sqlalchemy.exc import OperationalError, ProgrammingError
from typer.core import TyperGroup

from engine.core.errors import SafarError

GROUPS = {
    "up": "processes",
    "web": "processes",
    "worker": "processes",
    "clock": "processes",
    "build": "processes",
    "migrate": "database",
    "seed": "seed",
    "keys": "keys",
    "journey": "journeys",
    "import": "imports",
    "inbox": "inbox",
    "doctor": "doctor",
}
"""The file of each command: only that of the command on the line is read, which starts the quick ones at once."""


class SafarGroup(TyperGroup):
    """Finds commands by `GROUPS`; turns what went wrong into one line on stderr and exit code 1 (wrong usage is
    click's 2)."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return list(GROUPS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, or None if there is none of this name."""
        if cmd_name not in GROUPS:
            return None
        found = typer.Typer()
        import_module(f"app.cli.{GROUPS[cmd_name]}").register(found)
        return typer.main.get_group(found).commands[cmd_name]

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
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@cli.callback()
def safar() -> None:
    """Safar: visual customer journeys for studios and shops."""


if __name__ == "__main__":
    cli()
