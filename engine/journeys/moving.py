"""Moving those who are under way to a new version of their journey, by a map of steps the marketer confirms (J8).

Nobody is lost: every step at which somebody stands leads to a step of the new version or, when the marketer says so,
out. Nobody is told twice: by `moved_visit` the interpreter knows what an enrolment was sent before it was moved.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.core.bulk import transpose, unnest
from engine.core.errors import InvalidInput
from engine.delivery.outbox import skip_enrolments
from engine.journeys.models import RUNNING, Enrolment
from engine.journeys.nodes.base import Trigger
from engine.journeys.plan import Plan
from engine.journeys.versions import load_plans

STEP_IS_GONE = "The journey was changed, and the step where the customer stood is gone"

Mapped = Mapping[str, str | None]
"""From a step of an older version to one of the new one; None: the customers there leave."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many stand at a step of an older version, and where the new one could take them on.

    `changed`: the step is in the new version, but not as it was; those there wait by its new settings.
    """

    node_id: str
    sentence: str
    customers: int
    suggested: str | None
    changed: bool


_MOVES = {"version_id": "uuid", "source": "text", "target": "text"}

STAY_PUT = text(f"""
    UPDATE enrolments SET version_id = :version, moved_visit = visit, due_at = :now
    FROM {unnest(_MOVES)}
    WHERE enrolments.journey_id = :journey AND enrolments.status IN ('active', 'paused')
        AND enrolments.version_id = rows.version_id AND enrolments.node_id = rows.source
""")

MOVE_ON = text(f"""
    UPDATE enrolments SET version_id = :version, node_id = rows.target, visit = visit + 1, moved_visit = visit + 1,
        arrived_at = :now, due_at = :now, promised_at = NULL
    FROM {unnest(_MOVES)}
    WHERE enrolments.journey_id = :journey AND enrolments.status IN ('active', 'paused')
        AND enrolments.version_id = rows.version_id AND enrolments.node_id = rows.source
""")

LEAVE = text(f"""
    UPDATE enrolments SET status = 'exited', due_at = NULL, finished_at = :now, reason = :reason
    FROM {unnest(_MOVES)}
    WHERE enrolments.journey_id = :journey AND enrolments.status IN ('active', 'paused')
        AND enrolments.version_id = rows.version_id AND enrolments.node_id = rows.source
    RETURNING enrolments.customer_id, enrolments.id
""")


def who_stands_where(session: Session, journey_id: UUID, new: Plan) -> list[Standing]:
    """The steps of older versions at which somebody stands, each once, with a suggestion for the new version."""
    counts = _counts(session, journey_id, new)
    plans = load_plans(session, {version_id for version_id, _ in counts})
    standing: dict[str, Standing] = {}
    for (version_id, node_id), number in sorted(counts.items(), key=lambda item: item[0][1]):
        old = plans.get(version_id)
        known = standing.get(node_id)
        standing[node_id] = Standing(
            node_id=node_id,
            sentence=old.nodes[node_id].sentence() if old and node_id in old.nodes else node_id,
            customers=number + (known.customers if known else 0),
            suggested=_suggestion(old, new, node_id),
            changed=old is not None and node_id in new.nodes and not _is_same(old, new, node_id),
        )
    return list(standing.values())


def move_running(
    session: Session, tenant_id: UUID, journey_id: UUID, new: Plan, mapping: Mapped, *, now: datetime
) -> int:
    """Move everybody of older versions to the new one; returns how many steps people stood at.

    A step the map does not name goes to the step of the same id. Three statements, whatever the number.

    Raises:
        InvalidInput: somebody stands at a step that is neither in the new version nor in the map, or the map leads
            to a step that does not exist or is a trigger.
    """
    places = sorted(_counts(session, journey_id, new), key=str)
    _check(mapping, new)
    lost = sorted({node_id for _, node_id in places if node_id not in mapping and node_id not in new.nodes})
    if lost:
        raise InvalidInput(
            f"mapping: say where those at “{lost[0]}” shall go on, or that they leave (null).",
            details={"field": "mapping", "steps": lost},
        )
    moves = [(version_id, node_id, mapping.get(node_id, node_id)) for version_id, node_id in places]
    place = {"journey": journey_id, "version": new.version_id, "now": now}
    staying = [move for move in moves if move[2] == move[1]]
    going_on = [move for move in moves if move[2] is not None and move[2] != move[1]]
    leaving = [move for move in moves if move[2] is None]
    if staying:
        session.execute(STAY_PUT, {**place, **transpose(_MOVES, staying)})
    if going_on:
        session.execute(MOVE_ON, {**place, **transpose(_MOVES, going_on)})
    if leaving:
        left = session.execute(LEAVE, {**place, "reason": STEP_IS_GONE, **transpose(_MOVES, leaving)})
        gone = [(row.customer_id, row.id) for row in left]
        skip_enrolments(session, tenant_id, gone, STEP_IS_GONE)
    return len(moves)


def _counts(session: Session, journey_id: UUID, new: Plan) -> dict[tuple[UUID, str], int]:
    rows = session.execute(
        select(Enrolment.version_id, Enrolment.node_id, func.count().label("number"))
        .where(
            Enrolment.journey_id == journey_id,
            Enrolment.status.in_(RUNNING),
            Enrolment.version_id != new.version_id,
        )
        .group_by(Enrolment.version_id, Enrolment.node_id)
    )
    return {(row.version_id, row.node_id): row.number for row in rows}


def _check(mapping: Mapped, new: Plan) -> None:
    for source, target in mapping.items():
        if target is None:
            continue
        if target not in new.nodes:
            raise InvalidInput(
                f"mapping: “{source}” leads to “{target}”, which is not in the new version. Choose another step.",
                details={"field": f"mapping.{source}"},
            )
        if isinstance(new.nodes[target], Trigger) and target != source:
            raise InvalidInput(
                f"mapping: “{source}” leads to a trigger; customers under way go on behind it. Choose a step.",
                details={"field": f"mapping.{source}"},
            )


def _is_same(old: Plan, new: Plan, node_id: str) -> bool:
    return old.nodes[node_id].model_dump(exclude={"position"}) == new.nodes[node_id].model_dump(
        exclude={"position"}
    )


def _suggestion(old: Plan | None, new: Plan, node_id: str) -> str | None:
    """The step itself, else the nearest one behind it that the new version still has."""
    if old is None or node_id in new.nodes:
        return node_id if node_id in new.nodes else None
    seen: set[str] = {node_id}
    queue = deque([node_id])
    while queue:
        here = queue.popleft()
        if here in new.nodes and not isinstance(new.nodes[here], Trigger):
            return here
        for following in _after(old, here):
            if following not in seen:
                seen.add(following)
                queue.append(following)
    return None


def _after(plan: Plan, node_id: str) -> Sequence[str]:
    return [target for (source, _), target in plan.ways.items() if source == node_id]
