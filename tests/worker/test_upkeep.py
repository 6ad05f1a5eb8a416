"""A tenant's chores are done once when they are due; what is kept no longer goes, what is needed stays (F6, F8)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from engine.core.accounts import create_tenant
from engine.core.db import owner_engine, tenant_session
from engine.core.doors import Work, ensure_event_partitions, tenants_with
from engine.core.ids import new_id
from engine.core.settings import settings
from engine.customers.entitlements import NewEntitlement, save_entitlements
from engine.customers.models import Customer, EntitlementKind
from engine.events.record import NewEvent, record
from engine.events.retention import drop_old_months
from engine.journeys import drafts, publishing
from engine.journeys.models import Journey, JourneyStatus
from engine.worker.upkeep import CHORES, at_clean_up_hour, at_midnight, do_chore

YEARS = timedelta(days=800)
"""Longer than anything is kept."""

MESSAGE = """
    INSERT INTO messages (id, tenant_id, dedupe_key, customer_id, channel, purpose, message_type, status, due_at,
        created_at) VALUES (:id, :tenant, :id, :id, 'sms', 'marketing', 'trigger', :status, :at, :at)
"""
HOLD = """
    INSERT INTO message_holds (tenant_id, message_id, at, until, code, reason) VALUES (:tenant, :id, :at, :at, 'X', 'x')
"""
LINK = """
    INSERT INTO tracked_links (tenant_id, code, message_id, url) VALUES (:tenant, left(:id, 24), :id, 'https://x.example')
"""
RECEIPT = """
    INSERT INTO receipts (id, tenant_id, provider, unique_key, payload, received_at, due_at, done_at)
    VALUES (:id, :tenant, 'p', :id, '{}', :at, :at, :done)
"""
WEBHOOK = """
    INSERT INTO outgoing_webhooks (id, tenant_id, dedupe_key, url, body, status, due_at, created_at)
    VALUES (:id, :tenant, :id, 'https://x.example', '{}', :status, :at, :at)
"""
ENROLMENT = """
    INSERT INTO enrolments (id, tenant_id, journey_id, version_id, customer_id, status, node_id, trigger_id, arrived_at,
        due_at, entry_key, entry, entered_at, finished_at)
    VALUES (:id, :tenant, :journey, :journey, :customer, :status, 'n', 't', :at, :at, :id, '{"total": 5}', :at,
        :finished)
"""
STEP = """
    INSERT INTO steps (enrolment_id, visit, tenant_id, version_id, node_id, at) VALUES (:id, 0, :tenant, :id, 'n', :at)
"""
AUDIT = """
    INSERT INTO audit_log (id, tenant_id, at, actor, action, subject) VALUES (:id, :tenant, :at, 'a', 'b', 'c')
