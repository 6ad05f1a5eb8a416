"""Receipts that match no message yet wait a little before they are looked at again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

SIGNATURE = "safar_tenants_with(work text, at timestamptz)"


def _function(receipts_column: str) -> str:
    return f"""
        CREATE OR REPLACE FUNCTION {SIGNATURE}
        RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT t.id FROM tenants t WHERE CASE work
                WHEN 'events' THEN EXISTS (SELECT FROM event_queue q WHERE q.tenant_id = t.id)
                WHEN 'enrolments' THEN EXISTS (
                    SELECT FROM enrolments e WHERE e.tenant_id = t.id AND e.status = 'active' AND e.due_at <= at)
                WHEN 'messages' THEN EXISTS (
                    SELECT FROM messages m WHERE m.tenant_id = t.id AND m.status = 'queued' AND m.due_at <= at)
                WHEN 'webhooks' THEN EXISTS (
                    SELECT FROM outgoing_webhooks w WHERE w.tenant_id = t.id AND w.status = 'queued' AND w.due_at <= at)
                WHEN 'receipts' THEN EXISTS (
                    SELECT FROM receipts r
                    WHERE r.tenant_id = t.id AND r.done_at IS NULL AND r.{receipts_column} <= at)
                WHEN 'sending' THEN EXISTS (
                    SELECT FROM messages m WHERE m.tenant_id = t.id AND m.status = 'sending' AND m.claimed_at <= at)
                END $$"""


def upgrade() -> None:
    op.add_column("receipts", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE receipts SET due_at = received_at")
    op.alter_column("receipts", "due_at", nullable=False)
    op.drop_index("ix_receipts_open", table_name="receipts")
    op.create_index(
        "ix_receipts_due", "receipts", ["tenant_id", "due_at"], postgresql_where=sa.text("done_at IS NULL")
    )
    op.execute(_function("due_at"))


def downgrade() -> None:
    op.execute(_function("received_at"))
    op.drop_index("ix_receipts_due", table_name="receipts")
    op.create_index(
        "ix_receipts_open",
        "receipts",
        ["tenant_id", "received_at"],
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.drop_column("receipts", "due_at")
