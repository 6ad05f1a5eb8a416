"""What the list and the map of journeys count is counted where it happens, by every statement that writes enrolments;
one index finds those who entered of late; and only one column says who changed a journey last."""

import sqlalchemy as sa
from alembic import op

from engine.core.rls import isolate

revision = "0014"
down_revision = "0013"

FIGURES = ("entered", "in_progress", "completed", "converted")
WRITTEN = {
    "INSERT": "REFERENCING NEW TABLE AS came",
    "UPDATE": "REFERENCING OLD TABLE AS went NEW TABLE AS came",
    "DELETE": "REFERENCING OLD TABLE AS went",
}


def upgrade() -> None:
    op.create_table(
        "journey_counts",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in FIGURES),
    )
    op.create_index("ix_journey_counts_journey_id", "journey_counts", ["tenant_id", "journey_id"])
    for statement in isolate("journey_counts"):
        op.execute(statement)
    for verb, tables in WRITTEN.items():
        name = f"count_enrolments_{verb.lower()}"
        op.execute(f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                {_add(" UNION ALL ".join(_counted(table) for table in ("came", "went") if f" {table}" in tables))}
                RETURN NULL;
            END $$
        """)
        op.execute(f"""
            CREATE TRIGGER {name} AFTER {verb} ON enrolments {tables}
            FOR EACH STATEMENT EXECUTE FUNCTION {name}()
        """)
    op.execute(_add(_counted("enrolments")))
    op.create_index(
        "ix_enrolments_entered",
        "enrolments",
        ["tenant_id", "entered_at"],
        postgresql_include=["journey_id"],
    )
    op.drop_index("ix_enrolments_converted", table_name="enrolments")
    _find_converted(include=["customer_id", "version_id", "entered_at"])
    op.execute(
        "UPDATE journeys SET changed_by_id = saved_by WHERE changed_by_id IS NULL AND saved_at >= updated_at"
    )
    op.drop_column("journeys", "saved_by")
    op.drop_column("journeys", "saved_at")


def downgrade() -> None:
    op.add_column("journeys", sa.Column("saved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("journeys", sa.Column("saved_by", sa.Uuid(), nullable=True))
    op.drop_index("ix_enrolments_converted", table_name="enrolments")
    _find_converted(include=None)
    op.drop_index("ix_enrolments_entered", table_name="enrolments")
    for verb in WRITTEN:
        op.execute(f"DROP TRIGGER count_enrolments_{verb.lower()} ON enrolments")
        op.execute(f"DROP FUNCTION count_enrolments_{verb.lower()}()")
    op.drop_table("journey_counts")


def _find_converted(*, include: list[str] | None) -> None:
    op.create_index(
        "ix_enrolments_converted",
        "enrolments",
        ["tenant_id", "journey_id", "converted_at", "id"],
        postgresql_where=sa.text("converted_at IS NOT NULL"),
        postgresql_include=include,
    )


def _counted(table: str) -> str:
    sign = "-" if table == "went" else ""
    return f"""
        SELECT tenant_id, journey_id, {sign}1 AS entered,
            {sign}CAST(status IN ('active', 'paused') AS integer) AS in_progress,
            {sign}CAST(status = 'completed' AS integer) AS completed,
            {sign}CAST(converted_at IS NOT NULL AS integer) AS converted
        FROM {table}
    """


def _add(changes: str) -> str:
    sums = [f"sum({name})" for name in FIGURES]
    return f"""
        INSERT INTO journey_counts (tenant_id, journey_id, {", ".join(FIGURES)})
        SELECT tenant_id, journey_id, {", ".join(sums)} FROM ({changes}) changes
        GROUP BY tenant_id, journey_id HAVING {" OR ".join(f"{each} <> 0" for each in sums)};
    """
