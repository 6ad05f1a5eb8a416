"""`/metrics` tells how far work lags behind, what is stuck and what was done, over all tenants (I4)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import UUID

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from starlette.testclient import TestClient

from app.http.api import create_api
from engine.core.accounts import create_tenant
from engine.core.db import owner_engine, tenant_session
from engine.core.ids import new_id
from engine.core.metrics import write_metrics
from engine.core.settings import settings
from engine.core.tally import Counted, add_up, count, count_calls

Figures = dict[tuple[str, str], float]
Read = Callable[[datetime], Figures]


@pytest.fixture
def read(redis_url: str, database: str) -> Read:
    """The figures by name and the first label."""

    def read_at(now: datetime) -> Figures:
        page = write_metrics(now=now).decode()
        return {
            (sample.name, next(iter(sample.labels.values()), "")): sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
        }

    return read_at


def _insert(tenant: UUID, statement: str, **values: object) -> None:
    with tenant_session(tenant) as session:
        session.execute(text(statement), {"tenant": tenant, "id": new_id(), "other": new_id()} | values)


MESSAGE = """
    INSERT INTO messages (id, tenant_id, dedupe_key, customer_id, channel, purpose, message_type, status, due_at,
        created_at) VALUES (:id, :tenant, :other, :other, 'sms', 'marketing', 'trigger', :status, :due, :due)
"""
ENROLMENT = """
    INSERT INTO enrolments (id, tenant_id, journey_id, version_id, customer_id, status, node_id, arrived_at, due_at,
        entry_key, entered_at)
    VALUES (:id, :tenant, :other, :other, :id, :status, 'n', :due, :due, :id, :due)
"""
QUEUED = """
    INSERT INTO event_queue (tenant_id, event_id, customer_id, name, occurred_at, queued_at, failed_reason)
    VALUES (:tenant, :id, :other, 'Visited', :due, :due, :reason)
"""


def test_lag_is_the_age_of_the_oldest_due_work_of_all_tenants(
    tenant: UUID, now: datetime, read: Read
) -> None:
    other = create_tenant(f"other-{tenant.hex[-8:]}", "Other")
    _insert(tenant, MESSAGE, status="queued", due=now - timedelta(seconds=90))
    _insert(other, MESSAGE, status="queued", due=now - timedelta(seconds=30))
    _insert(other, MESSAGE, status="queued", due=now + timedelta(hours=1))
    _insert(other, MESSAGE, status="sent", due=now - timedelta(days=1))
    _insert(tenant, ENROLMENT, status="active", due=now - timedelta(seconds=5))
    _insert(tenant, ENROLMENT, status="paused", due=now - timedelta(days=5))
    _insert(tenant, QUEUED, due=now - timedelta(seconds=7), reason=None)
    figures = read(now)
    assert figures["safar_due", "messages"] == 2
    assert figures["safar_lag_seconds", "messages"] == 90
    assert figures["safar_lag_seconds", "enrolments"] == 5
    assert figures["safar_lag_seconds", "events"] == 7
    assert figures["safar_due", "receipts"] == 0
    assert figures["safar_lag_seconds", "receipts"] == 0


def test_what_waits_for_a_person_is_told(tenant: UUID, now: datetime, read: Read) -> None:
    before = read(now)
    _insert(tenant, MESSAGE, status="uncertain", due=now)
    _insert(tenant, ENROLMENT, status="quarantined", due=now)
    _insert(tenant, QUEUED, due=now, reason="broken")
    after = read(now)
    kinds = ("uncertain", "quarantined", "set_aside")
    assert [after["safar_stuck", kind] - before["safar_stuck", kind] for kind in kinds] == [1, 1, 1]
    assert after["safar_due", "events"] == before["safar_due", "events"]


def test_what_workers_counted_is_added_up(read: Read, redis_url: str) -> None:
    def work() -> None:
        for _ in range(2):
            count(Counted.MESSAGES_SENT, 40)
            count(Counted.STEPS_DONE, 3)
            count_calls("smtp", 4, timedelta(seconds=1))
            pipeline = client.pipeline()
            add_up(pipeline)
            pipeline.execute()

    with redis.Redis.from_url(redis_url) as client:
        worker = Thread(target=work)  # each thread counts for itself; this one may have counted before
        worker.start()
        worker.join()
    figures = read(datetime.now(UTC))
    assert figures["safar_messages_total", "sent"] == 80
    assert figures["safar_messages_total", "failed"] == 0
    assert figures["safar_steps_total", ""] == 6
    assert figures["safar_provider_call_seconds_count", "smtp"] == 8
    assert figures["safar_provider_call_seconds_sum", "smtp"] == 2


def test_the_figures_name_no_tenant(tenant: UUID, now: datetime, read: Read) -> None:
    _insert(tenant, MESSAGE, status="queued", due=now)
    page = write_metrics(now=now).decode()
    assert str(tenant) not in page and "studio" not in page


def test_the_lag_is_read_by_indexes(tenant: UUID, now: datetime) -> None:
    """However long the logs are: what is looked at is what is due."""
    with owner_engine().begin() as connection:
        connection.execute(
            text("""
                INSERT INTO messages (id, tenant_id, dedupe_key, customer_id, channel, purpose, message_type, status,
                    due_at, created_at)
                SELECT gen_random_uuid(), :tenant, gen_random_uuid(), :tenant, 'sms', 'marketing', 'trigger', 'sent',
                    now(), now() FROM generate_series(1, 20000)
            """),
            {"tenant": tenant},
        )
        connection.execute(text("ANALYZE messages"))
        body = connection.scalar(text("SELECT prosrc FROM pg_proc WHERE proname = 'safar_lag'"))
        lines = connection.execute(text(f"EXPLAIN {body.replace('<= at', '<= now()')}")).scalars()
        plan = "\n".join(lines)
    assert "Seq Scan on messages" not in plan


def test_the_page_is_served_and_says_when_it_cannot_be(
    database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TestClient(create_api()) as client:
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain")
        assert 'safar_lag_seconds{kind="messages"}' in answer.text
        monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
        settings.cache_clear()
        assert client.get("/metrics").status_code == 503
