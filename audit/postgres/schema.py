"""Who may do what to the tables of the log on PostgreSQL, and the triggers that refuse the rest.

The columns are those of `audit.schema`, byte for byte: a copy of one is the other. Two things are
added. `log_state.seal` shows that whoever moved the state had the log's key. And what the role
that serves must not do, its rights do not allow and triggers refuse, even to the owner; whoever
can switch triggers off can, and then it is the tree that shows it. Entries leave by `DROP` alone.
The tables themselves are in the migrations: what is here is what they have come to.
"""

from audit.shards import STAYS

REVISION = "0002"

FUNCTIONS = {
    "refuse": """
BEGIN
  RAISE EXCEPTION '%: % refused, the log only grows', TG_TABLE_NAME, TG_OP;
END
""",
    "forward": """
BEGIN
  IF NEW.id <> OLD.id OR NEW.size <= OLD.size THEN
    RAISE EXCEPTION '%: % refused, the log only grows', TG_TABLE_NAME, TG_OP;
  END IF;
  RETURN NEW;
END
""",
    "next": """
DECLARE
  least bigint; most bigint; many bigint;
BEGIN
  SELECT min(idx), max(idx), count(*) INTO least, most, many FROM fresh;
  IF many > 0 AND (most - least + 1 <> many
    OR (least > 0 AND NOT EXISTS (SELECT FROM audit.entry WHERE idx = least - 1))) THEN
    RAISE EXCEPTION '%: % refused, the log only grows by its next entries', TG_TABLE_NAME, TG_OP;
  END IF;
  RETURN NULL;
END
""",
    "gone": """
BEGIN
  IF NOT EXISTS (SELECT FROM audit.dropped WHERE idx = OLD.idx AND leaf_hash = OLD.leaf_hash) THEN
    RAISE EXCEPTION '%: % refused, the log only grows', TG_TABLE_NAME, TG_OP;
  END IF;
  RETURN OLD;
END
""",
}

_KINDS = ", ".join(f"'{kind}'" for kind in sorted(STAYS))
DROP = f"""
DECLARE
  border bigint; went bigint;
BEGIN
  SELECT (audit.said(leaf) #>> '{{public,size}}')::bigint INTO border FROM audit.entry
    WHERE entry_id = record AND audit.said(leaf) #>> '{{public,event}}' = 'shard.dropped';
  IF border IS NULL THEN
    RAISE EXCEPTION 'shard: the log does not say that one was dropped';
  END IF;
  INSERT INTO audit.dropped(idx, leaf_hash)
    SELECT idx, leaf_hash FROM audit.entry AS each
    WHERE idx >= start AND idx < least(start + many, border)
    AND kind NOT IN ({_KINDS})
    AND NOT EXISTS (SELECT FROM audit.detail WHERE detail.entry_id = each.entry_id)
    AND (submission IS NULL OR NOT EXISTS (
      SELECT FROM audit.entry AS other LEFT JOIN audit.detail USING (entry_id)
      WHERE other.submission = each.submission
      AND (other.idx >= border OR detail.entry_id IS NOT NULL)))
    ON CONFLICT DO NOTHING;
  DELETE FROM audit.entry USING audit.dropped
    WHERE entry.idx = dropped.idx AND entry.idx >= start AND entry.idx < start + many;
  GET DIAGNOSTICS went = ROW_COUNT;
  RETURN went;
END
"""  # noqa: S608 - names of our own
"""What `audit.drop_entries` does, as the tables' owner: it puts hashes in the place of entries.

Who serves may ask for it, and gets no more than the log says was dropped.
"""
DROP_SIGNATURE = "audit.drop_entries(record uuid, start bigint, many bigint)"

# table, function, when, and the same in the bits of pg_trigger.tgtype
_ROW, _BEFORE, _INSERT, _DELETE, _UPDATE, _TRUNCATE = 1, 2, 4, 8, 16, 32
_NEVER = _BEFORE | _DELETE | _UPDATE | _TRUNCATE
TRIGGERS = (
    *(
        (table, "refuse", "BEFORE UPDATE OR DELETE OR TRUNCATE", _NEVER)
        for table in ("log", "tile_node", "head", "checkpoint", "dropped")
    ),
    ("entry", "refuse", "BEFORE UPDATE OR TRUNCATE", _BEFORE | _UPDATE | _TRUNCATE),
    ("entry", "gone", "BEFORE DELETE", _ROW | _BEFORE | _DELETE),
    ("detail", "refuse", "BEFORE UPDATE OR TRUNCATE", _BEFORE | _UPDATE | _TRUNCATE),
    ("log_state", "refuse", "BEFORE DELETE OR TRUNCATE", _BEFORE | _DELETE | _TRUNCATE),
    ("log_state", "forward", "BEFORE UPDATE", _ROW | _BEFORE | _UPDATE),
    ("entry", "next", "AFTER INSERT", _INSERT),
)

ALLOWED = {
    "log": "SELECT, INSERT",
    "log_state": "SELECT, INSERT, UPDATE(size, root, edge, seal)",
    "entry": "SELECT, INSERT",
    "tile_node": "SELECT, INSERT",
    "head": "SELECT, INSERT",
    "checkpoint": "SELECT, INSERT",
    "dropped": "SELECT",
    "detail": "SELECT, INSERT, DELETE",
    "alembic_version": "SELECT",
}
"""What the role that serves may do: this, and nothing else."""


def function(name: str, body: str) -> str:
    """Write the statement that makes a trigger's function."""
    return f"CREATE FUNCTION audit.{name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$;\n"


def trigger(table: str, function: str, when: str, kind: int) -> str:
    """Write the statements that make a trigger."""
    each = "FOR EACH ROW" if kind & _ROW else "FOR EACH STATEMENT"
    seen = "REFERENCING NEW TABLE AS fresh " if kind & _INSERT else ""
    return (
        f"CREATE TRIGGER {function} {when} ON audit.{table} {seen}{each}"
        f" EXECUTE FUNCTION audit.{function}();\n"
        # ALWAYS: also where `session_replication_role` would silence an ordinary trigger.
        f"ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER {function};\n"
    )


def grants(writer: str) -> str:
    """Write the statements that give the role that serves what it may do, and take the rest."""
    role = '"' + writer.replace('"', '""') + '"'
    tables = "".join(
        f"GRANT {rights} ON audit.{table} TO {role};\n" for table, rights in ALLOWED.items()
    )
    return (
        f"REVOKE ALL ON SCHEMA audit FROM PUBLIC, {role};\n"
        f"REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM PUBLIC, {role};\n"
        f"GRANT USAGE ON SCHEMA audit TO {role};\n{tables}"
        f"REVOKE ALL ON FUNCTION {DROP_SIGNATURE} FROM PUBLIC;\n"
        f"GRANT EXECUTE ON FUNCTION {DROP_SIGNATURE} TO {role};\n"
    )
