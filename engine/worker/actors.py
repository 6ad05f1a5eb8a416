"""The one actor: do work of a kind for a tenant until there is none or the turn is over, then wake what follows.

A wake-up holds one of a few places for its kind and tenant (a token in Redis that ends by itself), so however
often something is woken, few workers do it at once and a busy tenant gets one turn like everybody else.
Losing tokens or wake-ups only costs the time until the clock looks again.
"""

import time
from uuid import UUID

import dramatiq
import structlog

from engine.core.doors import Work
from engine.core.settings import settings
from engine.worker.broker import broker, redis_client
from engine.worker.work import KINDS

TURN_SECONDS = 1.0
TOKEN_SECONDS = 8

log = structlog.get_logger()


def wake(kind: Work, tenant_id: UUID) -> bool:
    """Have work of this kind done soon; False when enough workers are at it already."""
    for place in range(settings().worker_processes):
        if redis_client().set(_token(kind, tenant_id, place), 1, nx=True, ex=TOKEN_SECONDS):
            do_work.send(kind.value, str(tenant_id), place)
            return True
    return False


@dramatiq.actor(broker=broker, queue_name="work", time_limit=600_000)
def do_work(kind: str, tenant: str, place: int) -> None:
    """Work off batches for one turn; pass the place on when there is more, give it up when there is not."""
    work, tenant_id = Work(kind), UUID(tenant)
    token = _token(work, tenant_id, place)
    ends = time.monotonic() + TURN_SECONDS
    handled = 0
    try:
        while batch := KINDS[work].batch(tenant_id):
            handled += batch
            redis_client().set(token, 1, ex=TOKEN_SECONDS)
            if time.monotonic() > ends:
                do_work.send(kind, tenant, place)
                return
        redis_client().delete(token)
    except Exception:
        redis_client().delete(token)
        log.exception("work failed", kind=kind, tenant=tenant)
        raise
    finally:
        if handled:
            for following in KINDS[work].then:
                wake(following, tenant_id)


def _token(kind: Work, tenant_id: UUID, place: int) -> str:
    return f"safar:place:{kind}:{tenant_id}:{place}"
