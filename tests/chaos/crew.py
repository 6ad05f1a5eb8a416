"""Worker processes that are killed and replaced while the house is at work."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import redis
from sqlalchemy import text

from engine.core.db import owner_engine

WORKERS = 2
SAFAR = (sys.executable, "-m", "app.cli.main")


class Crew:
    """Worker processes and a clock, of which workers may be killed and are replaced."""

    def __init__(self) -> None:
        self.workers = [self._start("worker") for _ in range(WORKERS)]
        self.clock = self._start("clock")
        self.kills = 0

    def kill_one(self, dice: random.Random) -> None:
        """SIGKILL a worker at this very moment, and start another."""
        place = dice.randrange(len(self.workers))
        self.workers[place].send_signal(signal.SIGKILL)
        self.workers[place].wait()
        self.kills += 1
        self.workers[place] = self._start("worker")

    def stop(self) -> None:
        """End all."""
        for process in (*self.workers, self.clock):
            process.kill()
            process.wait()

    def _start(self, role: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([*SAFAR, role], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def tormented(redis_url: str, *, kills: int, restart: bool = False) -> Iterator[Crew]:
    """A crew at work; workers are killed, Redis is emptied in the middle, and PostgreSQL crashes if `restart`."""
    crew = Crew()
    done = Event()
    killer = Thread(target=_torment, args=(crew, redis_url, kills, restart, done))
    try:
        killer.start()
        yield crew
    finally:
        done.set()
        killer.join()
        crew.stop()


def _torment(crew: Crew, redis_url: str, kills: int, restart: bool, done: Event) -> None:
    dice = random.Random(20260302)
    while crew.kills < kills and not done.wait(dice.uniform(0.3, 2.0)):
        crew.kill_one(dice)
        if crew.kills == kills // 2:
            with redis.Redis.from_url(redis_url) as client:
                client.flushdb()
        if restart and crew.kills == max(1, kills // 3):
            crash_postgres()


def crash_postgres() -> None:
    """Kill a backend: PostgreSQL then ends all connections, recovers from its log and starts anew."""
    with contextlib.suppress(Exception), owner_engine().connect() as connection:
        os.kill(connection.scalar(text("SELECT pg_backend_pid()")), signal.SIGKILL)
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        owner_engine().dispose()
        with contextlib.suppress(Exception), owner_engine().connect() as connection:
            connection.execute(text("SELECT 1"))
            return
        time.sleep(0.1)
    raise AssertionError("PostgreSQL did not come back")
