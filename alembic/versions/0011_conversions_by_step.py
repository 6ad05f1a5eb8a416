"""Conversions are counted at every step, and those who converted are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("step_counts", sa.Column("converted", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "ix_enrolments_converted",
        "enrolments",
        ["tenant_id", "journey_id", "converted_at", "id"],
        postgresql_where=sa.text("converted_at IS NOT NULL"),
    )
    op.execute("""
        INSERT INTO step_counts (tenant_id, version_id, node_id, steps, converted)
        SELECT step.tenant_id, step.version_id, step.node_id, 0, count(DISTINCT step.enrolment_id)
        FROM enrolments JOIN steps step ON step.enrolment_id = enrolments.id AND step.at <= enrolments.converted_at
        WHERE enrolments.converted_at IS NOT NULL
        GROUP BY step.tenant_id, step.version_id, step.node_id
    """)


def downgrade() -> None:
    op.drop_index("ix_enrolments_converted", table_name="enrolments")
    op.drop_column("step_counts", "converted")
