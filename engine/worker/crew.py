"""The threads of one worker process: as many for work inside the house as for work that waits for others."""

from concurrent.futures import ThreadPoolExecutor

import dramatiq

from engine.core.settings import settings
from engine.worker.actors import INWARD, OUTWARD
from engine.worker.broker import broker

LOOK_MILLISECONDS = 200
"""How often an idle worker looks for a wake-up, at the longest."""


class Crew:
    """Threads that work off both queues until they are stopped."""

    def __init__(self) -> None:
        self._workers = [_hands(INWARD), _hands(OUTWARD)]

    def start(self) -> None:
        """Begin; returns at once."""
        for each in self._workers:
            each.start()

    def stop(self, *, milliseconds: int) -> None:
        """Take nothing new and wait so long for what is being done."""
        with ThreadPoolExecutor(len(self._workers)) as pool:
            list(pool.map(lambda each: each.stop(timeout=milliseconds), self._workers))


def _hands(queue: str) -> dramatiq.Worker:
    threads = settings().worker_threads
    worker = dramatiq.Worker(broker, queues={queue}, worker_timeout=LOOK_MILLISECONDS, worker_threads=threads)
    # No more than it can work at: what a process whose threads all wait has fetched, nobody else can take.
    worker.queue_prefetch = threads
    return worker
