"""`safar migrate` and `safar seed`."""

import typer

from app.cli.ground import standing_servers
from engine.core import db, health


def register(cli: typer.Typer) -> None:
    """Add this group's commands."""
    cli.command()(migrate)


def migrate() -> None:
    """Bring the database to this version's schema. Safe to repeat, and from several machines at once."""
    with standing_servers():
        db.migrate()
        typer.echo(f"The schema is at revision {health.schema().found}.")
