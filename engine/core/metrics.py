"""What Prometheus reads: how far work lags behind, what is stuck, and what the workers did (I4; `docs/operations.md`).

No figure bears a tenant: there may be thousands, and the page is open to whoever reaches the port.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

import redis
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import OperationalError

from engine.core.doors import Due, Work, work_due
from engine.core.errors import Unavailable
from engine.core.settings import settings
from engine.core.tally import BUCKETS, Counted, read_counters

STUCK = {
    "quarantined": "enrolments at whose step something broke",
    "set_aside": "events that could not be shown to the journeys",
    "uncertain": "messages of which nobody knows whether they left",
}

FAMILIES: Mapping[str, tuple[str, str, Mapping[str, Counted]]] = {
    "safar_events": (
        "Events shown to the journeys, or set aside",
        "outcome",
        {"routed": Counted.EVENTS_ROUTED, "set_aside": Counted.EVENTS_SET_ASIDE},
    ),
    "safar_enrolments": (
        "Enrolments that were made by events, moved on by a batch, or quarantined",
        "outcome",
        {
            "entered": Counted.ENROLMENTS_ENTERED,
            "advanced": Counted.ENROLMENTS_ADVANCED,
            "quarantined": Counted.ENROLMENTS_QUARANTINED,
        },
    ),
    "safar_steps": ("Steps done in journeys", "", {"": Counted.STEPS_DONE}),
    "safar_messages": (
        "What became of messages at the door; put_off: tried again later",
        "outcome",
        {
            "sent": Counted.MESSAGES_SENT,
            "failed": Counted.MESSAGES_FAILED,
            "skipped": Counted.MESSAGES_SKIPPED,
            "held": Counted.MESSAGES_HELD,
            "put_off": Counted.MESSAGES_PUT_OFF,
            "uncertain": Counted.MESSAGES_UNCERTAIN,
        },
    ),
    "safar_receipts": ("Providers' reports worked off", "", {"": Counted.RECEIPTS_DONE}),
    "safar_webhooks": (
        "Calls to tenants' own systems",
        "outcome",
        {"taken": Counted.WEBHOOKS_TAKEN, "refused": Counted.WEBHOOKS_REFUSED},
    ),
    "safar_rows_cleaned_up": ("Old rows deleted", "", {"": Counted.ROWS_CLEANED_UP}),
    "safar_work_failures": ("Batches that ended in an error", "", {"": Counted.WORK_FAILED}),
}
"""Counters: name (Prometheus adds `_total`), meaning, label, and what each of its values counts."""


def write_metrics(*, now: datetime) -> bytes:
    """The figures in Prometheus' text format.

    Raises:
        Unavailable: PostgreSQL or Redis cannot be reached, so that there is nothing to tell.
    """
    try:
        with redis.Redis.from_url(settings().redis_url, socket_connect_timeout=3) as client:
            counters = read_counters(client)
    except (redis.RedisError, OSError, ValueError) as error:
        raise Unavailable(f"Redis cannot be reached: {error}") from error
    try:
        due = work_due(now=now)
    except OperationalError as error:
        raise Unavailable("PostgreSQL cannot be reached; `safar doctor` says why.") from error
    registry = CollectorRegistry()
    registry.register(_Figures(due, counters, now))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, due: Mapping[str, Due], counters: Mapping[str, int], now: datetime) -> None:
        self.due, self.counters, self.now = due, counters, now

    def collect(self) -> Iterator[Metric]:
        yield from self._lag()
        yield self._stuck()
        yield from (self._counter(name) for name in FAMILIES)
        yield self._calls()

    def _lag(self) -> Iterator[Metric]:
        number = GaugeMetricFamily("safar_due", "Work that is due now, of all tenants", labels=["kind"])
        lag = GaugeMetricFamily(
            "safar_lag_seconds", "For how long the oldest due work has been waiting", labels=["kind"]
        )
        for kind in Work:
            found = self.due[kind]
            number.add_metric([kind], found.number)
            lag.add_metric([kind], self._seconds_since(found.oldest))
        yield from (number, lag)

    def _seconds_since(self, moment: datetime | None) -> float:
        return max(0.0, (self.now - moment).total_seconds()) if moment else 0.0

    def _stuck(self) -> Metric:
        told = "; ".join(f"{kind}: {meaning}" for kind, meaning in STUCK.items())
        family = GaugeMetricFamily("safar_stuck", f"What waits for a person. {told}", labels=["kind"])
        for kind in STUCK:
            family.add_metric([kind], self.due[kind].number)
        return family

    def _counter(self, name: str) -> Metric:
        meaning, label, parts = FAMILIES[name]
        family = CounterMetricFamily(name, meaning, labels=[label] if label else [])
        for value, what in parts.items():
            family.add_metric([value] if label else [], self.counters.get(what, 0))
        return family

    def _calls(self) -> Metric:
        family = HistogramMetricFamily(
            "safar_provider_call_seconds",
            "Calls to providers; each as the mean of its batch",
            labels=["provider"],
        )
        names = (name.split(":") for name in self.counters if name.startswith("call_ms:"))
        for provider in sorted(parts[1] for parts in names):
            counts = [self.counters.get(f"calls:{provider}:{bound}", 0) for bound in (*BUCKETS, "+Inf")]
            sums = [sum(counts[: place + 1]) for place in range(len(counts))]
            buckets = list(zip([*map(str, BUCKETS), "+Inf"], sums, strict=True))
            family.add_metric([provider], buckets, self.counters[f"call_ms:{provider}"] / 1000)
        return family
