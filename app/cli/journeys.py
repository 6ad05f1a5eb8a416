"""`safar journey`: a journey's graph from a file, checked, played through, or published."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from app.cli.ground import standing_servers
from app.cli.tenant import DEMO, AsJson, TenantOption, tenant_named
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.errors import InvalidGraph, InvalidInput
from engine.core.ids import new_id
from engine.journeys.graph import read_graph, read_json
from engine.journeys.journeys import create_journey, load_journey, save_draft
from engine.journeys.journeys import publish as publish_journey
from engine.journeys.nodes.base import Trigger
from engine.journeys.plan import Plan, compile_plan
from engine.journeys.references import load_references
from engine.journeys.simulation import Simulation, entrants
from engine.journeys.simulation import simulate as play
from engine.journeys.validation import find_problems

GraphFile = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The graph as JSON.")
]


def register(cli: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(no_args_is_help=True, help="Validate, simulate or publish a journey's graph.")
    for command in (validate, simulate, publish):
        group.command()(command)
    cli.add_typer(group, name="journey")


def validate(file: GraphFile, tenant: TenantOption = DEMO, as_json: AsJson = False) -> None:
    """Say every problem that keeps the graph from being published. Exit code 1 when there is one."""
    with standing_servers(), tenant_session(tenant_named(tenant).id) as session:
        problems = find_problems(read_json(file.read_bytes()), load_references(session, now=utc_now()))
    if as_json:
        found = [problem.as_json() for problem in problems]
        typer.echo(json.dumps({"valid": not problems, "problems": found}))
    else:
        for problem in problems:
            typer.echo(f"{problem.node_id or 'journey'}: {problem.message} [{problem.code}]")
        typer.echo(f"{len(problems)} problem(s)." if problems else "The graph can be published.")
    if problems:
        raise typer.Exit(1)


def simulate(
    file: GraphFile,
    tenant: TenantOption = DEMO,
    at: Annotated[datetime | None, typer.Option(help="When it starts, UTC; now by default.")] = None,
    days: Annotated[float, typer.Option(min=0, help="How many days it is played.")] = 90,
    customer: Annotated[
        list[UUID] | None, typer.Option(help="Ids of customers who enter, instead of the segment's members.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play the journey through in virtual time and say what would happen. Nothing is written or sent."""
    start = at.replace(tzinfo=UTC) if at else utc_now()
    with standing_servers(), tenant_session(tenant_named(tenant).id) as session:
        plan = _compiled(session, file)
        entries = _entries(session, plan, customer or [], now=start)
        played = play(session, plan, entries, start=start, until=start + timedelta(days=days))
    if as_json:
        typer.echo(json.dumps(_as_json(played)))
        return
    typer.echo(f"{len(played.entered)} customers would have entered on {start:%d %b %Y %H:%M} UTC.")
    for (node_id, port), times in played.steps.items():
        typer.echo(f"  {node_id:<24} {port or 'end':<16} {times:>8}")
    typer.echo(f"{len(played.messages)} messages would have been queued.")
    for (day, channel), times in sorted(_by_day(played).items()):
        typer.echo(f"  {day} {channel:<10} {times:>8}")
    for outcome, times in played.outcomes.items():
        typer.echo(f"{outcome}: {times}")


def publish(
    file: GraphFile,
    tenant: TenantOption = DEMO,
    name: Annotated[str | None, typer.Option(help="A new journey's name; the file's by default.")] = None,
    journey: Annotated[
        UUID | None, typer.Option(help="Id of a journey that gets this graph as its new version.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Publish the graph as a new journey, or as a new version of one."""
    graph = read_json(file.read_bytes())
    now = utc_now()
    with standing_servers():
        tenant_id = tenant_named(tenant).id
        with tenant_session(tenant_id) as session:
            if journey is None:
                title = name or file.stem.replace("-", " ").replace("_", " ").capitalize()
                target = create_journey(session, tenant_id, title, user_id=None, now=now, graph=graph)
            else:
                target = load_journey(session, journey)
                save_draft(session, target.id, graph, revision=target.revision, now=now)
                session.refresh(target)
            published = publish_journey(session, tenant_id, target.id, user_id=None, now=now)
            said = {
                "journey_id": str(target.id),
                "version_id": str(published.version_id),
                "version": published.number,
                "enrolled": published.enrolled,
            }
    if as_json:
        typer.echo(json.dumps(said))
        return
    typer.echo(f"Journey {said['journey_id']} is live, version {published.number}.")
    typer.echo(f"{published.enrolled} customers entered at once.")


def _compiled(session: Session, file: Path) -> Plan:
    raw = read_json(file.read_bytes())
    problems = find_problems(raw, load_references(session, now=utc_now()))
    graph, _ = read_graph(raw)
    if graph is None or problems:
        raise InvalidGraph(
            f"{file.name} cannot be simulated: {problems[0].message} "
            f"`safar journey validate {file.name}` lists all {len(problems)} problem(s).",
            details=[problem.as_json() for problem in problems],
        )
    return compile_plan(graph, version_id=new_id(), journey_id=new_id())


def _entries(session: Session, plan: Plan, chosen: list[UUID], *, now: datetime) -> dict[UUID, Trigger]:
    if chosen:
        return dict.fromkeys(chosen, plan.triggers[0])
    found = entrants(session, plan, now=now)
    if not found and not any(trigger.existing_members_of() for trigger in plan.triggers):
        raise InvalidInput("No trigger of this journey is a segment, so name who enters with --customer ID.")
    return found


def _by_day(played: Simulation) -> Counter[tuple[str, str]]:
    return Counter((f"{message.at:%Y-%m-%d}", message.channel) for message in played.messages)


def _as_json(played: Simulation) -> dict[str, Any]:
    return {
        "entered": [str(customer_id) for customer_id in played.entered],
        "steps": [
            {"node_id": node_id, "port": port, "times": times}
            for (node_id, port), times in played.steps.items()
        ],
        "messages": [
            {
                "at": message.at.isoformat(),
                "customer_id": str(message.customer_id),
                "node_id": message.node_id,
                "channel": message.channel,
                "template_id": str(message.template_id),
            }
            for message in played.messages
        ],
        "outcomes": dict(played.outcomes),
        "until": played.until.isoformat(),
    }
