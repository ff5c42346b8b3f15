"""The tables of the log on PostgreSQL, who may do what to them, and the triggers that refuse.

The columns are those of `audit.schema`, byte for byte: a copy of one is the other. Two things are
added. `log_state.seal` shows that whoever moved the state had the log's key. And what the role
that serves must not do, its rights do not allow and triggers refuse, even to the owner; whoever
can switch triggers off can, and then it is the tree that shows it.
"""

REVISION = "0001"

TABLES = """
CREATE FUNCTION audit.said(leaf bytea) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN RETURN convert_from(leaf, 'UTF8')::jsonb; END
$$;
CREATE TABLE audit.log(
  id int PRIMARY KEY CHECK(id = 1),
  origin text NOT NULL,
  vkey text NOT NULL
);
CREATE TABLE audit.log_state(     -- its one row is the lock that puts all batches in one order
  id int PRIMARY KEY CHECK(id = 1),
  size bigint NOT NULL CHECK(size >= 0),
  root bytea NOT NULL CHECK(length(root) = 32),
  edge bytea NOT NULL CHECK(length(edge) % 32 = 0),
  seal bytea NOT NULL CHECK(length(seal) = 32)
) WITH (fillfactor = 50);
CREATE TABLE audit.entry(
  idx bigint PRIMARY KEY CHECK(idx >= 0),
  entry_id uuid NOT NULL UNIQUE,
  leaf bytea NOT NULL CHECK(length(leaf) <= 16384),
  leaf_hash bytea NOT NULL CHECK(length(leaf_hash) = 32),
  kind text GENERATED ALWAYS AS (audit.said(leaf) ->> 'kind') STORED,
  submission uuid GENERATED ALWAYS AS
    ((audit.said(leaf) #>> '{public,submission}')::uuid) STORED
);
CREATE INDEX entry_submission ON audit.entry(submission, idx) WHERE submission IS NOT NULL;
CREATE TABLE audit.tile_node(
  level int NOT NULL,
  idx bigint NOT NULL,
  hash bytea NOT NULL CHECK(length(hash) = 32),
  PRIMARY KEY(level, idx)
);
CREATE TABLE audit.head(
  size bigint PRIMARY KEY,
  root bytea NOT NULL CHECK(length(root) = 32),
  committed_at text NOT NULL
);
CREATE TABLE audit.checkpoint(
  size bigint PRIMARY KEY,
  note text NOT NULL
);
CREATE TABLE audit.detail(
  entry_id uuid PRIMARY KEY,
  key_id text NOT NULL,
  wrapped bytea NOT NULL,
  nonce bytea NOT NULL CHECK(length(nonce) = 12),
  ciphertext bytea NOT NULL
);
"""

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
}

# table, function, when, and the same in the bits of pg_trigger.tgtype
_ROW, _BEFORE, _INSERT, _DELETE, _UPDATE, _TRUNCATE = 1, 2, 4, 8, 16, 32
_NEVER = _BEFORE | _DELETE | _UPDATE | _TRUNCATE
TRIGGERS = (
    *(
        (table, "refuse", "BEFORE UPDATE OR DELETE OR TRUNCATE", _NEVER)
        for table in ("log", "entry", "tile_node", "head", "checkpoint")
    ),
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
    "detail": "SELECT, INSERT, DELETE",
    "alembic_version": "SELECT",
}
"""What the role that serves may do: this, and nothing else."""


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION audit.{name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$;\n"


def _trigger(table: str, function: str, when: str, kind: int) -> str:
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
    )


SCHEMA = TABLES + "".join(
    [
        *(_function(name, body) for name, body in FUNCTIONS.items()),
        *(_trigger(*each) for each in TRIGGERS),
    ]
)
