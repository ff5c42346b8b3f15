"""The tables of the log, and the triggers that keep them append-only.

Frozen: this is what it was. What the tables are today, `audit.postgres.schema` says.
"""

from alembic import op

revision = "0001"
down_revision = None

SCHEMA = """
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
CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: % refused, the log only grows', TG_TABLE_NAME, TG_OP;
END
$$;
CREATE FUNCTION audit.forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.size <= OLD.size THEN
    RAISE EXCEPTION '%: % refused, the log only grows', TG_TABLE_NAME, TG_OP;
  END IF;
  RETURN NEW;
END
$$;
CREATE FUNCTION audit.next() RETURNS trigger LANGUAGE plpgsql AS $$
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
$$;
CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.log
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
ALTER TABLE audit.log ENABLE ALWAYS TRIGGER refuse;
CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.entry
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER refuse;
CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.tile_node
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
ALTER TABLE audit.tile_node ENABLE ALWAYS TRIGGER refuse;
CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.head
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
ALTER TABLE audit.head ENABLE ALWAYS TRIGGER refuse;
CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER refuse;
CREATE TRIGGER refuse BEFORE UPDATE OR TRUNCATE ON audit.detail
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
ALTER TABLE audit.detail ENABLE ALWAYS TRIGGER refuse;
CREATE TRIGGER refuse BEFORE DELETE OR TRUNCATE ON audit.log_state
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
ALTER TABLE audit.log_state ENABLE ALWAYS TRIGGER refuse;
CREATE TRIGGER forward BEFORE UPDATE ON audit.log_state
  FOR EACH ROW EXECUTE FUNCTION audit.forward();
ALTER TABLE audit.log_state ENABLE ALWAYS TRIGGER forward;
CREATE TRIGGER next AFTER INSERT ON audit.entry REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION audit.next();
ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER next;
"""


def upgrade() -> None:
    """Make everything."""
    op.execute(SCHEMA)


def downgrade() -> None:
    """Refuse: a log is never taken back."""
    raise NotImplementedError("a log is never taken back")
