"""Row-level security as data: the statements that put a table under it, for migrations."""

TENANT_NOW = "(SELECT nullif(current_setting('safar.tenant', true), '')::uuid)"


def isolate(table: str, *, column: str = "tenant_id") -> list[str]:
    """SQL that lets the application role see and write only rows of the transaction's tenant (F1).

    The owner is not bound (migrations, partitions); the application role owns nothing and cannot bypass it.
    The setting is read in a sub-select so that PostgreSQL evaluates it once a statement, not once a row.
    """
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_isolation ON {table} USING ({column} = {TENANT_NOW}) "
        f"WITH CHECK ({column} = {TENANT_NOW})",
    ]
