"""Counters of what was done: counted where it happens, added up in Redis once a batch, read by `/metrics` (I4).

They are figures for graphs, not accounts: a worker that dies loses what it has not added yet, and a Redis that is
lost begins at zero again, which Prometheus' `rate()` understands.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

import redis
from redis.client import Pipeline

KEY = "safar:counters"


class Counted(StrEnum):
    """What is counted; the values are the names in Redis."""

    EVENTS_ROUTED = "events_routed"
    EVENTS_SET_ASIDE = "events_set_aside"
    ENROLMENTS_ENTERED = "enrolments_entered"
    ENROLMENTS_ADVANCED = "enrolments_advanced"
    ENROLMENTS_QUARANTINED = "enrolments_quarantined"
    STEPS_DONE = "steps_done"
    MESSAGES_SENT = "messages_sent"
    MESSAGES_FAILED = "messages_failed"
    MESSAGES_SKIPPED = "messages_skipped"
    MESSAGES_HELD = "messages_held"
    MESSAGES_PUT_OFF = "messages_put_off"
    MESSAGES_UNCERTAIN = "messages_uncertain"
    RECEIPTS_DONE = "receipts_done"
    WEBHOOKS_TAKEN = "webhooks_taken"
    WEBHOOKS_REFUSED = "webhooks_refused"
    ROWS_CLEANED_UP = "rows_cleaned_up"
    WORK_FAILED = "work_failed"


BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds, in seconds, of the calls to providers."""


class _Counts(threading.local):
    def __init__(self) -> None:
        self.counter: Counter[str] = Counter()


_counts = _Counts()


def count(what: Counted, number: int = 1) -> None:
    """Count something this thread did; it is told to nobody before `add_up`."""
    if number:
        _counts.counter[what] += number


def count_calls(provider: str, calls: int, took: timedelta) -> None:
    """Count calls to a provider that took so long together; each counts as their mean."""
    if not calls:
        return
    mean = took.total_seconds() / calls
    bound = next((str(bucket) for bucket in BUCKETS if mean <= bucket), "+Inf")
    _counts.counter[f"calls:{provider}:{bound}"] += calls
    _counts.counter[f"call_ms:{provider}"] += round(took.total_seconds() * 1000)


def add_up(pipeline: Pipeline) -> None:
    """Let a pipeline add what this thread counted to everybody's, and begin anew."""
    taken, _counts.counter = _counts.counter, Counter()
    for name, number in taken.items():
        pipeline.hincrby(KEY, name, number)


def read_counters(client: redis.Redis) -> Mapping[str, int]:
    """What all workers counted since Redis was empty."""
    found = client.hgetall(KEY)
    assert isinstance(found, dict)  # the client's types know an asynchronous answer, too
    return {name.decode(): int(number) for name, number in found.items()}
