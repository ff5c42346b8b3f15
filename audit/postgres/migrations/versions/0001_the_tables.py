"""The tables of the log, and the triggers that keep them append-only.

Whoever changes `audit.postgres.schema` freezes what it says today in this file, and adds the next.
"""

from alembic import op

from audit.postgres.schema import SCHEMA

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make everything."""
    op.execute(SCHEMA)


def downgrade() -> None:
    """Refuse: a log is never taken back."""
    raise NotImplementedError("a log is never taken back")
