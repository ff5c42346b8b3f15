"""The tables of the log on SQLite, and the triggers that keep them append-only.

The triggers are defence in depth, against mistakes: whoever can drop them can, and then it is
the tree that shows it. Rows may leave two tables: `detail`, and `entry` for `dropped`.
"""

APPLICATION_ID = 0x696D7072  # "impr"
VERSION = 2

TABLES = """
CREATE TABLE log(                 -- which log this is; one row
  id INTEGER PRIMARY KEY CHECK(id = 1),
  origin TEXT NOT NULL,
  vkey TEXT NOT NULL
) STRICT;

CREATE TABLE log_state(           -- the tree's right edge; one row, changed by compare-and-swap
  id INTEGER PRIMARY KEY CHECK(id = 1),
  size INTEGER NOT NULL CHECK(size >= 0),
  root BLOB NOT NULL CHECK(length(root) = 32),
  edge BLOB NOT NULL CHECK(length(edge) % 32 = 0)
) STRICT;

CREATE TABLE entry(               -- exact bytes that were hashed; never written again
  idx INTEGER PRIMARY KEY CHECK(idx >= 0),
  entry_id BLOB NOT NULL UNIQUE CHECK(length(entry_id) = 16),
  leaf BLOB NOT NULL CHECK(length(leaf) <= 16384),
  leaf_hash BLOB NOT NULL CHECK(length(leaf_hash) = 32),
  kind TEXT GENERATED ALWAYS AS (json_extract(CAST(leaf AS TEXT), '$.kind')) VIRTUAL,
  submission TEXT GENERATED ALWAYS AS
    (json_extract(CAST(leaf AS TEXT), '$.public.submission')) VIRTUAL
) STRICT;
CREATE INDEX entry_submission ON entry(submission, idx, kind) WHERE submission IS NOT NULL;

CREATE TABLE tile_node(           -- hashes at tile borders only (levels 8, 16, 24 ...)
  level INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK(length(hash) = 32),
  PRIMARY KEY(level, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE head(                -- one row per commit: every (size, root) that ever was
  size INTEGER PRIMARY KEY,
  root BLOB NOT NULL CHECK(length(root) = 32),
  committed_at TEXT NOT NULL
) STRICT;

CREATE TABLE checkpoint(          -- a head's signature, made after its commit
  size INTEGER PRIMARY KEY,
  note TEXT NOT NULL
) STRICT;

CREATE TABLE detail(              -- the only place with personal data; erasing is deleting
  -- rows lie in the order in which they came: ids are random, and a page would be written for each
  entry_id BLOB NOT NULL PRIMARY KEY CHECK(length(entry_id) = 16),
  key_id TEXT NOT NULL,
  wrapped BLOB NOT NULL,
  nonce BLOB NOT NULL CHECK(length(nonce) = 12),
  ciphertext BLOB NOT NULL
) STRICT;
"""

DROPPED = """
CREATE TABLE dropped(             -- what stays of an entry whose shard was dropped: its hash
  idx INTEGER PRIMARY KEY,
  leaf_hash BLOB NOT NULL CHECK(length(leaf_hash) = 32)
) STRICT;
"""
"""What version 2 has, and version 1 has not: this table, and triggers that know it."""

_FIXED = ("log", "tile_node", "head", "checkpoint", "dropped")


def _refuse(table: str, verb: str, when: str = "") -> str:
    return (
        f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} {when}\n"
        f"BEGIN SELECT RAISE(ABORT, '{table}: {verb} refused, the log only grows'); END;\n"
    )


_IS_DROPPED = "(SELECT 1 FROM dropped WHERE idx = OLD.idx AND leaf_hash = OLD.leaf_hash)"
_HASH_OF_ENTRY = "(SELECT leaf_hash FROM entry WHERE idx = NEW.idx)"
TRIGGERS = "".join(
    [
        *(_refuse(table, verb) for table in _FIXED for verb in ("UPDATE", "DELETE")),
        _refuse("entry", "UPDATE"),
        _refuse("entry", "DELETE", f"WHEN NOT EXISTS {_IS_DROPPED}"),
        _refuse("dropped", "INSERT", f"WHEN NEW.leaf_hash IS NOT {_HASH_OF_ENTRY}"),
        _refuse("log_state", "DELETE"),
        _refuse("log_state", "UPDATE", "WHEN NEW.size <= OLD.size"),
        _refuse("detail", "UPDATE"),
        # Also stops INSERT OR REPLACE, whose deletes fire no delete trigger.
        _refuse("entry", "INSERT", "WHEN NEW.idx <> ifnull((SELECT max(idx) + 1 FROM entry), 0)"),
    ]
)
SCHEMA = f"{TABLES}{DROPPED}{TRIGGERS}"