"""

Insert = Callable[..., UUID]


@pytest.fixture
def insert(tenant: UUID) -> Insert:
    """Inserts a row, or one more that belongs to `id`; returns its id."""

    def insert_row(statement: str, **values: Any) -> UUID:
        row: UUID = values.setdefault("id", new_id())
        with tenant_session(tenant) as session:
            session.execute(text(_typed(statement)), {"tenant": tenant} | values)
        return row

    return insert_row


def _typed(statement: str) -> str:
    """The id is used as a text, too."""
    return statement.replace("left(:id, 24)", "left(replace(CAST(:id AS text), '-', ''), 24)").replace(
        "'p', :id", "'p', CAST(:id AS text)"
    )


def _do_all(tenant: UUID, now: datetime) -> None:
    while do_chore(tenant, now=now):
        pass


def _ids(tenant: UUID, table: str, column: str = "id") -> set[Any]:
    with tenant_session(tenant) as session:
        return set(session.scalars(text(f"SELECT {column} FROM {table}")))


def test_old_messages_go_with_their_holds_and_links(tenant: UUID, insert: Insert, now: datetime) -> None:
    old = insert(MESSAGE, status="sent", at=now)
    new = insert(MESSAGE, status="sent", at=now + timedelta(days=100))
    for message in (old, new):
        insert(HOLD, id=message, at=now)
        insert(LINK, id=message)
    _do_all(tenant, now + YEARS)
    assert _ids(tenant, "messages") == {new}
    assert _ids(tenant, "message_holds", "message_id") == {new}
    assert _ids(tenant, "tracked_links", "message_id") == {new}


def test_what_is_still_on_its_way_stays_however_old(tenant: UUID, insert: Insert, now: datetime) -> None:
    kept = {insert(MESSAGE, status=status, at=now) for status in ("queued", "sending")}
    calls = {insert(WEBHOOK, status="queued", at=now)}
    receipts = {insert(RECEIPT, at=now, done=None)}
    journey = new_id()
    runs = {
        insert(ENROLMENT, journey=journey, customer=new_id(), status=status, at=now, finished=None)
        for status in ("active", "paused", "quarantined")
    }
    for run in runs:
        insert(STEP, id=run, at=now)
    _do_all(tenant, now + YEARS)
    assert _ids(tenant, "messages") == kept
    assert _ids(tenant, "outgoing_webhooks") == calls
    assert _ids(tenant, "receipts") == receipts
    assert _ids(tenant, "enrolments") == runs
    assert _ids(tenant, "steps", "enrolment_id") == runs


def test_receipts_stay_thirty_days_and_webhooks_ninety(tenant: UUID, insert: Insert, now: datetime) -> None:
    insert(RECEIPT, at=now, done=now)
    insert(WEBHOOK, status="sent", at=now)
    _do_all(tenant, now + timedelta(days=29))
    assert (len(_ids(tenant, "receipts")), len(_ids(tenant, "outgoing_webhooks"))) == (1, 1)
    _do_all(tenant, now + timedelta(days=31))
    assert (len(_ids(tenant, "receipts")), len(_ids(tenant, "outgoing_webhooks"))) == (0, 1)
    _do_all(tenant, now + timedelta(days=91))
    assert len(_ids(tenant, "outgoing_webhooks")) == 0


def test_the_audit_stays_two_years_however_short_logs_are_kept(
    tenant: UUID, insert: Insert, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFAR_KEEP_LOGS_DAYS", "90")
    settings.cache_clear()
    try:
        entry = insert(AUDIT, at=now)
        message = insert(MESSAGE, status="sent", at=now)
        _do_all(tenant, now + timedelta(days=100))
        assert message not in _ids(tenant, "messages")
        assert entry in _ids(tenant, "audit_log")
        _do_all(tenant, now + timedelta(days=731))
        assert entry not in _ids(tenant, "audit_log")
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def _journey(tenant: UUID, now: datetime, **columns: Any) -> UUID:
    with tenant_session(tenant) as session:
        journey = drafts.create_journey(session, tenant, "Journey", user_id=None, now=now)
        for name, value in columns.items():
            setattr(journey, name, value)
        return journey.id


def test_of_old_runs_the_last_stays_as_a_trace_without_steps_and_properties(
    tenant: UUID, insert: Insert, now: datetime
) -> None:
    run = {"journey": _journey(tenant, now, status="live"), "customer": new_id(), "status": "completed"}
    first = insert(ENROLMENT, **run, at=now, finished=now)
    last = insert(ENROLMENT, **run, at=now + timedelta(days=1), finished=now + timedelta(days=1))
    for each in (first, last):
        insert(STEP, id=each, at=now)
    _do_all(tenant, now + YEARS)
    assert _ids(tenant, "enrolments") == {last}
    assert _ids(tenant, "enrolments", "entry::text") == {"{}"}
    assert _ids(tenant, "steps", "enrolment_id") == set()


def test_who_entered_an_archived_journey_needs_no_trace(tenant: UUID, insert: Insert, now: datetime) -> None:
    journey = _journey(tenant, now, status="archived")
    insert(ENROLMENT, journey=journey, customer=new_id(), status="exited", at=now, finished=now)
    _do_all(tenant, now + YEARS)
    assert _ids(tenant, "enrolments") == set()


def test_more_than_a_batch_is_deleted_in_batches_while_other_chores_go_on(
    tenant: UUID, now: datetime
) -> None:
    with owner_engine().begin() as connection:
        connection.execute(text("ANALYZE messages"))
        connection.execute(
            text("""
                INSERT INTO messages (id, tenant_id, dedupe_key, customer_id, channel, purpose, message_type, status,
                    due_at, created_at)
                SELECT gen_random_uuid(), :tenant, gen_random_uuid(), :tenant, 'sms', 'marketing', 'trigger', 'sent',
                    :now, :now FROM generate_series(1, 12000)
            """),
            {"tenant": tenant, "now": now},
        )
    turns = 0
    while do_chore(tenant, now=now + YEARS):
        turns += 1
    assert turns == len(CHORES) + 3
    assert _ids(tenant, "messages") == set()


def test_another_tenants_rows_stay(tenant: UUID, insert: Insert, now: datetime) -> None:
    other = create_tenant(f"other-{tenant.hex[-8:]}", "Other")
    message = insert(MESSAGE, status="sent", at=now)
    _do_all(other, now + YEARS)
    assert _ids(tenant, "messages") == {message}


def test_old_months_of_events_are_dropped_whole_and_strays_deleted(tenant: UUID, now: datetime) -> None:
    stray, old, edge, new = (date(2019, 5, 5), date(2023, 1, 15), date(2023, 3, 1), date(2026, 3, 1))
    for month in (old, edge, new):
        ensure_event_partitions(month, month)
    moments = [datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in (stray, old, edge, new)]
    events = [NewEvent(new_id(), "Visited", "track", "test", {}, {}, moment, new_id()) for moment in moments]
    with tenant_session(tenant) as session:
        record(session, tenant, events, now=now)
    later = datetime(2025, 3, 10, 3, tzinfo=UTC)
    assert drop_old_months(later) == 1
    assert drop_old_months(later) == 0
    assert _ids(tenant, "events", "occurred_at") == {moments[0], moments[2], moments[3]}
    _do_all(tenant, later)
    assert _ids(tenant, "events", "occurred_at") == {moments[2], moments[3]}


def test_what_expires_is_told_after_the_tenants_midnight(tenant: UUID, now: datetime) -> None:
    customer = new_id()
    with tenant_session(tenant) as session:
        session.add(Customer(id=customer, tenant_id=tenant, name="Asha"))
        session.flush()
        pack = NewEntitlement(customer, EntitlementKind.PACKAGE, "p1", now, expires_on=date(2026, 3, 2))
        save_entitlements(session, tenant, [pack], now=now)
    _do_all(tenant, now)
    _do_all(tenant, datetime(2026, 3, 2, 18, 29, tzinfo=UTC))
    assert _ids(tenant, "entitlements", "status") == {"active"}
    _do_all(tenant, datetime(2026, 3, 2, 18, 31, tzinfo=UTC))
    assert _ids(tenant, "entitlements", "status") == {"expired"}
    assert "Package Expired" in _ids(tenant, "events", "name")


def test_a_journey_whose_last_day_has_passed_admits_nobody_any_more(tenant: UUID, now: datetime) -> None:
    graph = {
        "schema": 1,
        "nodes": [
            {"id": "t", "type": "trigger.event", "config": {"event": "Visited"}},
            {"id": "e", "type": "wait.duration", "config": {"duration": {"amount": 1, "unit": "days"}}},
        ],
        "edges": [{"id": "e1", "source": "t", "source_port": "next", "target": "e"}],
        "settings": {"ends_on": "2026-03-02"},
    }
    with tenant_session(tenant) as session:
        journey = drafts.create_journey(session, tenant, "Spring", user_id=None, now=now, graph=graph)
        publishing.publish(session, tenant, journey.id, user_id=None, now=now)
    _do_all(tenant, now)
    assert _status(tenant, journey.id) == JourneyStatus.LIVE
    _do_all(tenant, datetime(2026, 3, 2, 18, 31, tzinfo=UTC))
    assert _status(tenant, journey.id) == JourneyStatus.FINISHING


def _status(tenant: UUID, journey_id: UUID) -> str:
    with tenant_session(tenant) as session:
        return session.get_one(Journey, journey_id).status


def test_chores_rest_until_they_are_due_again(tenant: UUID, now: datetime) -> None:
    assert tenant in tenants_with(Work.UPKEEP, now=now)
    _do_all(tenant, now)
    assert tenant not in tenants_with(Work.UPKEEP, now=now)
    assert tenant in tenants_with(Work.UPKEEP, now=now + timedelta(minutes=1))
    with tenant_session(tenant) as session:
        due = {row.chore: row.due_at for row in session.execute(text("SELECT chore, due_at FROM upkeep"))}
    assert due["clean_up"] == datetime(2026, 3, 3, 3, tzinfo=UTC)
    assert due["expire_entitlements"] == datetime(2026, 3, 2, 18, 30, tzinfo=UTC)


def test_two_workers_never_do_the_same_chore_at_once(tenant: UUID, now: datetime) -> None:
    _do_all(tenant, now)
    later = now + timedelta(minutes=1)
    with tenant_session(tenant) as session:
        session.execute(text("SELECT FROM upkeep WHERE chore = 'fold_counts' FOR UPDATE"))
        assert do_chore(tenant, now=later) == 0
    assert do_chore(tenant, now=later) == 1


def test_a_chore_that_fails_waits_an_hour_and_keeps_no_other_waiting(tenant: UUID, now: datetime) -> None:
    _journey(tenant, now, status="live", live_version_id=(version := new_id()))
    with tenant_session(tenant) as session:
        journey_id = session.execute(text("SELECT id FROM journeys")).scalar_one()
        session.execute(
            text("""
                INSERT INTO journey_versions (id, tenant_id, journey_id, number, graph, published_at)
                VALUES (:id, :tenant, :journey, 1, '{"settings": {"ends_on": "no date"}}', :now)
            """),
            {"id": version, "tenant": tenant, "journey": journey_id, "now": now},
        )
    _do_all(tenant, now)
    with tenant_session(tenant) as session:
        due = {row.chore: row.due_at for row in session.execute(text("SELECT chore, due_at FROM upkeep"))}
    assert due["finish_journeys"] == now + timedelta(hours=1)
    assert all(moment > now for moment in due.values())


def test_the_hours_of_the_clock() -> None:
    india, london = ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/London")
    before_dst = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert at_clean_up_hour(datetime(2026, 3, 2, 2, 59, tzinfo=UTC), india) == datetime(
        2026, 3, 2, 3, tzinfo=UTC
    )
    assert at_clean_up_hour(datetime(2026, 3, 2, 3, tzinfo=UTC), india) == datetime(2026, 3, 3, 3, tzinfo=UTC)
    assert at_midnight(before_dst, london) == datetime(2026, 3, 29, tzinfo=UTC)
    assert at_midnight(before_dst + timedelta(days=1), london) == datetime(2026, 3, 29, 23, tzinfo=UTC)
