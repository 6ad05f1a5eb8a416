"""Steps keep the values by which a rule was decided, so that they can be told later."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("steps", sa.Column("found", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("steps", "found")
