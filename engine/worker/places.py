"""Places at work: a few for each kind and tenant, so that a busy tenant has its turns like everybody else.

A place is a token in Redis. It lives as long as its wake-up may wait in the queue; while somebody works at it, a
thread of that process keeps it alive, so that it ends seconds after a process that dies. Losing tokens costs nothing
but a moment of crowding: the rows themselves are locked.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from engine.core.doors import Work
from engine.core.settings import settings
from engine.worker.broker import WAKE_UP_LIFE, redis_client

WAITING_SECONDS = WAKE_UP_LIFE // 1000
WORKING_SECONDS = 8
RENEW_SECONDS = 2

log = structlog.get_logger()


def places_of(kind: Work) -> int:
    """How many workers may do this kind of work for one tenant at once.

    What waits for others (providers, tenants' own systems) never takes all of its threads for one tenant, unless
    there are fewer than three.
    """
    processes, threads = settings().worker_processes, settings().worker_threads
    match kind:
        case Work.WEBHOOKS | Work.UPKEEP | Work.BACKTESTS:
            return 1
        case Work.MESSAGES:
            return min(processes, max(1, processes * threads - 2))
    return processes


def take_place(kind: Work, tenant_id: UUID) -> int | None:
    """A free place for a wake-up; None when enough workers are at it, or will be soon."""
    for place in range(places_of(kind)):
        if redis_client().set(_token(kind, tenant_id, place), 1, nx=True, ex=WAITING_SECONDS):
            return place
    return None


def keep_place(kind: Work, tenant_id: UUID, place: int) -> None:
    """Keep a place for a wake-up that is about to be queued again."""
    redis_client().set(_token(kind, tenant_id, place), 1, ex=WAITING_SECONDS)


def free_place(kind: Work, tenant_id: UUID, place: int) -> None:
    """Give a place up."""
    redis_client().delete(_token(kind, tenant_id, place))


@contextmanager
def at_work(kind: Work, tenant_id: UUID, place: int) -> Iterator[None]:
    """Keep a place alive while this thread works at it, however long that takes."""
    token = _token(kind, tenant_id, place)
    redis_client().set(token, 1, ex=WORKING_SECONDS)
    _held.add(token)
    try:
        yield
    finally:
        _held.remove(token)


class _Held:
    """The tokens at which this process works, renewed by a thread of its own."""

    def __init__(self) -> None:
        self._tokens: set[str] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, token: str) -> None:
        with self._lock:
            self._tokens.add(token)
            if self._thread is None:
                self._thread = threading.Thread(target=self._renew, name="places", daemon=True)
                self._thread.start()

    def remove(self, token: str) -> None:
        with self._lock:
            self._tokens.discard(token)

    def _renew(self) -> None:
        pause = threading.Event()
        while not pause.wait(RENEW_SECONDS):
            with self._lock:
                tokens = list(self._tokens)
            try:
                pipeline = redis_client().pipeline(transaction=False)
                for token in tokens:
                    pipeline.expire(token, WORKING_SECONDS)
                pipeline.execute()
            except (RedisError, OSError) as error:
                log.warning("places could not be kept", error=str(error))


_held = _Held()


def _token(kind: Work, tenant_id: UUID, place: int) -> str:
    return f"safar:place:{kind}:{tenant_id}:{place}"
