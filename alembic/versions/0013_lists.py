"""Journeys know who changed them last; what lists and the map count comes from one index, without the rows."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ENTRIES = ["journey_id", "customer_id", "entered_at"]


def upgrade() -> None:
    op.add_column("journeys", sa.Column("changed_by_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_journeys_changed_by_id_users"),
        "journeys",
        "users",
        ["changed_by_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.drop_index("ix_enrolments_entries", table_name="enrolments")
    op.create_index(
        "ix_enrolments_entries",
        "enrolments",
        ENTRIES,
        postgresql_include=["tenant_id", "status", "converted_at"],
    )


def downgrade() -> None:
    op.drop_index("ix_enrolments_entries", table_name="enrolments")
    op.create_index("ix_enrolments_entries", "enrolments", ENTRIES)
    op.drop_constraint(op.f("fk_journeys_changed_by_id_users"), "journeys", type_="foreignkey")
    op.drop_column("journeys", "changed_by_id")
