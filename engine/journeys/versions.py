"""Published versions and their compiled plans. A version never changes, so a plan is remembered once compiled."""

from collections import OrderedDict
from collections.abc import Collection
from threading import Lock
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.core.errors import InvalidGraph
from engine.journeys.graph import read_graph
from engine.journeys.models import Journey, JourneyStatus, JourneyVersion
from engine.journeys.plan import Plan, compile_plan

MOST_REMEMBERED = 1_000

log = structlog.get_logger()

_plans: OrderedDict[UUID, Plan] = OrderedDict()
_lock = Lock()


def load_plans(session: Session, version_ids: Collection[UUID]) -> dict[UUID, Plan]:
    """The plans of these versions; those not remembered are read in one query.

    A version that does not compile, because a newer Safar published it, is left out and logged.
    """
    with _lock:
        known = {version_id: _plans[version_id] for version_id in version_ids if version_id in _plans}
    missing = set(version_ids) - known.keys()
    if missing:
        for version in session.scalars(select(JourneyVersion).where(JourneyVersion.id.in_(missing))):
            try:
                known[version.id] = _remember(_compile(version))
            except InvalidGraph as error:
                log.error("version cannot be run", version=str(version.id), error=error.message)
    return known


def live_plans(session: Session) -> list[Plan]:
    """The plans of all live journeys: those that admit customers.

    In the order of the journeys' ids: who locks several journeys does so in this order.
    """
    ids = session.scalars(select(Journey.live_version_id).where(Journey.status == JourneyStatus.LIVE))
    plans = load_plans(session, [each for each in ids if each])
    return sorted(plans.values(), key=lambda plan: plan.journey_id)


def _compile(version: JourneyVersion) -> Plan:
    graph, problems = read_graph(version.graph)
    if graph is None:
        raise InvalidGraph(
            f"Version {version.number} cannot be run by this Safar: {problems[0].message}",
            details=[problem.as_json() for problem in problems],
        )
    return compile_plan(graph, version_id=version.id, journey_id=version.journey_id)


def _remember(plan: Plan) -> Plan:
    with _lock:
        _plans[plan.version_id] = plan
        while len(_plans) > MOST_REMEMBERED:
            _plans.popitem(last=False)
    return plan
