"""Publishing may need approval, drafts say who saved them, and who looks at a journey sees the others (F5, J8)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from engine.core.rls import isolate

revision = "0012"
down_revision = "0011"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("journeys", sa.Column("saved_at", MOMENT, nullable=True))
    op.add_column("journeys", sa.Column("saved_by", sa.Uuid(), nullable=True))
    op.create_table(
        "publish_requests",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
        sa.Column("journey_id", sa.Uuid(), sa.ForeignKey("journeys.id", ondelete="CASCADE"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("mapping", JSONB(), nullable=True),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("cost_micro", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(12), server_default="pending", nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
    )
    op.create_index("ix_publish_requests_journey", "publish_requests", ["journey_id", "asked_at"])
    op.create_index("ix_publish_requests_tenant_id", "publish_requests", ["tenant_id"])
    op.create_index(
        "uq_publish_requests_pending",
        "publish_requests",
        ["journey_id"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "presences",
        sa.Column(
            "journey_id", sa.Uuid(), sa.ForeignKey("journeys.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("client_id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("node_id", sa.Text(), server_default="", nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("edited_at", MOMENT, nullable=True),
        prefixes=["UNLOGGED"],
    )
    for table in ("publish_requests", "presences"):
        for statement in isolate(table):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("presences")
    op.drop_table("publish_requests")
    op.drop_column("journeys", "saved_by")
    op.drop_column("journeys", "saved_at")
