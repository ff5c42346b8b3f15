"""Checks that who serves can only append: the version of the tables, the rights, the triggers."""

from audit.errors import UnusableError
from audit.postgres.connection import Connection
from audit.postgres.schema import DROP, FUNCTIONS, REVISION, TRIGGERS

# Every right on a table or column that is not one of those allowed. `MEMBER` also finds a role
# that this one could only change into.
_TOO_MUCH = """
SELECT 'is a superuser' FROM pg_roles WHERE rolname = current_user AND rolsuper
UNION ALL
SELECT 'owns ' || relname FROM pg_class
  WHERE relnamespace = 'audit'::regnamespace AND relkind = 'r'
  AND pg_has_role(current_user, relowner, 'MEMBER')
UNION ALL
SELECT 'may change the schema' WHERE has_schema_privilege('audit', 'CREATE')
UNION ALL
SELECT 'may ' || may || ' ' || relname FROM pg_class,
  unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS may
  WHERE relnamespace = 'audit'::regnamespace AND relkind = 'r'
  AND (has_table_privilege(oid, may)
    OR (may = 'UPDATE' AND relname <> 'log_state' AND has_any_column_privilege(oid, 'UPDATE')))
  AND NOT (relname = 'detail' AND may = 'DELETE')
UNION ALL
SELECT 'may run ' || proname FROM pg_proc
  WHERE pronamespace = 'audit'::regnamespace AND prosecdef
  AND (prosrc <> $1 OR proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp'])
"""
_TRIGGERS = """
SELECT relname, proname, tgtype, prosrc, tgenabled, tgqual IS NULL
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE relnamespace = 'audit'::regnamespace AND NOT tgisinternal
"""


async def check(connection: Connection) -> None:
    """Refuse tables of another version, a role that may do more than append, and a lost trigger.

    Raises:
        UnusableError: one of these; the message says which.
    """
    there = await connection.fetchrow("SELECT to_regclass('audit.alembic_version')::text")
    if there is None or there[0] is None:
        raise UnusableError("log", "the database has no tables for it: imprimatur audit migrate")
    row = await connection.fetchrow("SELECT version_num FROM audit.alembic_version")
    if row is None or row[0] != REVISION:
        got = None if row is None else row[0]
        raise UnusableError("log", f"expected tables of version {REVISION!r}, got {got!r}")
    if found := await connection.fetch(_TOO_MUCH, DROP):
        raise UnusableError("log", f"who serves must only append, but {found[0][0]}")
    await _check_triggers(connection)


async def _check_triggers(connection: Connection) -> None:
    found = {tuple(each) for each in await connection.fetch(_TRIGGERS)}
    for table, function, when, kind in TRIGGERS:
        if (table, function, kind, FUNCTIONS[function], b"A", True) not in found:
            raise UnusableError("log", f"{table}: the trigger {when} is missing, off or another")
