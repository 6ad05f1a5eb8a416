"""What the whole engine needs: calendar triggers, rate limits, holds, spend, entitlements, staff's reminders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.core.rls import isolate

revision = "0005"
down_revision = "0004"

TENANT_TABLES = (
    "budget_alerts",
    "calendar_runs",
    "conversations",
    "entitlements",
    "message_holds",
    "message_rates",
    "notifications",
    "release_rates",
    "spend",
    "staff_followup_reminders",
)

SIGNATURE = "safar_tenants_with(work text, at timestamptz)"


def _function(events: str, more: str) -> str:
    return f"""
        CREATE OR REPLACE FUNCTION {SIGNATURE}
        RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT t.id FROM tenants t WHERE CASE work
                WHEN 'events' THEN EXISTS (SELECT FROM event_queue q WHERE q.tenant_id = t.id {events})
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
                {more}
                END $$"""


CALENDAR = (
    "WHEN 'calendar' THEN EXISTS (SELECT FROM calendar_runs c WHERE c.tenant_id = t.id AND c.due_at <= at)"
)


def upgrade() -> None:
    op.create_table(
        "message_holds",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_message_holds")),
    )
    op.create_index("ix_message_holds_message_id", "message_holds", ["tenant_id", "message_id"], unique=False)
    op.create_table(
        "budget_alerts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_budget_alerts_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "month", "branch_id", "level", name=op.f("pk_budget_alerts")),
    )
    op.create_table(
        "message_rates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("price_micro", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_message_rates_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "channel", "category", "country", name=op.f("pk_message_rates")),
    )
    op.create_table(
        "spend",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("cost_micro", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("messages", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_spend_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "month", "branch_id", "channel", "category", name=op.f("pk_spend")
        ),
    )
    op.create_table(
        "notifications",
        sa.Column("dedupe_key", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_by", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_notifications_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notifications_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("tenant_id", "dedupe_key", name=op.f("uq_notifications_tenant_id_dedupe_key")),
    )
    op.create_index("ix_notifications_tenant_id_at", "notifications", ["tenant_id", "at"], unique=False)
    op.create_table(
        "calendar_runs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("done_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"],
            ["journeys.id"],
            name=op.f("fk_calendar_runs_journey_id_journeys"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_calendar_runs_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "journey_id", "node_id", name=op.f("pk_calendar_runs")),
    )
    op.create_index("ix_calendar_runs_due_at", "calendar_runs", ["tenant_id", "due_at"], unique=False)
    op.create_table(
        "conversations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("last_text", sa.Text(), server_default="", nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replies", sa.Integer(), server_default="1", nullable=False),
        sa.Column("status", sa.String(length=8), server_default="open", nullable=False),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assigned_to"],
            ["users.id"],
            name=op.f("fk_conversations_assigned_to_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_conversations_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_conversations_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", name=op.f("pk_conversations")),
    )
    op.create_index(op.f("ix_conversations_customer_id"), "conversations", ["customer_id"], unique=False)
    op.create_index(
        "ix_conversations_last_at", "conversations", ["tenant_id", "status", "last_at"], unique=False
    )
    op.create_table(
        "entitlements",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.String(length=12), server_default="active", nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("balance", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_entitlements_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_entitlements_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlements")),
        sa.UniqueConstraint(
            "tenant_id", "kind", "external_id", name=op.f("uq_entitlements_tenant_id_kind_external_id")
        ),
    )
    op.create_index(
        "ix_entitlements_customer", "entitlements", ["tenant_id", "customer_id", "kind"], unique=False
    )
    op.create_index(
        "ix_entitlements_expires_on", "entitlements", ["tenant_id", "kind", "expires_on"], unique=False
    )
    op.create_table(
        "release_rates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"],
            ["journeys.id"],
            name=op.f("fk_release_rates_journey_id_journeys"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_release_rates_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "journey_id", "node_id", name=op.f("pk_release_rates")),
    )
    op.create_table(
        "staff_followup_reminders",
        sa.Column("dedupe_key", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("reminder_date", sa.Date(), nullable=False),
        sa.Column("reminder_time", sa.Time(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.String(length=12), server_default="pending", nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_staff_followup_reminders_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["users.id"],
            name=op.f("fk_staff_followup_reminders_staff_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_staff_followup_reminders_tenant_id_tenants"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_followup_reminders")),
        sa.UniqueConstraint(
            "tenant_id", "dedupe_key", name=op.f("uq_staff_followup_reminders_tenant_id_dedupe_key")
        ),
    )
    op.create_index(
        "ix_staff_followup_reminders_customer",
        "staff_followup_reminders",
        ["tenant_id", "customer_id"],
        unique=False,
    )
    op.create_index(
        "ix_staff_followup_reminders_due",
        "staff_followup_reminders",
        ["tenant_id", "status", "reminder_date"],
        unique=False,
    )
    op.create_index(
        "ix_customers_anniversary",
        "customers",
        [
            "tenant_id",
            sa.text("EXTRACT(month FROM anniversary)"),
            sa.text("EXTRACT(day FROM anniversary)"),
        ],
        unique=False,
        postgresql_where=sa.text("anniversary IS NOT NULL"),
    )
    op.create_index(
        "ix_customers_birthday",
        "customers",
        ["tenant_id", sa.text("EXTRACT(month FROM birthday)"), sa.text("EXTRACT(day FROM birthday)")],
        unique=False,
        postgresql_where=sa.text("birthday IS NOT NULL"),
    )
    op.create_index(
        "ix_customers_tenant_id_last_visit_at", "customers", ["tenant_id", "last_visit_at"], unique=False
    )
    op.create_index("ix_customers_tenant_id_timezone", "customers", ["tenant_id", "timezone"], unique=False)
    op.add_column("enrolments", sa.Column("trigger_id", sa.Text(), nullable=True))
    op.add_column("enrolments", sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("enrolments", sa.Column("moved_visit", sa.Integer(), nullable=True))
    op.add_column("enrolments", sa.Column("converted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_enrolments_quarantined",
        "enrolments",
        ["tenant_id", "journey_id"],
        unique=False,
        postgresql_where=sa.text("status = 'quarantined'"),
    )
    op.add_column("event_queue", sa.Column("failed_reason", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("fallback", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("messages", sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("messages", sa.Column("journey_limit", sa.SmallInteger(), nullable=True))
    op.add_column(
        "messages", sa.Column("announce", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_index(
        "ix_messages_rivals",
        "messages",
        ["tenant_id", "customer_id"],
        unique=False,
        postgresql_where=sa.text("status = 'queued' AND priority > 0"),
    )
    op.create_index(
        "ix_messages_transactional",
        "messages",
        ["tenant_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'queued' AND purpose = 'transactional'"),
    )
    op.drop_index("ix_event_queue_tenant_id_seq", table_name="event_queue")
    op.create_index(
        "ix_event_queue_tenant_id_seq",
        "event_queue",
        ["tenant_id", "seq"],
        postgresql_where=sa.text("failed_reason IS NULL"),
    )
    for table in TENANT_TABLES:
        for statement in isolate(table):
            op.execute(statement)
    op.execute(_function("AND q.failed_reason IS NULL", CALENDAR))


def downgrade() -> None:
    op.execute(_function("", ""))
    op.drop_index("ix_event_queue_tenant_id_seq", table_name="event_queue")
    op.create_index("ix_event_queue_tenant_id_seq", "event_queue", ["tenant_id", "seq"])
    op.drop_index(
        "ix_messages_transactional",
        table_name="messages",
        postgresql_where=sa.text("status = 'queued' AND purpose = 'transactional'"),
    )
    op.drop_index(
        "ix_messages_rivals",
        table_name="messages",
        postgresql_where=sa.text("status = 'queued' AND priority > 0"),
    )
    op.drop_column("messages", "announce")
    op.drop_column("messages", "journey_limit")
    op.drop_column("messages", "priority")
    op.drop_column("messages", "fallback")
    op.drop_column("event_queue", "failed_reason")
    op.drop_index(
        "ix_enrolments_quarantined",
        table_name="enrolments",
        postgresql_where=sa.text("status = 'quarantined'"),
    )
    op.drop_column("enrolments", "converted_at")
    op.drop_column("enrolments", "moved_visit")
    op.drop_column("enrolments", "promised_at")
    op.drop_column("enrolments", "trigger_id")
    op.drop_index("ix_customers_tenant_id_timezone", table_name="customers")
    op.drop_index("ix_customers_tenant_id_last_visit_at", table_name="customers")
    op.drop_index(
        "ix_customers_birthday", table_name="customers", postgresql_where=sa.text("birthday IS NOT NULL")
    )
    op.drop_index(
        "ix_customers_anniversary",
        table_name="customers",
        postgresql_where=sa.text("anniversary IS NOT NULL"),
    )
    op.drop_index("ix_staff_followup_reminders_due", table_name="staff_followup_reminders")
    op.drop_index("ix_staff_followup_reminders_customer", table_name="staff_followup_reminders")
    op.drop_table("staff_followup_reminders")
    op.drop_table("release_rates")
    op.drop_index("ix_entitlements_expires_on", table_name="entitlements")
    op.drop_index("ix_entitlements_customer", table_name="entitlements")
    op.drop_table("entitlements")
    op.drop_index("ix_conversations_last_at", table_name="conversations")
    op.drop_index(op.f("ix_conversations_customer_id"), table_name="conversations")
    op.drop_table("conversations")
    op.drop_index("ix_calendar_runs_due_at", table_name="calendar_runs")
    op.drop_table("calendar_runs")
    op.drop_index("ix_notifications_tenant_id_at", table_name="notifications")
    op.drop_table("notifications")
    op.drop_table("spend")
    op.drop_table("message_rates")
    op.drop_table("budget_alerts")
    op.drop_index("ix_message_holds_message_id", table_name="message_holds")
    op.drop_table("message_holds")
