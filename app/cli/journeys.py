"""`safar journey`: a journey's graph from a file, checked, played through, or published."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from app.cli.ground import standing_servers
from app.cli.tenant import DEMO, AsJson, TenantOption, tenant_named
from engine.core.clock import utc_now
from engine.core.db import reading_session, tenant_session
from engine.core.errors import InvalidGraph
from engine.core.ids import new_id
from engine.delivery.prices import micro_words
from engine.journeys.backtest.grid import LONGEST_DAYS, Grid, grid_between, last_days
from engine.journeys.backtest.stage import Played, play
from engine.journeys.drafts import create_journey, load_journey, save_draft
from engine.journeys.graph import read_graph, read_json
from engine.journeys.plan import Plan, compile_plan
from engine.journeys.publishing import publish as publish_journey
from engine.journeys.references import load_references
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
    at: Annotated[
        datetime | None, typer.Option(help="When it starts, UTC; by default so that it ends now.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=LONGEST_DAYS, help="How many days it is played.")] = 90,
    customer: Annotated[
        list[UUID] | None,
        typer.Option(help="Ids of customers who enter at the start, now by default, and nobody else."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play the journey over the past and say what would have happened. Nothing is written or sent."""
    grid = _time(at, days, ahead=bool(customer))
    with standing_servers(), reading_session(tenant_named(tenant).id) as session:
        plan = _compiled(session, file)
        chosen = dict.fromkeys(customer, plan.triggers[0]) if customer else None
        played = play(session, plan, grid, chosen=chosen, tell_messages=True)
    if as_json:
        typer.echo(json.dumps(_as_json(played), default=str))
        return
    _tell(played)


def _time(at: datetime | None, days: int, *, ahead: bool) -> Grid:
    if at is None and not ahead:
        return last_days(days, now=utc_now())
    start = at.replace(tzinfo=UTC) if at else utc_now()
    return grid_between(start, start + timedelta(days=days))


def _tell(played: Played) -> None:
    found = played.result
    typer.echo(
        f"{found.customers} customers would have entered between {found.start:%d %b %Y} and {found.until:%d %b %Y}."
    )
    for step in found.steps:
        for port, times in step.ports.items():
            typer.echo(f"  {step.node_id:<24} {port or 'end':<16} {times:>8}")
    cost = micro_words(found.cost_micro, found.currency)
    typer.echo(
        f"{found.sent} messages would have left for {cost}; {found.held} held, {found.skipped} skipped."
    )
    for refused in found.refusals:
        typer.echo(f"  {refused.reason:<40} {refused.messages:>8}")
    for outcome, times in found.outcomes.items():
        typer.echo(f"{outcome}: {times}")
    typer.echo(f"Still on the way: {found.on_the_way}. Reached the goal: {found.converted}.")
    for sentence in found.assumptions:
        typer.echo(f"  {sentence}")


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


def _as_json(played: Played) -> dict[str, Any]:
    return {
        **played.result.as_json(),
        "customers_entered": [str(each.customer_id) for each in played.passages],
        "messages": [asdict(each) for each in played.messages],
    }
