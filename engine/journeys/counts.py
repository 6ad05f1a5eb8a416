"""How a journey is doing: counts by node for the canvas (J11)."""

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.delivery.log import node_message_counts
from engine.journeys.models import RUNNING, Enrolment, JourneyVersion, StepCount


@dataclass(slots=True)
class NodeCount:
    """A node's figures: customers there now, customers who passed, by which port, its messages by state, and who
    reached the goal after passing (of the same enrolment, each once)."""

    here: int = 0
    passed: int = 0
    converted: int = 0
    ports: dict[str, int] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As the canvas gets it."""
        return asdict(self)


def node_counts(session: Session, version_id: UUID) -> dict[str, NodeCount]:
    """Counts of every node of a version that anybody has come to."""
    counts: dict[str, NodeCount] = defaultdict(NodeCount)
    steps = session.execute(
        select(StepCount.node_id, StepCount.port, func.sum(StepCount.steps), func.sum(StepCount.converted))
        .where(StepCount.version_id == version_id)
        .group_by(StepCount.node_id, StepCount.port)
    )
    for node_id, port, number, converted in steps:
        counts[node_id].passed += number
        counts[node_id].converted += converted
        if port:
            counts[node_id].ports[port] = number
    waiting = session.execute(
        select(Enrolment.node_id, func.count())
        .where(
            Enrolment.journey_id == _journey_of(version_id),
            Enrolment.version_id == version_id,
            Enrolment.status.in_(RUNNING),
        )
        .group_by(Enrolment.node_id)
    )
    for node_id, number in waiting:
        counts[node_id].here = number
    for node_id, states in node_message_counts(session, version_id).items():
        counts[node_id].messages = states
    return dict(counts)


def _journey_of(version_id: UUID) -> Any:
    """For the index of those under way, which begins with the journey."""
    return select(JourneyVersion.journey_id).where(JourneyVersion.id == version_id).scalar_subquery()


def count_converted(reached: str) -> str:
    """SQL that counts enrolments which reach the goal now at every node they have passed before: `reached` is a
    relation of `id` and `converted_at`, `:tenant` their tenant."""
    return f"""
        INSERT INTO step_counts (tenant_id, version_id, node_id, steps, converted)
        SELECT :tenant, step.version_id, step.node_id, 0, count(DISTINCT step.enrolment_id)
        FROM {reached} JOIN steps step ON step.enrolment_id = {reached}.id AND step.at <= {reached}.converted_at
        GROUP BY step.version_id, step.node_id
    """


FOLD_STEPS = text("""
    WITH old AS (
        DELETE FROM step_counts WHERE tenant_id = :tenant
        RETURNING version_id, node_id, port, steps, converted
    )
    INSERT INTO step_counts (tenant_id, version_id, node_id, port, steps, converted)
    SELECT :tenant, version_id, node_id, port, sum(steps), sum(converted) FROM old
    GROUP BY version_id, node_id, port
""")

FOLD_JOURNEYS = text("""
    WITH several AS (
        SELECT journey_id FROM journey_counts WHERE tenant_id = :tenant GROUP BY journey_id HAVING count(*) > 1
    ), old AS (
        DELETE FROM journey_counts USING several
        WHERE tenant_id = :tenant AND journey_counts.journey_id = several.journey_id
        RETURNING journey_counts.journey_id, entered, in_progress, completed, converted
    )
    INSERT INTO journey_counts (tenant_id, journey_id, entered, in_progress, completed, converted)
    SELECT :tenant, journey_id, sum(entered), sum(in_progress), sum(completed), sum(converted) FROM old
    GROUP BY journey_id
""")


def fold_counts(session: Session, tenant_id: UUID) -> None:
    """Sum the increments up, so that reading stays quick; the clock does it now and then."""
    session.execute(FOLD_STEPS, {"tenant": tenant_id})
    session.execute(FOLD_JOURNEYS, {"tenant": tenant_id})
