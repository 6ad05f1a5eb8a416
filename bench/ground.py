"""Ground of the benchmarks: real servers in a temporary folder, a tenant with many customers, processes to work.

A benchmark prints figures beside a reference measured in the same run; it never judges.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psutil
from sqlalchemy import text

from engine.core import db
from engine.core.accounts import create_tenant
from engine.core.clock import utc_now
from engine.core.doors import ensure_event_partitions
from engine.core.embedded import embedded_servers
from engine.core.settings import settings


@contextmanager
def servers() -> Iterator[Path]:
    """Durable embedded servers, migrated; yields the data folder and takes it away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="safar-bench-"))
    try:
        with embedded_servers(folder) as running:
            os.environ |= {
                "DATABASE_URL": running.database_url,
                "REDIS_URL": running.redis_url,
                "SAFAR_DATA_DIR": str(folder),
            }
            settings.cache_clear()
            db.migrate()
            ensure_event_partitions(utc_now().date(), utc_now().date())
            yield folder
            db.dispose_engines()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def studio_with(customers: int, *, slug: str = "bench") -> UUID:
    """A tenant whose customers agreed to WhatsApp and e-mail; caps and window wide open, so that all may leave."""
    tenant = create_tenant(slug, slug.title(), timezone="UTC")
    with db.owner_engine().begin() as connection:
        connection.execute(
            text("""
                INSERT INTO customers (id, tenant_id, external_id, name, first_name, phone, email, city,
                    total_spend_minor, order_count, visit_count, last_order_at, last_visit_at, tags)
                SELECT uuidv7(), :tenant, 'c' || n, 'Customer ' || n, 'Customer', '+9198' || lpad(n::text, 8, '0'),
                    'c' || n || '@example.in', (ARRAY['Mumbai', 'Pune', 'Delhi', 'Jaipur'])[1 + n % 4],
                    (n::bigint * 7919) % 20000000, n % 20, n % 12, now() - (n % 400) * interval '1 day',
                    now() - (n % 300) * interval '1 day', CASE WHEN n % 10 = 0 THEN '{vip}'::text[] ELSE '{}' END
                FROM generate_series(1, :customers) n
            """),
            {"tenant": tenant, "customers": customers},
        )
        for channel in ("whatsapp", "email"):
            connection.execute(
                text("""
                    INSERT INTO consents (tenant_id, customer_id, channel, purpose, state, version, source, changed_at)
                    SELECT tenant_id, id, :channel, 'marketing', 'granted', 1, 'bench', now()
                    FROM customers WHERE tenant_id = :tenant
                """),
                {"tenant": tenant, "channel": channel},
            )
        connection.execute(
            text("""
                UPDATE tenant_settings SET send_window_start = '00:00', send_window_end = '23:59:59',
                    daily_message_limit_per_customer = 100, weekly_message_limit_per_customer = 500
                WHERE tenant_id = :tenant
            """),
            {"tenant": tenant},
        )
    with db.owner_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return tenant


@contextmanager
def workers(number: int) -> Iterator[list[psutil.Process]]:
    """That many real worker processes and a clock."""
    safar = [sys.executable, "-m", "app.cli.main"]
    commands = [[*safar, "worker"]] * number + [[*safar, "clock"]]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
    try:
        yield [psutil.Process(each.pid) for each in running[:number]]
    finally:
        for each in running:
            each.terminate()
        for each in running:
            each.wait(timeout=30)


def wait_until(done: Callable[[], bool], *, seconds: float = 600) -> float:
    """Look ten times a second until `done`; returns how long it took.

    Raises:
        TimeoutError: it did not become true in time.
    """
    begun = time.perf_counter()
    while not done():
        if time.perf_counter() - begun > seconds:
            raise TimeoutError("the benchmark did not finish in time")
        time.sleep(0.1)
    return time.perf_counter() - begun


def line(what: str, figure: float, unit: str, *, reference: float | None = None, beside: str = "") -> None:
    """One row of the report; the ratio says how many times the reference does."""
    row = f"  {what:<58} {figure:>12,.0f} {unit}"
    if reference is not None:
        row += f"   (reference {reference:,.0f} {unit}, {beside}: {reference / figure:.1f} times ours)"
    print(row, flush=True)
