"""Birthdays and anniversaries are found by an index: month and day as a column, which row-level security lets use."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

OCCASIONS = ("birthday", "anniversary")


def upgrade() -> None:
    for occasion in OCCASIONS:
        op.drop_index(f"ix_customers_{occasion}", table_name="customers")
        told = f"EXTRACT(month FROM {occasion}) * 100 + EXTRACT(day FROM {occasion})"
        op.add_column(
            "customers", sa.Column(f"{occasion}_mmdd", sa.SmallInteger(), sa.Computed(told, persisted=True))
        )
        op.create_index(f"ix_customers_{occasion}_mmdd", "customers", ["tenant_id", f"{occasion}_mmdd"])


def downgrade() -> None:
    for occasion in OCCASIONS:
        op.drop_index(f"ix_customers_{occasion}_mmdd", table_name="customers")
        op.drop_column("customers", f"{occasion}_mmdd")
        op.create_index(
            f"ix_customers_{occasion}",
            "customers",
            [
                "tenant_id",
                sa.text(f"EXTRACT(month FROM {occasion})"),
                sa.text(f"EXTRACT(day FROM {occasion})"),
            ],
            postgresql_where=sa.text(f"{occasion} IS NOT NULL"),
        )
