"""`safar inbox`: what the local inbox received."""

import json
from dataclasses import asdict

import typer

from app.cli.ground import standing_servers
from app.cli.tenant import DEMO, AsJson, TenantOption, tenant_named
from engine.channels.inbox import all_messages
from engine.core.db import tenant_session


def register(cli: typer.Typer) -> None:
    """Add this group's commands."""
    cli.command()(inbox)


def inbox(tenant: TenantOption = DEMO, limit: int = 1000, as_json: AsJson = False) -> None:
    """Print the messages of the local inbox, the newest first."""
    with standing_servers(), tenant_session(tenant_named(tenant).id) as session:
        messages = all_messages(session, limit=limit)
    if as_json:
        typer.echo(json.dumps([asdict(message) for message in messages], default=str))
        return
    for message in messages:
        typer.echo(f"{message.received_at:%Y-%m-%d %H:%M}  {message.channel:<9} {message.recipient}")
        typer.echo(f"    {message.subject or message.body.splitlines()[0]}")
