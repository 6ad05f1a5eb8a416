"""The clock: finds what is due and wakes workers. It does no work itself, and any number of clocks may run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from engine.core.clock import utc_now
from engine.core.doors import Work, ensure_event_partitions, tenants_with
from engine.events.retention import drop_old_months
from engine.worker.actors import wake

TICK_SECONDS = 0.5
STALE_CLAIM = timedelta(seconds=15)

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

WOKEN = (
    Work.CALENDAR,
    Work.EVENTS,
    Work.ENROLMENTS,
    Work.MESSAGES,
    Work.WEBHOOKS,
    Work.RECEIPTS,
    Work.UPKEEP,
    Work.BACKTESTS,
)
"""What is woken when it is due; the recovery of hand-overs waits longer."""

log = structlog.get_logger()


@dataclass(slots=True)
class Chore:
    """Something done every so often."""

    name: str
    every: timedelta
    do: Callable[[datetime], None]
    due: datetime = LONG_AGO


def run(stop: Event) -> None:
    """Tick until `stop` is set. Trouble with PostgreSQL or Redis is logged, and the next tick tries again."""
    chores = make_chores()
    while not stop.is_set():
        tick(chores, now=utc_now())
        stop.wait(TICK_SECONDS)


def tick(chores: list[Chore], *, now: datetime) -> None:
    """One tick: do each chore that is due."""
    for chore in chores:
        if now < chore.due:
            continue
        chore.due = now + chore.every
        try:
            chore.do(now)
        except (OperationalError, RedisError, OSError) as error:
            log.warning("clock: will try again", chore=chore.name, error=str(error))


def make_chores() -> list[Chore]:
    """What the clock does, and how often; what tenants' chores are is told in `upkeep`."""
    return [
        Chore("wake due work", timedelta(0), wake_due),
        Chore("recover interrupted hand-overs", timedelta(seconds=5), wake_recovery),
        Chore("event partitions", timedelta(hours=6), make_partitions),
        Chore("drop old events", timedelta(hours=1), drop_old_events),
    ]


def wake_due(now: datetime) -> None:
    """Wake every kind of work for every tenant that has some."""
    for kind in WOKEN:
        for tenant_id in tenants_with(kind, now=now):
            wake(kind, tenant_id)


def wake_recovery(now: datetime) -> None:
    """Wake the recovery of messages whose hand-over was interrupted."""
    for tenant_id in tenants_with(Work.SENDING, now=now - STALE_CLAIM):
        wake(Work.SENDING, tenant_id)


def make_partitions(now: datetime) -> None:
    """See to it that events of the last, this and the next months have their partitions."""
    ensure_event_partitions((now - timedelta(days=31)).date(), (now + timedelta(days=62)).date())


def drop_old_events(now: datetime) -> None:
    """Drop months of events that are kept no longer; while events are in use, the next hour tries again."""
    dropped = drop_old_months(now)
    if dropped:
        log.info("old events dropped", months=dropped)
