"""Tenants share the workers: whoever has much to do, or a slow provider, keeps nobody else waiting."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis
from sqlalchemy import text

from engine.core.clock import utc_now
from engine.core.db import tenant_session
from engine.core.doors import Work
from engine.core.ids import key_of
from engine.core.tally import read_counters
from engine.events.record import NewEvent, record
from engine.journeys import drafts, publishing
from tests.worker.conftest import HangingProvider, Shop

PATIENCE = 90

NewShop = Callable[[str], Shop]


def _until(done: Callable[[], bool]) -> None:
    """Let the clock tick until it is so; whether it becomes so is the test, how soon is not."""
    from engine.worker.clock import wake_due

    ends = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < ends, "it did not happen"
        wake_due(utc_now())
        time.sleep(0.1)


def _publish(shop: Shop) -> UUID:
    """Whoever visits is thanked."""
    graph = {
        "schema": 1,
        "nodes": [
            {"id": "t", "type": "trigger.event", "config": {"event": "Visited"}},
            {
                "id": "m",
                "type": "action.message",
                "config": {"channel": "whatsapp", "template_id": str(shop.template)},
            },
        ],
        "edges": [{"id": "e", "source": "t", "source_port": "next", "target": "m"}],
        "settings": {},
    }
    with tenant_session(shop.tenant) as session:
        journey = drafts.create_journey(
            session, shop.tenant, "Visits", user_id=None, now=utc_now(), graph=graph
        )
        publishing.publish(session, shop.tenant, journey.id, user_id=None, now=utc_now())
        return journey.id


def _visit(shop: Shop, customers: list[UUID]) -> None:
    now = utc_now()
    events = [
        NewEvent(each, "Visited", "track", "test", {}, {}, now, key_of("visit", each)) for each in customers
    ]
    with tenant_session(shop.tenant) as session:
        record(session, shop.tenant, events, now=now)


def test_a_tenant_whose_provider_hangs_keeps_no_other_tenant_waiting(
    new_shop: NewShop, hanging: HangingProvider, environment: Any, crew: Callable[[], None]
) -> None:
    environment(SAFAR_WORKERS="2", SAFAR_WORKER_THREADS="2")
    slow, quick = new_shop("hanging"), new_shop("null")
    slow.queue(40)
    crew()
    _until(lambda: hanging.calls.acquire(blocking=False))
    quick.queue(40)
    _until(lambda: quick.count("messages", "sent") == 40)
    assert slow.count("messages", "sent") == 0
    hanging.gate.set()
    _until(lambda: slow.count("messages", "sent") == 40)


def test_hanging_providers_keep_no_work_of_the_house_waiting(
    new_shop: NewShop, hanging: HangingProvider, environment: Any, crew: Callable[[], None]
) -> None:
    environment(SAFAR_WORKERS="1", SAFAR_WORKER_THREADS="2")
    for _ in range(2):
        new_shop("hanging").queue(5)
    quick = new_shop("null")
    _publish(quick)
    crew()
    for _ in range(2):
        _until(lambda: hanging.calls.acquire(blocking=False))
    _visit(quick, quick.add_customers(20))
    _until(lambda: quick.count("enrolments", "completed") == 20)
    assert quick.count("messages", "queued") == 20
    hanging.gate.set()
    _until(lambda: quick.count("messages", "sent") == 20)


def test_a_tenant_with_much_to_do_gets_one_turn_like_one_with_little(
    new_shop: NewShop, environment: Any, crew: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.worker import actors

    environment(SAFAR_WORKERS="1", SAFAR_WORKER_THREADS="1")
    monkeypatch.setattr(actors, "TURN_SECONDS", 0)
    busy, little = new_shop("null"), new_shop("null")
    for shop, customers in ((busy, 4_500), (little, 10)):
        _publish(shop)
        _visit(shop, shop.add_customers(customers))
        assert actors.wake(Work.EVENTS, shop.tenant)
    crew()
    _until(lambda: busy.count("enrolments", "completed") == 4_500)
    assert little.count("enrolments", "completed") == 10
    (last,) = _steps_at(little)[-1:]
    assert sum(at > last for at in _steps_at(busy)) > 2_000


def _steps_at(shop: Shop) -> list[Any]:
    with tenant_session(shop.tenant) as session:
        return list(session.scalars(text("SELECT at FROM steps ORDER BY at")))


def test_a_tenant_takes_few_places_for_each_kind_and_never_all_that_wait_for_others(environment: Any) -> None:
    from engine.worker.actors import wake
    from engine.worker.places import free_place, places_of, take_place

    environment(SAFAR_WORKERS="2", SAFAR_WORKER_THREADS="2")
    tenant = uuid4()
    assert [wake(Work.ENROLMENTS, tenant) for _ in range(3)] == [True, True, False]
    assert wake(Work.ENROLMENTS, uuid4())
    assert places_of(Work.MESSAGES) + places_of(Work.WEBHOOKS) < 2 * 2
    free_place(Work.ENROLMENTS, tenant, 1)
    assert take_place(Work.ENROLMENTS, tenant) == 1
    environment(SAFAR_WORKERS="1", SAFAR_WORKER_THREADS="1")
    assert places_of(Work.MESSAGES) == places_of(Work.WEBHOOKS) == 1


def test_all_of_redis_lost_in_the_middle_costs_nothing(
    new_shop: NewShop, hanging: HangingProvider, environment: Any, crew: Callable[[], None], redis_url: str
) -> None:
    environment(SAFAR_WORKERS="1", SAFAR_WORKER_THREADS="2")
    slow, quick = new_shop("hanging"), new_shop("null")
    slow.queue(5)
    quick.queue(20)
    crew()
    _until(lambda: hanging.calls.acquire(blocking=False))
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    hanging.gate.set()
    _until(lambda: slow.count("messages", "sent") == 5 and quick.count("messages", "sent") == 20)


def test_workers_tell_what_they_did(
    new_shop: NewShop, environment: Any, crew: Callable[[], None], redis_url: str
) -> None:
    environment(SAFAR_WORKERS="1", SAFAR_WORKER_THREADS="1")
    shop = new_shop("null")
    _publish(shop)
    _visit(shop, shop.add_customers(30))
    crew()

    def counted() -> dict[str, int]:
        with redis.Redis.from_url(redis_url) as client:
            return dict(read_counters(client))

    _until(lambda: counted().get("messages_sent") == 30)
    told = counted()
    names = ("events_routed", "enrolments_entered", "enrolments_advanced", "calls:null:0.05")
    assert [told[name] for name in names] == [30, 30, 30, 30]
    assert told["steps_done"] == 60
