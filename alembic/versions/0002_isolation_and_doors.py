"""Row-level security on every tenant table, the few functions that look across tenants, monthly event partitions.

The functions run as the owner, so each answers one narrow question and returns no more than it must.
"""

from alembic import op

from engine.core.rls import TENANT_NOW, isolate

revision = "0002"
down_revision = "0001"

TENANT_TABLES = (
    "api_keys",
    "appointments",
    "audit_log",
    "branches",
    "channel_accounts",
    "consent_history",
    "consents",
    "customer_identities",
    "customer_imports",
    "customers",
    "enrolments",
    "event_interests",
    "event_keys",
    "event_queue",
    "events",
    "form_submissions",
    "inbox_messages",
    "inquiries",
    "journey_versions",
    "journeys",
    "landing_pages",
    "messages",
    "order_lines",
    "orders",
    "outgoing_webhooks",
    "past_campaigns",
    "receipts",
    "segment_members",
    "segments",
    "sign_in_sessions",
    "step_counts",
    "steps",
    "suppressions",
    "template_versions",
    "templates",
    "tenant_settings",
    "tracked_links",
    "users",
)

QUOTED_TENANT = TENANT_NOW.replace("'", "''")
DEFINER = "SECURITY DEFINER SET search_path = public"

FUNCTIONS = {
    "safar_find_tenant(wanted text)": f"""
        RETURNS TABLE (id uuid, slug varchar, name text, timezone text, locale varchar, currency varchar,
            country varchar)
        LANGUAGE sql STABLE {DEFINER} AS $$
            SELECT id, slug, name, timezone, locale, currency, country FROM tenants WHERE slug = wanted $$""",
    "safar_find_key(hash text)": f"""
        RETURNS TABLE (id uuid, tenant_id uuid, kind varchar, scopes text[])
        LANGUAGE sql STABLE {DEFINER} AS $$
            SELECT id, tenant_id, kind, scopes FROM api_keys WHERE key_hash = hash AND revoked_at IS NULL $$""",
    "safar_find_login(address text)": f"""
        RETURNS TABLE (user_id uuid, tenant_id uuid)
        LANGUAGE sql STABLE {DEFINER} AS $$
            SELECT id, tenant_id FROM users WHERE email = address AND is_active $$""",
    "safar_find_session(hash text)": f"""
        RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
            SELECT tenant_id FROM sign_in_sessions WHERE token_hash = hash $$""",
    "safar_find_link(wanted text)": f"""
        RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
            SELECT tenant_id FROM tracked_links WHERE code = wanted $$""",
    "safar_find_form(wanted uuid)": f"""
        RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
            SELECT tenant_id FROM landing_pages WHERE form_id = wanted $$""",
    "safar_tenants()": f"""
        RETURNS SETOF uuid LANGUAGE sql STABLE {DEFINER} AS $$ SELECT id FROM tenants ORDER BY id $$""",
    "safar_tenants_with(work text, at timestamptz)": f"""
        RETURNS SETOF uuid LANGUAGE sql STABLE {DEFINER} AS $$
            SELECT t.id FROM tenants t WHERE CASE work
                WHEN 'events' THEN EXISTS (SELECT FROM event_queue q WHERE q.tenant_id = t.id)
                WHEN 'enrolments' THEN EXISTS (
                    SELECT FROM enrolments e WHERE e.tenant_id = t.id AND e.status = 'active' AND e.due_at <= at)
                WHEN 'messages' THEN EXISTS (
                    SELECT FROM messages m WHERE m.tenant_id = t.id AND m.status = 'queued' AND m.due_at <= at)
                WHEN 'webhooks' THEN EXISTS (
                    SELECT FROM outgoing_webhooks w WHERE w.tenant_id = t.id AND w.status = 'queued' AND w.due_at <= at)
                WHEN 'receipts' THEN EXISTS (
                    SELECT FROM receipts r WHERE r.tenant_id = t.id AND r.done_at IS NULL AND r.received_at <= at)
                WHEN 'sending' THEN EXISTS (
                    SELECT FROM messages m WHERE m.tenant_id = t.id AND m.status = 'sending' AND m.claimed_at <= at)
                END $$""",
    "safar_ensure_event_partitions(first date, last date)": f"""
        RETURNS integer LANGUAGE plpgsql {DEFINER} AS $$
        DECLARE
            month date := date_trunc('month', first);
            made integer := 0;
            part text;
        BEGIN
            PERFORM pg_advisory_xact_lock(727002);
            WHILE month <= last LOOP
                part := 'events_' || to_char(month, 'YYYY_MM');
                IF to_regclass(part) IS NULL AND NOT EXISTS (
                    SELECT FROM events_other
                    WHERE occurred_at >= month::timestamptz AND occurred_at < (month + interval '1 month')::timestamptz
                ) THEN
                    EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
                        part, month || ' 00:00:00+00', (month + interval '1 month')::date || ' 00:00:00+00');
                    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
                    EXECUTE format('CREATE POLICY tenant_isolation ON %I USING (tenant_id = {QUOTED_TENANT})', part);
                    made := made + 1;
                END IF;
                month := month + interval '1 month';
            END LOOP;
            RETURN made;
        END $$""",
}


def upgrade() -> None:
    for table in TENANT_TABLES:
        for statement in isolate(table):
            op.execute(statement)
    for statement in isolate("tenants", column="id"):
        op.execute(statement)
    op.execute("CREATE TABLE events_other PARTITION OF events DEFAULT")
    for statement in isolate("events_other"):
        op.execute(statement)
    for signature, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} {body}")
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")


def downgrade() -> None:
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
    op.execute("DROP TABLE events_other")
    for table in (*TENANT_TABLES, "tenants"):
        op.execute(f"DROP POLICY tenant_isolation ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
