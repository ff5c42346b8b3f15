"""What a log on PostgreSQL refuses to start with, and what the database itself refuses."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from hashlib import sha256
from io import StringIO

import pytest
from alembic import command
from alembic.config import Config

from audit.entry import Entry
from audit.errors import AuditError, NotDurableError, UnusableError
from audit.log import Log
from audit.merkle import Edge, leaf_hash
from audit.postgres.connection import connect_postgres
from audit.postgres.migrating import migrate, migration_sql
from audit.postgres.schema import ALLOWED
from audit.signer import Ed25519Signer
from tests.postgres_server import OWNER, WRITER, Server

MakeEntry = Callable[..., Entry]
OpenReplica = Callable[..., Awaitable[Log]]
INTO_ENTRY = "INSERT INTO audit.entry(idx, entry_id, leaf, leaf_hash) VALUES"
AN_ENTRY = "(0, gen_random_uuid(), '{}', sha256('x'))"
INTO_HEAD, MOVE = "INSERT INTO audit.head VALUES", "UPDATE audit.log_state SET"
NOTHING = "RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
STATEMENTS = [
    "UPDATE audit.entry SET leaf = leaf",
    f"{INTO_ENTRY} {AN_ENTRY}; DELETE FROM audit.entry",  # noqa: S608 - one that can be deleted
    "TRUNCATE audit.entry",
    "UPDATE audit.head SET root = root",
    "DELETE FROM audit.head",
    "TRUNCATE audit.head",
    "DELETE FROM audit.tile_node",
    "UPDATE audit.checkpoint SET note = note",
    "DELETE FROM audit.checkpoint",
    "UPDATE audit.log SET origin = 'x'",
    "DELETE FROM audit.log",
    "DELETE FROM audit.log_state",
    "TRUNCATE audit.log_state",
    "UPDATE audit.detail SET nonce = nonce",
    "TRUNCATE audit.detail",
    "UPDATE audit.dropped SET leaf_hash = leaf_hash",
    "DELETE FROM audit.dropped",
]


class TestWhoServes:
    @pytest.mark.parametrize(
        ("grant", "why"),
        [
            (f"GRANT UPDATE ON audit.entry TO {WRITER}", "UPDATE entry"),
            (f"GRANT UPDATE(root) ON audit.head TO {WRITER}", "UPDATE head"),
            (f"GRANT DELETE ON audit.checkpoint TO {WRITER}", "DELETE checkpoint"),
            (f"GRANT TRUNCATE ON audit.detail TO {WRITER}", "TRUNCATE detail"),
            ("GRANT TRIGGER ON audit.entry TO PUBLIC", "TRIGGER entry"),
            (f"GRANT UPDATE ON audit.log_state TO {WRITER}", "UPDATE log_state"),
            (f"GRANT CREATE ON SCHEMA audit TO {WRITER}", "schema"),
            (f"ALTER TABLE audit.tile_node OWNER TO {WRITER}", "owns tile_node"),
            (f"GRANT DELETE ON audit.entry TO {WRITER}", "DELETE entry"),
            (f"CREATE FUNCTION audit.own() {NOTHING} SECURITY DEFINER", "run own"),
            ("ALTER FUNCTION audit.drop_entries RESET ALL", "run drop_entries"),
        ],
    )
    async def test_a_role_that_may_do_more_than_append_is_refused(
        self, postgres: Server, database: str, open_replica: OpenReplica, grant: str, why: str
    ) -> None:
        """What it may not do, a stolen connection cannot do either."""
        postgres.psql(database, grant)
        with pytest.raises(UnusableError, match=why):
            await open_replica()

    @pytest.mark.parametrize("role", [OWNER, "postgres"])
    async def test_the_owner_and_a_superuser_are_refused(
        self, postgres: Server, database: str, open_replica: OpenReplica, role: str
    ) -> None:
        """They could switch the triggers off."""
        with pytest.raises(UnusableError, match="only append"):
            await open_replica(postgres.url(database, role))

    async def test_a_role_that_could_become_the_owner_is_refused(
        self, postgres: Server, open_replica: OpenReplica
    ) -> None:
        """Also where it would first have to say SET ROLE."""
        postgres.psql("postgres", f"GRANT {OWNER} TO {WRITER} WITH INHERIT FALSE")
        try:
            with pytest.raises(UnusableError, match="owns"):
                await open_replica()
        finally:
            postgres.psql("postgres", f"REVOKE {OWNER} FROM {WRITER}")

    @pytest.mark.parametrize("statement", STATEMENTS)
    async def test_its_rights_do_not_let_it_change_what_is_written(
        self, postgres: Server, database: str, statement: str
    ) -> None:
        """The first of the two stops."""
        connection = await connect_postgres(postgres.url(database))
        with pytest.raises(Exception, match="permission denied"):
            await connection.execute(statement)
        await connection.close(timeout=5)


class TestTriggers:
    @pytest.mark.parametrize("statement", STATEMENTS)
    async def test_not_even_the_owner_and_not_even_as_a_replica_changes_what_is_written(
        self, postgres: Server, database: str, statement: str
    ) -> None:
        """Against mistakes; against intent there is the tree."""
        for before in ("", "SET session_replication_role = replica; "):
            with pytest.raises(subprocess.CalledProcessError) as refused:
                postgres.psql(database, f"{before}{statement}")
            assert "only grows" in refused.value.stderr

    async def test_entries_have_no_gap_and_the_state_moves_forward(
        self, postgres: Server, database: str, open_replica: OpenReplica
    ) -> None:
        """A mistake in our own program is stopped too."""
        log = await open_replica()
        await log.close()
        for statement in (
            f"{INTO_ENTRY} (9, gen_random_uuid(), '{{}}', sha256('x'))",
            "UPDATE audit.log_state SET size = 0",
            "UPDATE audit.log_state SET size = size",
        ):
            with pytest.raises(subprocess.CalledProcessError) as refused:
                postgres.psql(database, statement)
            assert "only grows" in refused.value.stderr

    @pytest.mark.parametrize(
        "statement",
        [
            "ALTER TABLE audit.entry DISABLE TRIGGER refuse",
            "ALTER TABLE audit.head ENABLE TRIGGER refuse",
            "ALTER TABLE audit.log_state ENABLE REPLICA TRIGGER forward",
            "DROP TRIGGER next ON audit.entry",
            f"CREATE OR REPLACE FUNCTION audit.refuse() {NOTHING}",
        ],
    )
    async def test_a_trigger_that_is_off_or_another_is_noticed_at_start(
        self, postgres: Server, database: str, open_replica: OpenReplica, statement: str
    ) -> None:
        """Somebody has prepared something."""
        postgres.psql(database, statement)
        with pytest.raises(UnusableError, match="trigger"):
            await open_replica()


class TestDurability:
    @pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
    async def test_a_server_that_may_lose_what_it_acknowledges_is_refused(
        self, postgres: Server, open_replica: OpenReplica, make_entry: MakeEntry, setting: str
    ) -> None:
        """At start, and where it is switched off while the log serves."""
        log = await open_replica()
        postgres.set(setting, "off")
        try:
            with pytest.raises(UnusableError, match=setting):
                await open_replica()
            with pytest.raises(NotDurableError):
                await log.append(make_entry(1))
            assert setting in str(log.fault)
        finally:
            postgres.set(setting, None)
        await log.close()

    async def test_a_role_for_which_commits_are_not_synchronous_is_refused(
        self, postgres: Server, database: str, open_replica: OpenReplica
    ) -> None:
        """A setting of the role stands over that of the server."""
        role = f"ALTER ROLE {WRITER} IN DATABASE {database}"
        postgres.psql("postgres", f"{role} SET synchronous_commit = off")
        with pytest.raises(UnusableError, match="synchronous_commit"):
            await open_replica()


class TestSeal:
    async def test_entries_that_somebody_added_without_the_key_are_never_signed(
        self,
        postgres: Server,
        database: str,
        open_replica: OpenReplica,
        make_entry: MakeEntry,
        signer: Ed25519Signer,
    ) -> None:
        """With several writers a state that moved is nothing unusual: the seal tells them apart."""
        log, other = await open_replica(), await open_replica()
        genesis = (await log.entries(0, 1))[0].leaf
        forged = genesis.replace(b'"genesis"', b'"config" ')
        edge, _ = Edge().extended([leaf_hash(genesis), leaf_hash(forged)])
        root, joined = edge.root().hex(), b"".join(edge.hashes).hex()
        values = f"(1, gen_random_uuid(), '\\x{forged.hex()}', '\\x{leaf_hash(forged).hex()}')"
        moved = f"size = 2, root = '\\x{root}', edge = '\\x{joined}'"
        for statement in (
            f"{INTO_ENTRY} {values}",
            f"{INTO_HEAD} (2, '\\x{root}', 'now')",
            f"{MOVE} {moved}",
        ):
            postgres.psql(database, statement)
        before = log.checkpoint
        with pytest.raises(NotDurableError):
            await log.append(make_entry(1))
        assert "without the log's key" in str(log.fault)
        with pytest.raises(UnusableError, match="without the log's key"):
            await other.receipt(make_entry(1).entry_id)
        with pytest.raises(UnusableError, match="without the log's key"):
            await open_replica()
        assert (log.checkpoint, other.checkpoint) == (before, before)
        assert signer.vkey.name in before
        await log.close()
        await other.close()


class TestMigrations:
    async def test_a_database_without_tables_says_what_to_do(
        self, postgres: Server, open_replica: OpenReplica
    ) -> None:
        """The first thing that an operator forgets."""
        empty = postgres.create_database()
        with pytest.raises(UnusableError, match="imprimatur audit migrate"):
            await open_replica(postgres.url(empty))

    async def test_a_second_migration_changes_nothing(
        self, postgres: Server, database: str, open_replica: OpenReplica, make_entry: MakeEntry
    ) -> None:
        """It is run with every upgrade, whether there is something to do or not."""
        log = await open_replica()
        await log.append(make_entry(1))
        sql = await migrate(postgres.url(database, OWNER), WRITER)
        assert "CREATE TABLE" not in sql
        assert (await log.append(make_entry(2))).index == 2
        await log.close()
        await (await open_replica()).close()

    async def test_tables_of_the_version_before_are_refused_and_brought_up_to_date(
        self, postgres: Server, open_replica: OpenReplica, make_entry: MakeEntry
    ) -> None:
        """Who kept a log on the older tables goes on with it, after one command."""
        old, written = postgres.create_database(), StringIO()
        config = Config(output_buffer=written, stdout=StringIO())
        config.set_main_option("script_location", "audit.postgres:migrations")
        config.set_main_option("path_separator", "os")
        command.upgrade(config, "base:0001", sql=True)
        postgres.psql(old, f"SET ROLE {OWNER}; {written.getvalue()}")
        postgres.psql(old, f"GRANT USAGE ON SCHEMA audit TO {WRITER}")
        postgres.psql(old, f"GRANT SELECT ON audit.alembic_version TO {WRITER}")
        with pytest.raises(UnusableError, match="expected tables of version '0002', got '0001'"):
            await open_replica(postgres.url(old))

        await migrate(postgres.url(old, OWNER), WRITER)

        log = await open_replica(postgres.url(old))
        assert (await log.append(make_entry(1))).index == 1
        await log.close()

    async def test_the_role_that_serves_cannot_migrate(self, postgres: Server) -> None:
        """Whoever can make the tables can make others."""
        empty = postgres.create_database()
        with pytest.raises(UnusableError, match="permission denied"):
            await migrate(postgres.url(empty, WRITER), WRITER)

    async def test_a_migration_for_a_role_that_is_not_there_makes_nothing(
        self, postgres: Server
    ) -> None:
        """Half a migration would be worse than none."""
        empty = postgres.create_database()
        with pytest.raises(UnusableError, match="nobody_here"):
            await migrate(postgres.url(empty, OWNER), "nobody_here")
        assert postgres.psql(empty, "SELECT to_regclass('audit.log')").strip() == ""

    async def test_tables_of_another_version_are_refused(
        self, postgres: Server, database: str, open_replica: OpenReplica
    ) -> None:
        """An older program must not write into tables that it does not know."""
        postgres.psql(database, "UPDATE audit.alembic_version SET version_num = '9999'")
        with pytest.raises(UnusableError, match="9999"):
            await open_replica()
        with pytest.raises(UnusableError, match="another version"):
            await migrate(postgres.url(database, OWNER), WRITER)

    def test_the_sql_can_be_read_before_it_is_sent(self) -> None:
        """Many who run a database let nobody else make its tables."""
        sql = migration_sql('a "role"')
        assert sql.startswith("BEGIN;")
        assert sql.endswith("COMMIT;\n")
        assert all(f'ON audit.{table} TO "a ""role"""' in sql for table in ALLOWED)


async def test_a_password_is_never_repeated(postgres: Server, open_replica: OpenReplica) -> None:
    """Errors go into logs, and logs go far."""
    secret = sha256(b"x").hexdigest()
    for url in (
        f"postgresql://nobody:{secret}@/log?host={postgres.folder}",
        f"postgresql://{WRITER}:{secret}@/none?host={postgres.folder}",
        f"postgresql://{WRITER}:{secret}@/log?host=/nowhere",
        f"postgresql://{WRITER}:{secret}@127.0.0.1:port/log",
        f"mysql://{WRITER}:{secret}@127.0.0.1/log",
        secret,
    ):
        with pytest.raises(AuditError) as refused:
            await asyncio.wait_for(open_replica(url), 20)
        assert secret not in repr(refused.value) + str(refused.value)
        assert refused.value.__cause__ is None or secret not in str(refused.value.__cause__)
