"""How long backtests wait is among the metrics, as that of all other work."""

from alembic import op

revision = "0015"
down_revision = "0014"

BACKTESTS = "UNION ALL SELECT 'backtests', count(*), min(asked_at) FROM backtests WHERE status = 'queued'"
CHANGE = """
    DO $do$
    DECLARE source text := pg_get_functiondef('safar_lag(timestamptz)'::regprocedure);
    BEGIN
        EXECUTE {changed};
    END $do$
"""
ADD = rf"regexp_replace(source, '\s*(\$function\$\s*)$', $more$ {BACKTESTS} \1$more$)"
REMOVE = f"replace(source, $less${BACKTESTS}$less$, '')"


def upgrade() -> None:
    op.execute(CHANGE.format(changed=ADD))


def downgrade() -> None:
    op.execute(CHANGE.format(changed=REMOVE))
