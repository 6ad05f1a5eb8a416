"""All that workers do: work of a kind for a tenant until there is none or the turn is over, then wake what follows.

There are two queues, each with threads of its own. `work` is what this house does by itself; `outward` waits for
others, who may be slow, and so can never take the threads of the first. Both are first come, first served, and who
has more to do than fits into a turn goes to the end of the queue: a tenant with a million rows due gets one turn like
one with a hundred.
"""

import time
from uuid import UUID

import dramatiq
import structlog

from engine.core.doors import Work
from engine.core.tally import Counted, add_up, count
from engine.worker.broker import broker, redis_client
from engine.worker.places import at_work, free_place, keep_place, take_place
from engine.worker.work import KINDS

TURN_SECONDS = 1.0
TIME_LIMIT = 600_000

INWARD, OUTWARD = "work", "outward"
WAITS_FOR_OTHERS = frozenset({Work.MESSAGES, Work.WEBHOOKS})

log = structlog.get_logger()


def wake(kind: Work, tenant_id: UUID) -> bool:
    """Have work of this kind done soon; False when enough workers are at it already."""
    place = take_place(kind, tenant_id)
    if place is None:
        return False
    _send(kind, tenant_id, place)
    return True


@dramatiq.actor(broker=broker, queue_name=INWARD, time_limit=TIME_LIMIT)
def do_work(kind: str, tenant: str, place: int) -> None:
    """A turn of work inside the house."""
    take_turn(Work(kind), UUID(tenant), place)


@dramatiq.actor(broker=broker, queue_name=OUTWARD, time_limit=TIME_LIMIT)
def do_outward_work(kind: str, tenant: str, place: int) -> None:
    """A turn of work that waits for others."""
    take_turn(Work(kind), UUID(tenant), place)


def take_turn(kind: Work, tenant_id: UUID, place: int) -> None:
    """Work off batches for one turn; pass the place on when there is more, give it up when there is not."""
    ends = time.monotonic() + TURN_SECONDS
    handled = 0
    try:
        with at_work(kind, tenant_id, place):
            while batch := KINDS[kind].batch(tenant_id):
                handled += batch
                _tell_counters()
                if time.monotonic() > ends:
                    break
        if batch:
            keep_place(kind, tenant_id, place)
            _send(kind, tenant_id, place)
        else:
            free_place(kind, tenant_id, place)
    except Exception:
        free_place(kind, tenant_id, place)
        log.exception("work failed", kind=kind.value, tenant=str(tenant_id))
        count(Counted.WORK_FAILED)
        _tell_counters()
        raise
    finally:
        if handled:
            for following in KINDS[kind].then:
                wake(following, tenant_id)


def _send(kind: Work, tenant_id: UUID, place: int) -> None:
    actor = do_outward_work if kind in WAITS_FOR_OTHERS else do_work
    actor.send(kind.value, str(tenant_id), place)


def _tell_counters() -> None:
    pipeline = redis_client().pipeline(transaction=False)
    add_up(pipeline)
    pipeline.execute()
