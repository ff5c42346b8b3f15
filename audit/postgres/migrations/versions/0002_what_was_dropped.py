"""The table of what was dropped, and the one way in which entries leave.

Whoever changes what `audit.postgres.schema` says freezes what is taken from it here, and adds the
next.
"""

from alembic import op

from audit.postgres.schema import DROP, DROP_SIGNATURE, FUNCTIONS, TRIGGERS, function, trigger

revision = "0002"
down_revision = "0001"

_TABLE = """
CREATE TABLE audit.dropped(
  idx bigint PRIMARY KEY,
  leaf_hash bytea NOT NULL CHECK(length(leaf_hash) = 32)
);
DROP TRIGGER refuse ON audit.entry;
"""
_NEW = (("dropped", "refuse"), ("entry", "refuse"), ("entry", "gone"))


def upgrade() -> None:
    """Let entries go whose shard was dropped, and nothing else."""
    op.execute(_TABLE)
    op.execute(function("gone", FUNCTIONS["gone"]))
    for each in TRIGGERS:
        if each[:2] in _NEW:
            op.execute(trigger(*each))
    op.execute(
        f"CREATE FUNCTION {DROP_SIGNATURE} RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER"
        f" SET search_path = pg_catalog, pg_temp AS $${DROP}$$;"
    )


def downgrade() -> None:
    """Refuse: a log is never taken back."""
    raise NotImplementedError("a log is never taken back")
