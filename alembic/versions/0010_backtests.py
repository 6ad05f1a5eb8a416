"""Backtests: what was asked for, how far it is, what it found (J10); and the door by which the clock finds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from engine.core.rls import isolate

revision = "0010"
down_revision = "0009"

SIGNATURE = "safar_tenants_with(work text, at timestamptz)"
BACKTESTS = """
    WHEN 'backtests' THEN EXISTS (
        SELECT FROM backtests b WHERE b.tenant_id = t.id AND (
            b.status = 'queued' OR (b.status = 'running' AND b.beat_at < at - interval '60 seconds')))
"""
END = "END $$"
ADD_BRANCH = f"""
    DO $do$
    DECLARE source text := pg_get_functiondef('safar_tenants_with(text, timestamptz)'::regprocedure);
    BEGIN
        EXECUTE regexp_replace(source, '(\\s)END(\\s*)(\\$[a-z]*\\$)', $branch$\\1{BACKTESTS} END\\2\\3$branch$);
    END $do$
"""
"""Adds its own kind of work to the door, whatever kinds there are by then."""

REMOVE_BRANCH = """
    DO $do$
    DECLARE source text := pg_get_functiondef('safar_tenants_with(text, timestamptz)'::regprocedure);
    BEGIN
        EXECUTE regexp_replace(source, 'WHEN ''backtests''.*60 seconds''\\)\\)\\)', '');
    END $do$
"""


def upgrade() -> None:
    op.create_table(
        "backtests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("graph", JSONB(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(length=12), server_default="queued", nullable=False),
        sa.Column("progress", sa.Float(), server_default="0", nullable=False),
        sa.Column("reached", sa.DateTime(timezone=True)),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid()),
        sa.Column("beat_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("problem", sa.Text()),
        sa.Column("result", JSONB()),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_backtests_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name=op.f("fk_backtests_journey_id_journeys"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["users.id"], name=op.f("fk_backtests_asked_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backtests")),
    )
    op.create_index(
        "uq_backtests_open",
        "backtests",
        ["tenant_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_index("ix_backtests_journey", "backtests", ["tenant_id", "journey_id", "asked_at"])
    op.create_index("ix_backtests_asked_at", "backtests", ["tenant_id", "asked_at"])
    op.create_table(
        "backtest_passages",
        sa.Column("backtest_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("passage", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_backtest_passages_tenant_id_tenants"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["backtest_id"],
            ["backtests.id"],
            name=op.f("fk_backtest_passages_backtest_id_backtests"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_backtest_passages_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("backtest_id", "number", name=op.f("pk_backtest_passages")),
    )
    op.create_index("ix_backtest_passages_customer", "backtest_passages", ["customer_id"])
    for table in ("backtests", "backtest_passages"):
        for statement in isolate(table):
            op.execute(statement)
    op.execute(sa.text(ADD_BRANCH.replace(":", "\\:")))


def downgrade() -> None:
    op.execute(sa.text(REMOVE_BRANCH.replace(":", "\\:")))
    op.drop_table("backtest_passages")
    op.drop_table("backtests")
