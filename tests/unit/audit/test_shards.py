import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.entry import Entry, Json, Kind
from audit.errors import MalformedError, UntrustedError
from audit.leaf import Leaf, leaf_of
from audit.log import Log
from audit.schema import TRIGGERS, VERSION
from audit.seal import DetailKeys
from audit.shards import Shards, shards_of, size_to_drop
from audit.signer import Ed25519Signer
from audit.verify import verify

ORIGIN = "gw.example/audit"
START = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOT = "ab" * 32


def said(shards: Shards, which: str, at: datetime = START, **public: Json) -> Leaf:
    """Return what the next entry of this event would say, with what a test changes in it."""
    closes = which == "shard.closed"
    number = len(shards.all) if closes else len(shards.dropped)
    usual: dict[str, Json] = {"event": which, "number": number, "size": 5}
    usual |= {"root": ROOT, "days": 2555} if closes else {}
    known_as = shards.closing_id if closes else shards.dropping_id
    kept = {key: value for key, value in (usual | public).items() if value is not None}
    return leaf_of(Entry(known_as, Kind.SHARD, at, kept), {})


NONE = Shards(ORIGIN)
ONE = NONE.with_closed(5, said(NONE, "shard.closed"))
LATER = START + timedelta(days=2555)


COUNTS = st.one_of(st.integers(0, 9), st.integers(2500, 2600), st.integers(0, 2**53 - 1))


class TestChain:
    def test_a_shard_ends_where_its_closing_entry_says_and_the_next_begins_there(self) -> None:
        """Every entry is of one shard, but for those of the one that is open."""
        two = ONE.with_closed(9, said(ONE, "shard.closed", size=8))
        assert [(each.first, each.size) for each in two.all] == [(0, 5), (5, 8)]
        assert (two.end, two.border) == (8, 0)
        gone = two.with_dropped(12, said(two, "shard.dropped", LATER))
        assert (gone.border, gone.all[0].dropped, gone.all[1].dropped) == (5, 12, None)
        assert gone.knows(12)
        assert not gone.knows(10)

    @pytest.mark.parametrize(
        ("index", "changed"),
        [
            (5, {"size": 6}),
            (5, {"size": 0}),
            (5, {"number": 1}),
            (5, {"size": None}),
            (5, {"root": None}),
            (5, {"days": None}),
            (5, {"days": 2**53 - 1}),
            (5, {"event": "shard.opened"}),
        ],
    )
    def test_what_does_not_close_the_next_shard_is_refused(
        self, index: int, changed: dict[str, Json]
    ) -> None:
        """A log whose shards cannot be followed is not one of which something may be missing."""
        with pytest.raises((MalformedError, UntrustedError)):
            NONE.with_closed(index, said(NONE, "shard.closed", START, **changed))

    def test_a_shard_is_not_closed_twice_at_one_place(self) -> None:
        """Sizes only grow."""
        for index, size in ((9, 5), (5, 5)):
            with pytest.raises(UntrustedError):
                ONE.with_closed(index, said(ONE, "shard.closed", size=size))

    @pytest.mark.parametrize(
        ("index", "at", "changed"),
        [
            (12, LATER - timedelta(seconds=1), {}),
            (12, LATER, {"size": 6}),
            (12, LATER, {"number": 1}),
            (12, LATER, {"event": "shard.closed"}),
            (4, LATER, {}),
        ],
    )
    def test_what_drops_another_one_or_before_its_time_is_refused(
        self, index: int, at: datetime, changed: dict[str, Json]
    ) -> None:
        """The policy that was published at its closing counts, whatever was decided since."""
        with pytest.raises((MalformedError, UntrustedError)):
            ONE.with_dropped(index, said(ONE, "shard.dropped", at, **changed))

    def test_what_was_not_closed_cannot_be_dropped(self) -> None:
        """There is nothing published for it."""
        with pytest.raises(UntrustedError):
            NONE.with_dropped(12, said(NONE, "shard.dropped", LATER))

    def test_another_id_or_kind_does_not_count(self) -> None:
        """Each is found by its one id, and there is one of each."""
        for wrong in (
            replace(said(NONE, "shard.closed"), entry_id=UUID(int=1)),
            replace(said(NONE, "shard.closed"), kind=Kind.CONFIG),
        ):
            with pytest.raises((MalformedError, UntrustedError)):
                NONE.with_closed(5, wrong)

    @settings(max_examples=60)
    @given(
        numbers=st.lists(COUNTS, min_size=4, max_size=4),
        root=st.sampled_from([16, 20, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
        at=st.datetimes(timezones=st.just(UTC)),
        which=st.sampled_from(["shard.closed", "shard.dropped"]),
    )
    def test_whatever_has_the_form_of_one_is_followed_or_refused(
        self, numbers: list[int], root: bytes, at: datetime, which: str
    ) -> None:
        """A log whose writer is the attacker must not make a verifier fall over."""
        index, number, size, days = numbers
        more: dict[str, Json] = {"number": number, "size": size, "root": root.hex(), "days": days}
        for shards in (NONE, ONE):
            leaf = said(shards, which, at, **more)
            step = shards.with_closed if which == "shard.closed" else shards.with_dropped
            with suppress(MalformedError, UntrustedError):
                assert step(index, leaf).knows(index)

    def test_they_are_found_by_their_ids_alone(self) -> None:
        """Nobody has to read a whole log for it."""
        closing = said(NONE, "shard.closed")
        found = {
            closing.entry_id: (5, closing.write()),
            ONE.dropping_id: (9, said(ONE, "shard.dropped", LATER).write()),
        }
        assert shards_of(ORIGIN, found.get).border == 5
        assert size_to_drop(found[ONE.dropping_id][1]) == 5
        with pytest.raises(MalformedError):
            size_to_drop(closing.write())


async def test_a_log_of_the_version_before_is_verified_and_brought_up_to_date(
    tmp_path: Path, make_entry: Callable[..., Entry]
) -> None:
    """Whoever has kept a log can go on with it, and so can whoever only has a file of it."""
    path, signer = tmp_path / "log.db", Ed25519Signer.create(tmp_path / "key", ORIGIN)

    async def opened() -> Log:
        return await Log.open(
            path,
            origin=ORIGIN,
            signer=signer,
            keys=DetailKeys("k1", {"k1": bytes(32)}),
            now=lambda: START,
        )

    log = await opened()
    await log.append(make_entry(1))
    await log.close()
    with sqlite3.connect(path) as old:
        for (name,) in old.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
            old.execute(f"DROP TRIGGER {name}")
        old.execute("DROP TABLE dropped")
        old.execute("PRAGMA user_version = 1")
    old.close()

    assert verify(path, signer.vkey.write()).ok
    log = await opened()
    await log.append(make_entry(2))
    await log.close()
    with sqlite3.connect(path) as new:
        assert new.execute("PRAGMA user_version").fetchone() == (VERSION,)
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            new.execute("DELETE FROM entry WHERE idx = 1")
        made = new.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'").fetchone()
    new.close()
    assert made == (TRIGGERS.count("CREATE TRIGGER"),)
    assert verify(path, signer.vkey.write()).ok
