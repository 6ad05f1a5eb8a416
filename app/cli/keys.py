"""`safar keys`: keys for the REST interface and for ingestion."""

import json

import typer

from app.cli.ground import standing_servers
from app.cli.tenant import DEMO, AsJson, TenantOption, tenant_named
from engine.core.accounts import create_key
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.models import KeyKind

ACTOR = "cli"
SCOPES = {KeyKind.API: ("campaign.approve",), KeyKind.WRITE: ()}
"""Who may run this may do everything: the API key publishes without being approved."""


def register(cli: typer.Typer) -> None:
    """Add this group's commands."""
    cli.command()(keys)


def keys(tenant: TenantOption = DEMO, as_json: AsJson = False) -> None:
    """Make a new API key and a new write key and print them; they cannot be shown again."""
    with standing_servers():
        named = tenant_named(tenant)
        now = utc_now()
        with tenant_session(named.id) as session:
            made = {
                f"{kind}_key": create_key(
                    session, named.id, kind, "Made by safar keys", actor=ACTOR, now=now, scopes=SCOPES[kind]
                )
                for kind in KeyKind
            }
    if as_json:
        typer.echo(json.dumps({"tenant": named.slug, **made}))
        return
    typer.echo(f"API key    {made['api_key']}  (REST: Authorization: Bearer …)")
    typer.echo(f"Write key  {made['write_key']}  (ingestion: user name of Basic authentication)")
