"""The kinds of work, each one function that does one batch for one tenant: the thread of the house, in its order."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from engine.core.clock import utc_now
from engine.core.doors import Work
from engine.delivery.handover import deliver_due
from engine.delivery.receipts import apply_receipts
from engine.delivery.recovery import recover_sending
from engine.delivery.webhooks import call_due_webhooks
from engine.journeys.calendar import run_calendar
from engine.journeys.entries import route_events
from engine.journeys.interpreter import advance_due


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of work is done: `batch(tenant)` returns how much it handled (0: nothing left), `then` is what
    is likely due afterwards."""

    batch: Callable[[UUID], int]
    then: tuple[Work, ...] = ()


def worker_name() -> str:
    """Names this process in claims: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


KINDS: Mapping[Work, Kind] = {
    Work.CALENDAR: Kind(lambda tenant: run_calendar(tenant, now=utc_now()), (Work.ENROLMENTS,)),
    Work.EVENTS: Kind(lambda tenant: route_events(tenant, now=utc_now()).events, (Work.ENROLMENTS,)),
    Work.ENROLMENTS: Kind(
        lambda tenant: advance_due(tenant, now=utc_now()).enrolments, (Work.MESSAGES, Work.WEBHOOKS)
    ),
    Work.MESSAGES: Kind(
        lambda tenant: deliver_due(tenant, worker=worker_name(), clock=utc_now), (Work.EVENTS,)
    ),
    Work.WEBHOOKS: Kind(lambda tenant: call_due_webhooks(tenant, now=utc_now())),
    Work.RECEIPTS: Kind(lambda tenant: apply_receipts(tenant, now=utc_now()), (Work.EVENTS,)),
    Work.SENDING: Kind(lambda tenant: recover_sending(tenant, now=utc_now()), (Work.MESSAGES,)),
}
