"""REST of journeys: `/api/v1/journeys`."""

from dataclasses import asdict
from typing import Annotated, Any, Self
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.http.answers import succeeded
from app.http.auth import api_caller
from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import KeyRef
from engine.core.errors import InvalidInput
from engine.core.tenants import get_tenant
from engine.customers.named import Name, NamedBy, find_named
from engine.journeys import drafts, moves, publishing
from engine.journeys.absence import explain_absence
from engine.journeys.behind import LARGEST_PAGE, PAGE, Figure, customers_behind
from engine.journeys.by_hand import MOST, enrol_by_hand
from engine.journeys.catalogue import node_catalogue
from engine.journeys.counts import node_counts
from engine.journeys.directory import LARGEST_PAGE as LONGEST_LIST
from engine.journeys.directory import JourneyQuery, list_journeys
from engine.journeys.explain import explain_customer, midnight
from engine.journeys.graph import graph_schema, read_json
from engine.journeys.models import Journey, JourneyStatus, Stage
from engine.journeys.nodes.base import Problem
from engine.journeys.quarantine import list_stuck, retry_stuck
from engine.journeys.references import load_references
from engine.journeys.stages import journey_map
from engine.journeys.validation import find_problems

router = APIRouter(prefix="/api/v1/journeys", tags=["journeys"])
Caller = Annotated[KeyRef, Depends(api_caller)]

MOST_DATA = 32_768
"""Bytes of JSON that customers who are enrolled by hand may bring."""


class NewJourney(BaseModel):
    """A journey to make; `graph` may be left out."""

    name: str = Field(min_length=1, max_length=100)
    description: str = ""
    stage: Stage = Stage.RETENTION
    graph: dict[str, Any] | None = None


class About(BaseModel):
    """What to change of a journey besides its graph; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=100)
    description: str | None = Field(None, max_length=2_000)
    stage: Stage | None = None
    owner_id: UUID | None = None


class Retry(BaseModel):
    """Which of the stuck enrolments shall go on; without `ids` all."""

    ids: list[UUID] | None = Field(None, max_length=10_000)


class Draft(BaseModel):
    """A draft to save; `revision` is the one it was made from."""

    graph: dict[str, Any]
    revision: int


class CustomerName(BaseModel):
    """A customer by one of the names others know them by."""

    model_config = ConfigDict(extra="forbid")

    id: UUID | None = None
    external_id: str | None = Field(None, min_length=1, max_length=255, pattern=r"^[^\x00]+$")
    email: str | None = Field(None, min_length=3, max_length=320)
    phone: str | None = Field(None, min_length=3, max_length=40)

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("name the customer by exactly one of id, external_id, email, phone")
        return self

    @property
    def name(self) -> Name:
        """As the engine looks it up."""
        ((by, value),) = self.model_dump(exclude_none=True).items()
        return Name(NamedBy(by), str(value))


class Enrolling(BaseModel):
    """Who shall enter, and what they bring: `data` is read as `event.<name>` by templates and branches.

    The same `idempotency_key` lets a customer in once.
    """

    customers: list[UUID | CustomerName] = Field(min_length=1, max_length=MOST)
    data: dict[str, Any] = Field(default_factory=dict)
    idempotency_key: str | None = Field(None, min_length=1, max_length=200)

    @field_validator("data")
    @classmethod
    def _can_be_kept(cls, data: dict[str, Any]) -> dict[str, Any]:
        written = orjson.dumps(data)
        if len(written) > MOST_DATA or b"\\u0000" in written:
            raise ValueError("at most 32 KB of JSON, without NUL characters")
        return data

    @property
    def names(self) -> list[Name]:
        """The customers, each once."""
        ids = (
            Name(NamedBy.ID, str(each)) if isinstance(each, UUID) else each.name for each in self.customers
        )
        return list(dict.fromkeys(ids))


@router.get("/schema")
def schema() -> dict[str, Any]:
    """JSON Schema of a graph."""
    return graph_schema()


@router.get("/node-types")
def node_types() -> dict[str, Any]:
    """Every node type with its config's schema and its ports."""
    return succeeded(node_catalogue())


