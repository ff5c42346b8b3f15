"""What Alembic runs: it writes SQL and connects to nothing; `audit.postgres.migrating` sends it."""

from alembic import context

context.configure(
    dialect_name="postgresql",
    dialect_opts={"paramstyle": "named"},  # or each % would be doubled
    version_table_schema="audit",
    transactional_ddl=False,  # `migrating` puts all of it into one transaction
    as_sql=True,
)
context.execute("CREATE SCHEMA IF NOT EXISTS audit")
context.run_migrations()
