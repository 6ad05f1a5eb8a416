"""What must be known before a dry run begins: the draft's triggers, and what it asks of a customer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core.ids import new_id
from engine.core.tenants import get_tenant
from engine.journeys.drafts import load_journey
from engine.journeys.dry_run.asking import Question, questions, usual_entry
from engine.journeys.dry_run.stage import stage
from engine.journeys.graph import Graph, read_graph
from engine.journeys.publishing import draft_plan
from engine.journeys.wording import load_words


@dataclass(frozen=True, slots=True)
class Door:
    """A trigger by which a dry run may begin, in words, and what its customers usually bring."""

    id: str
    label: str
    entry: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What must be said to begin: by which trigger, and what is asked of an invented customer."""

    doors: tuple[Door, ...]
    questions: tuple[Question, ...]
    timezone: str
    language: str
    currency: str


def prepare(tenant_id: UUID, journey_id: UUID, *, now: datetime) -> Beginning:
    """What the draft needs to know before a dry run begins.

    Raises:
        NotFound: there is no such journey.
        InvalidGraph: the draft cannot be run yet; `details` lists every problem.
    """
    with stage(tenant_id) as session:
        tenant = get_tenant(session)
        journey = load_journey(session, journey_id)
        plan = draft_plan(session, journey)
        words = load_words(session, [graph_of(journey.draft)])
        doors = [
            Door(
                trigger.id,
                words(trigger),
                usual_entry(session, tenant_id, plan, trigger, new_id(), now=now, currency=tenant.currency),
            )
            for trigger in plan.triggers
        ]
        language = tenant.locale.partition("-")[0].partition("_")[0]
        return Beginning(tuple(doors), tuple(questions(plan)), tenant.timezone, language, tenant.currency)


def graph_of(draft: dict[str, Any]) -> Graph:
    """The graph of a draft that has been found to be one."""
    graph, _ = read_graph(draft)
    assert graph is not None
    return graph