@router.post("/validate")
async def validate(request: Request, caller: Caller) -> dict[str, Any]:
    """Every problem of a graph, which is the body; nothing is stored."""
    graph = read_json(await request.body())
    with tenant_session(caller.tenant_id) as session:
        problems = find_problems(graph, load_references(session, now=utc_now()))
    return succeeded({"valid": not problems, "problems": _problems(problems)})


@router.get("")
def index(
    caller: Caller,
    search: str = "",
    status: Annotated[list[JourneyStatus] | None, Query()] = None,
    stage: Annotated[list[Stage] | None, Query()] = None,
    owner_id: UUID | None = None,
    awaits_approval: bool = False,
    sort: str = "changed",
    descending: bool | None = None,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=LONGEST_LIST)] = 50,
) -> dict[str, Any]:
    """One page of the journeys with their figures: those that are not archived, unless `status` names others.

    With `awaits_approval` only those whose publishing somebody has to decide on.
    `sort` by name, status, stage, entered_today, in_progress, conversion, owner or changed.
    """
    wanted = JourneyQuery(
        search=search,
        statuses=status or (),
        stages=stage or (),
        owner=owner_id,
        awaits_approval=awaits_approval,
        sort=sort,
        descending=sort == "changed" if descending is None else descending,
        offset=offset,
        limit=limit,
    )
    with tenant_session(caller.tenant_id) as session:
        page = list_journeys(session, wanted, since=midnight(utc_now(), get_tenant(session).timezone))
    return succeeded({"journeys": [asdict(row) for row in page.rows], "total": page.total})


@router.get("/map")
def by_stage(caller: Caller, status: Annotated[list[JourneyStatus] | None, Query()] = None) -> dict[str, Any]:
    """The journeys of each stage with entries and revenue, ever and of the last 30 days, and each stage's totals."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded(asdict(journey_map(session, now=utc_now(), statuses=status or ())))


@router.post("", status_code=201)
def create(caller: Caller, body: NewJourney) -> dict[str, Any]:
    """Make a draft."""
    with tenant_session(caller.tenant_id) as session:
        journey = drafts.create_journey(
            session,
            caller.tenant_id,
            body.name,
            user_id=None,
            now=utc_now(),
            graph=body.graph,
            stage=body.stage,
            description=body.description,
        )
        return succeeded(_journey(journey))


@router.get("/{journey_id}")
def show(caller: Caller, journey_id: UUID) -> dict[str, Any]:
    """A journey with its draft and the draft's problems."""
    with tenant_session(caller.tenant_id) as session:
        journey = drafts.load_journey(session, journey_id)
        return succeeded(
            _journey(journey) | {"problems": _problems(publishing.check_draft(session, journey_id))}
        )


@router.patch("/{journey_id}")
def describe(caller: Caller, journey_id: UUID, body: About) -> dict[str, Any]:
    """Change name, description, stage or owner."""
    about = drafts.About(body.name, body.description, body.stage, body.owner_id)
    with tenant_session(caller.tenant_id) as session:
        return succeeded(
            _journey(drafts.describe_journey(session, journey_id, about, user_id=None, now=utc_now()))
        )


@router.put("/{journey_id}/draft")
def save(caller: Caller, journey_id: UUID, body: Draft) -> dict[str, Any]:
    """Save the draft."""
    with tenant_session(caller.tenant_id) as session:
        saved = drafts.save_draft(session, journey_id, body.graph, revision=body.revision, now=utc_now())
    return succeeded({"revision": saved.revision, "problems": _problems(saved.problems)})


@router.get("/{journey_id}/counts")
def counts(caller: Caller, journey_id: UUID) -> dict[str, Any]:
    """Counts by node of the live version."""
    with tenant_session(caller.tenant_id) as session:
        journey = drafts.load_journey(session, journey_id)
        if journey.live_version_id is None:
            return succeeded({})
        return succeeded(
            {
                node_id: count.as_json()
                for node_id, count in node_counts(session, journey.live_version_id).items()
            }
        )


