"""Upkeep: how far work lags behind, daily chores for each tenant, and the end of old events and logs (F6, F8, I4).

What is deleted is found by B-tree: rows that stay among rows that go would soon make a BRIN of no use, and each of
these entries is written once, at the right edge.
"""

import sqlalchemy as sa
from alembic import op

from engine.core.rls import isolate

revision = "0007"
down_revision = "0006"

DEFINER = "SECURITY DEFINER SET search_path = public"
TENANTS_WITH = "safar_tenants_with(work text, at timestamptz)"


def _tenants_with(more: str) -> str:
    return f"""
        CREATE OR REPLACE FUNCTION {TENANTS_WITH}
        RETURNS SETOF uuid LANGUAGE sql STABLE {DEFINER} AS $$
            SELECT t.id FROM tenants t WHERE CASE work
                WHEN 'events' THEN EXISTS (
                    SELECT FROM event_queue q WHERE q.tenant_id = t.id AND q.failed_reason IS NULL)
                WHEN 'enrolments' THEN EXISTS (
                    SELECT FROM enrolments e WHERE e.tenant_id = t.id AND e.status = 'active' AND e.due_at <= at)
                WHEN 'messages' THEN EXISTS (
                    SELECT FROM messages m WHERE m.tenant_id = t.id AND m.status = 'queued' AND m.due_at <= at)
                WHEN 'webhooks' THEN EXISTS (
                    SELECT FROM outgoing_webhooks w WHERE w.tenant_id = t.id AND w.status = 'queued' AND w.due_at <= at)
                WHEN 'receipts' THEN EXISTS (
                    SELECT FROM receipts r WHERE r.tenant_id = t.id AND r.done_at IS NULL AND r.due_at <= at)
                WHEN 'sending' THEN EXISTS (
                    SELECT FROM messages m WHERE m.tenant_id = t.id AND m.status = 'sending' AND m.claimed_at <= at)
                WHEN 'calendar' THEN EXISTS (
                    SELECT FROM calendar_runs c WHERE c.tenant_id = t.id AND c.due_at <= at)
                {more}
                END $$"""


UPKEEP = """
    WHEN 'upkeep' THEN EXISTS (SELECT FROM upkeep u WHERE u.tenant_id = t.id AND u.due_at <= at)
        OR NOT EXISTS (SELECT FROM upkeep u WHERE u.tenant_id = t.id)"""
"""A tenant without any row is new: its first chore writes them."""

MOST_COUNTED = 100_000
"""For each tenant: beyond that a number says no more, and counting would cost what the work costs."""

DUE = (
    ("events", "event_queue", "queued_at", "d.failed_reason IS NULL", "d.seq"),
    ("enrolments", "enrolments", "due_at", "d.status = 'active' AND d.due_at <= at", "d.due_at"),
    ("messages", "messages", "due_at", "d.status = 'queued' AND d.due_at <= at", "d.due_at"),
    ("webhooks", "outgoing_webhooks", "due_at", "d.status = 'queued' AND d.due_at <= at", "d.due_at"),
    ("receipts", "receipts", "due_at", "d.done_at IS NULL AND d.due_at <= at", "d.due_at"),
    ("calendar", "calendar_runs", "due_at", "d.due_at <= at", "d.due_at"),
    ("upkeep", "upkeep", "due_at", "d.due_at <= at", "d.due_at"),
)
"""Each kind of work: its table, since when a row is due, which rows are due, and the order of its partial index."""

LAG = " UNION ALL ".join(
    f"""
        SELECT '{kind}', coalesce(sum(found.number), 0)::bigint, min(found.oldest) FROM tenants t
        CROSS JOIN LATERAL (
            SELECT count(*) AS number, min(first.since) AS oldest FROM (
                SELECT d.{since} AS since FROM {table} d WHERE d.tenant_id = t.id AND {condition}
                ORDER BY {order} LIMIT {MOST_COUNTED}
            ) first
        ) found"""
    for kind, table, since, condition, order in DUE
)

FUNCTIONS = {
    "safar_lag(at timestamptz)": f"""
        RETURNS TABLE (kind text, number bigint, oldest timestamptz)
        LANGUAGE sql STABLE {DEFINER} AS $$
        {LAG}
        UNION ALL SELECT 'sending', count(*), min(claimed_at) FROM messages WHERE status = 'sending'
        UNION ALL SELECT 'uncertain', count(*), NULL FROM messages WHERE status = 'uncertain'
        UNION ALL SELECT 'quarantined', count(*), NULL FROM enrolments WHERE status = 'quarantined'
        UNION ALL SELECT 'set_aside', count(*), NULL FROM event_queue WHERE failed_reason IS NOT NULL $$""",
    # Dropping needs the whole of `events` for a moment: rather try again later than keep everybody waiting.
    "safar_drop_event_partitions(before date)": f"""
        RETURNS integer LANGUAGE plpgsql {DEFINER} SET lock_timeout = '1s' AS $$
        DECLARE
            part text;
            dropped integer := 0;
        BEGIN
            PERFORM pg_advisory_xact_lock(727002);
            FOR part IN
                SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'events'::regclass AND c.relname ~ '^events_[0-9]{{4}}_[0-9]{{2}}$'
                    AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= before
                ORDER BY c.relname
            LOOP
                EXECUTE format('DROP TABLE %I', part);
                dropped := dropped + 1;
            END LOOP;
            RETURN dropped;
        END $$""",
}


def upgrade() -> None:
    op.create_table(
        "upkeep",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("chore", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_upkeep_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "chore", name=op.f("pk_upkeep")),
    )
    for statement in isolate("upkeep"):
        op.execute(statement)
    op.add_column(
        "event_queue",
        sa.Column("queued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.create_index(
        "ix_event_queue_set_aside",
        "event_queue",
        ["tenant_id"],
        postgresql_where=sa.text("failed_reason IS NOT NULL"),
    )
    op.create_index(
        "ix_messages_uncertain", "messages", ["tenant_id"], postgresql_where=sa.text("status = 'uncertain'")
    )
    op.add_column(
        "enrolments", sa.Column("is_trace", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_index(
        "ix_enrolments_finished",
        "enrolments",
        ["tenant_id", "finished_at"],
        postgresql_where=sa.text("finished_at IS NOT NULL AND NOT is_trace"),
    )
    op.create_index(
        "ix_receipts_done",
        "receipts",
        ["tenant_id", "done_at"],
        postgresql_where=sa.text("done_at IS NOT NULL"),
    )
    op.create_index("ix_outgoing_webhooks_created_at", "outgoing_webhooks", ["tenant_id", "created_at"])
    op.execute(_tenants_with(UPKEEP))
    for signature, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} {body}")
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")


def downgrade() -> None:
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
    op.execute(_tenants_with(""))
    op.drop_index("ix_outgoing_webhooks_created_at", table_name="outgoing_webhooks")
    op.drop_index("ix_receipts_done", table_name="receipts")
    op.drop_index("ix_enrolments_finished", table_name="enrolments")
    op.drop_column("enrolments", "is_trace")
    op.drop_index("ix_messages_uncertain", table_name="messages")
    op.drop_index("ix_event_queue_set_aside", table_name="event_queue")
    op.drop_column("event_queue", "queued_at")
    op.drop_table("upkeep")
