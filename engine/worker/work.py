"""The kinds of work, each one function that does one batch for one tenant: the thread of the house, in its order."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from engine.core.clock import utc_now
from engine.core.doors import Work
from engine.core.tally import Counted, count
from engine.delivery.handover import deliver_due
from engine.delivery.receipts import apply_receipts
from engine.delivery.recovery import recover_sending
from engine.delivery.webhooks import call_due_webhooks
from engine.journeys.backtest.running import run_backtest
from engine.journeys.calendar import run_calendar
from engine.journeys.entries import route_events
from engine.journeys.interpreter import advance_due
from engine.worker.upkeep import do_chore


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of work is done: `batch(tenant)` returns how much it handled (0: nothing left), `then` is what
    is likely due afterwards."""

    batch: Callable[[UUID], int]
    then: tuple[Work, ...] = ()


def worker_name() -> str:
    """Names this process in claims: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _route(tenant_id: UUID) -> int:
    done = route_events(tenant_id, now=utc_now())
    count(Counted.EVENTS_ROUTED, done.events)
    count(Counted.ENROLMENTS_ENTERED, done.enrolled)
    return done.events


def _advance(tenant_id: UUID) -> int:
    done = advance_due(tenant_id, now=utc_now())
    count(Counted.ENROLMENTS_ADVANCED, done.enrolments)
    count(Counted.STEPS_DONE, done.steps)
    return done.enrolments


def _deliver(tenant_id: UUID) -> int:
    return deliver_due(tenant_id, worker=worker_name(), clock=utc_now)


def _apply(tenant_id: UUID) -> int:
    looked_at = apply_receipts(tenant_id, now=utc_now())
    count(Counted.RECEIPTS_DONE, looked_at)
    return looked_at


KINDS: Mapping[Work, Kind] = {
    Work.CALENDAR: Kind(lambda tenant: run_calendar(tenant, now=utc_now()), (Work.ENROLMENTS,)),
    Work.EVENTS: Kind(_route, (Work.ENROLMENTS,)),
    Work.ENROLMENTS: Kind(_advance, (Work.MESSAGES, Work.WEBHOOKS)),
    Work.MESSAGES: Kind(_deliver, (Work.EVENTS,)),
    Work.WEBHOOKS: Kind(lambda tenant: call_due_webhooks(tenant, now=utc_now())),
    Work.RECEIPTS: Kind(_apply, (Work.EVENTS,)),
    Work.SENDING: Kind(lambda tenant: recover_sending(tenant, now=utc_now()), (Work.MESSAGES,)),
    Work.UPKEEP: Kind(lambda tenant: do_chore(tenant, now=utc_now()), (Work.EVENTS,)),
    Work.BACKTESTS: Kind(lambda tenant: run_backtest(tenant, clock=utc_now)),
}