@router.get("/{journey_id}/steps/{node_id}/customers")
def customers(
    caller: Caller,
    journey_id: UUID,
    node_id: str,
    figure: Figure = Figure.HERE,
    port: str | None = None,
    search: str = "",
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
) -> dict[str, Any]:
    """The customers whom a figure of a step of the live version counts, a page at a time; `after` continues."""
    with tenant_session(caller.tenant_id) as session:
        page = customers_behind(
            session, journey_id, node_id, figure, port=port, search=search, after=after, limit=limit
        )
        return succeeded({"customers": [each.as_json() for each in page.rows], "after": page.after})


@router.get("/{journey_id}/stuck")
def stuck(
    caller: Caller, journey_id: UUID, limit: Annotated[int, Query(ge=1, le=1_000)] = 100
) -> dict[str, Any]:
    """Customers who do not go on because a step failed: at which step, why, since when."""
    with tenant_session(caller.tenant_id) as session:
        return succeeded([asdict(each) for each in list_stuck(session, journey_id, limit)])


@router.post("/{journey_id}/retry")
def retry(caller: Caller, journey_id: UUID, body: Retry | None = None) -> dict[str, Any]:
    """Let stuck customers go on; `staying` are under way in this journey by another entry."""
    ids = body.ids if body else None
    with tenant_session(caller.tenant_id) as session:
        return succeeded(asdict(retry_stuck(session, caller.tenant_id, journey_id, ids, now=utc_now())))


@router.post("/{journey_id}/enrol")
def enrol(caller: Caller, journey_id: UUID, body: Enrolling) -> dict[str, Any]:
    """Let customers into a live journey that has a manual trigger; who cannot enter is named with the reason."""
    with tenant_session(caller.tenant_id) as session:
        found = find_named(session, caller.tenant_id, body.names)
        done = enrol_by_hand(
            session,
            caller.tenant_id,
            journey_id,
            list(found.values()),
            data=body.data,
            key=body.idempotency_key,
            now=utc_now(),
        )
    return succeeded(
        {
            "entered": done.entered,
            "refused": [{"reason": why, "customers": who} for why, who in done.refused.items()],
            "unknown": [{name.by: name.value} for name in body.names if name not in found],
        }
    )


@router.get("/{journey_id}/explain/{customer_id}")
def explain(caller: Caller, journey_id: UUID, customer_id: UUID) -> dict[str, Any]:
    """Why a customer was told something or not: their ways through the journey, and what keeps them out now."""
    with tenant_session(caller.tenant_id) as session:
        drafts.load_journey(session, journey_id)
        ways = explain_customer(session, customer_id, journey_id=journey_id)
        kept_out_by = explain_absence(session, journey_id, customer_id, now=utc_now())
        return succeeded({"enrolments": ways, "kept_out_by": kept_out_by})


@router.post("/{journey_id}/{verb}")
def move(caller: Caller, journey_id: UUID, verb: str) -> dict[str, Any]:
    """Pause, resume, finish, stop, archive or restore."""
    if verb not in moves.MOVES:
        raise InvalidInput(f"A journey cannot “{verb}”; use one of {', '.join(moves.MOVES)}, or publish.")
    with tenant_session(caller.tenant_id) as session:
        moved = moves.move(session, caller.tenant_id, journey_id, verb, user_id=None, now=utc_now())
        return succeeded(_journey(moved))


def _journey(journey: Journey) -> dict[str, Any]:
    return {
        "id": journey.id,
        "name": journey.name,
        "description": journey.description,
        "stage": journey.stage,
        "status": journey.status,
        "revision": journey.revision,
        "graph": journey.draft,
        "live_version_id": journey.live_version_id,
        "owner_id": journey.owner_id,
        "updated_at": journey.updated_at,
    }


def _problems(problems: list[Problem]) -> list[dict[str, Any]]:
    return [problem.as_json() for problem in problems]
