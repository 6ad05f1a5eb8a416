"""The Dramatiq broker on Redis. A message is only a wake-up: all of Redis may be lost, and nothing is lost."""

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Callbacks, Pipelines, ShutdownNotifications, TimeLimit

from engine.core.errors import SettingsError
from engine.core.settings import settings

WAKE_UP_LIFE = 60_000
"""Milliseconds after which an unread wake-up is dropped; the clock has sent a newer one by then."""


def make_broker() -> RedisBroker:
    """A broker for `REDIS_URL`, without retries: what failed is still due, and the clock wakes it again.

    Raises:
        SettingsError: `REDIS_URL` is empty; the embedded server is started by `safar up`.
    """
    if not settings().redis_url:
        raise SettingsError("REDIS_URL is not set. Run `safar up`, or name a Redis server in it.")
    return RedisBroker(  # type: ignore[no-untyped-call]
        url=settings().redis_url,
        namespace="safar",
        heartbeat_timeout=15_000,
        dead_message_ttl=60_000,
        middleware=[
            AgeLimit(max_age=WAKE_UP_LIFE),
            TimeLimit(),
            ShutdownNotifications(),
            Callbacks(),
            Pipelines(),
        ],
    )


broker = make_broker()
dramatiq.set_broker(broker)


def redis_client() -> redis.Redis:
    """The broker's own Redis client, for the wake-up tokens."""
    client: redis.Redis = broker.client
    return client
