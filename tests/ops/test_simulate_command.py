"""`safar journey simulate`: a graph from a file, played over the past of a tenant or ahead for customers one names."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from typer.testing import CliRunner

from app.cli.main import cli
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.ids import new_id
from engine.core.models import Tenant
from engine.customers.models import Customer
from engine.events.record import NewEvent, record

GRAPH: dict[str, Any] = {
    "schema": 1,
    "nodes": [
        {"id": "t", "type": "trigger.event", "config": {"event": "Signed Up"}},
        {"id": "w", "type": "wait.duration", "config": {"duration": {"amount": 1, "unit": "days"}}},
        {"id": "x", "type": "exit"},
    ],
    "edges": [
        {"id": f"{source}-{target}", "source": source, "source_port": "next", "target": target}
        for source, target in (("t", "w"), ("w", "x"))
    ],
    "settings": {"reentry": "always"},
}


def simulate(tenant: UUID, file: Path, *options: str) -> dict[str, Any]:
    with tenant_session(tenant) as session:
        slug = session.scalars(select(Tenant.slug)).one()
    done = CliRunner().invoke(cli, ["journey", "simulate", str(file), "--tenant", slug, "--json", *options])
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_a_file_is_played_over_the_past_or_ahead_for_named_customers(
    tenant: UUID, redis_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "welcome.json"
    file.write_text(json.dumps(GRAPH))
    who, now = new_id(), utc_now()
    with tenant_session(tenant) as session:
        session.add(Customer(id=who, tenant_id=tenant, name="Asha"))
        events = [
            NewEvent(who, "Signed Up", "track", "test", {}, {}, now - timedelta(days=days), new_id())
            for days in (3, 5, 40)
        ]
        record(session, tenant, events, now=now)
    assert (simulate(tenant, file, "--days", "7")["entered"]) == 2
    past = simulate(tenant, file, "--days", "60")
    assert (past["entered"], past["customers_entered"]) == (3, [str(who)] * 3)
    ahead = simulate(tenant, file, "--days", "2", "--customer", str(who))
    assert (ahead["entered"], ahead["outcomes"]) == (1, {"Reached the exit": 1})
