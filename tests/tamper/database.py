"""Mutations of the log's file: what each does, and what whoever does it hopes for."""
# ruff: noqa: S608 - the attacker writes SQL as he likes, with this module's own numbers in it

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from audit.checkpoint import Checkpoint
from audit.entry import Entry, Kind, entry_id
from audit.leaf import Leaf, leaf_of
from audit.note import Note
from audit.rotation import KeyChain, KeyChange
from tests.tamper.attacker import EXTRA, Attacker
from tests.tamper.scene import ERASED, ERASURE, NOON, SIZE, admission, signer_of

_LOST = UUID(int=9999)
_UNADMITTED = Entry(entry_id(_LOST, Kind.RELEASE), Kind.RELEASE, NOON, {"submission": str(_LOST)})
_NEWEST = "(SELECT max(size) FROM checkpoint)"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to change the file. `with_key`: only the holder of the signing key can."""

    name: str
    hope: str
    attack: Callable[[Attacker], None]
    with_key: bool = False


def sql(*statements: str) -> Callable[[Attacker], None]:
    """Return the attack that runs these."""
    return lambda attacker: attacker.run(*statements)


def _leaf_and_all_hashes(attacker: Attacker) -> None:
    attacker.edit_leaf(50)
    attacker.fix_hashes()


def _signed_again(attacker: Attacker) -> None:
    _leaf_and_all_hashes(attacker)
    attacker.sign_everything()


def _cut(attacker: Attacker) -> None:
    attacker.cut(attacker.older_size())


def _cut_to_an_older_checkpoint(attacker: Attacker) -> None:
    size = attacker.older_size()
    attacker.cut(size)
    attacker.run(f"DELETE FROM checkpoint WHERE size > {size}")


def _regrown(attacker: Attacker) -> None:
    missing = SIZE - attacker.older_size()
    _cut_to_an_older_checkpoint(attacker)
    attacker.append(missing)
    attacker.fix_hashes()


def _regrown_and_signed(attacker: Attacker) -> None:
    _regrown(attacker)
    attacker.sign_everything()


def _respelled(old: bytes, new: bytes) -> Callable[[Attacker], None]:
    """Return the attack that signs a leaf in a form that says the same, or more."""

    def attack(attacker: Attacker) -> None:
        leaf = attacker.leaves()[50]
        assert old in leaf
        attacker.put_leaf(50, leaf.replace(old, new))
        attacker.fix_hashes()
        attacker.sign_everything()

    return attack


def _released_without_admission(attacker: Attacker) -> None:
    last = admission(SIZE - 1).entry_id.hex
    attacker.put_leaf(SIZE - 1, leaf_of(_UNADMITTED, {}).write())
    attacker.run(
        f"UPDATE entry SET entry_id = x'{_UNADMITTED.entry_id.hex}' WHERE idx = {SIZE - 1}",
        f"DELETE FROM detail WHERE entry_id = x'{last}'",
    )
    attacker.fix_hashes()
    attacker.sign_everything()


def _erasure_unsaid(attacker: Attacker) -> None:
    leaf = leaf_of(replace(EXTRA, entry_id=UUID(int=ERASURE)), {}).write()
    attacker.put_leaf(ERASURE, leaf)
    attacker.fix_hashes()
    attacker.sign_everything()


def _middle_removed(attacker: Attacker) -> None:
    attacker.run("DELETE FROM entry WHERE idx = 50")
    attacker.close_gap(50)
    attacker.fix_hashes()


def _block_reordered(attacker: Attacker) -> None:
    for low, high in zip(range(100, 105), range(109, 104, -1), strict=True):
        attacker.swap(low, high)
    attacker.fix_hashes()


def _commitment_moved(attacker: Attacker) -> None:
    leaf, other = attacker.leaves()[50], attacker.leaves()[51]
    mine, theirs = (Leaf.parse(each).detail or "" for each in (leaf, other))
    attacker.put_leaf(50, leaf.replace(mine.encode(), theirs.encode()))
    attacker.fix_hashes()


def _noted(old: str, new: str) -> Callable[[Attacker], None]:
    return sql(f"UPDATE checkpoint SET note = replace(note, '{old}', '{new}') WHERE size={_NEWEST}")


def _signed_by_another(attacker: Attacker) -> None:
    _leaf_and_all_hashes(attacker)
    replace(attacker, signer=signer_of("a stranger's", "stranger")).sign_everything()


def _signed_by_another_in_its_name(attacker: Attacker) -> None:
    _leaf_and_all_hashes(attacker)
    replace(attacker, signer=signer_of("a stranger's")).sign_everything()


def _key_brought_along(attacker: Attacker) -> None:
    """Name one's own key in the log, retire the log's, and sign all that with it."""
    chain, stranger = KeyChain(attacker.signer.vkey), signer_of("a stranger's")
    for event, key in (("added", stranger.vkey), ("retired", attacker.signer.vkey)):
        public = {"event": f"key.{event}", "vkey": key.write()}
        entry = Entry(chain.next_id, Kind.KEY_CHANGE, NOON, public)
        attacker.append(entry=entry)
        index = len(attacker.leaves()) - 1
        chain = chain.after(KeyChange.read(index, leaf_of(entry, {})))
    edge = attacker.edge()
    text = Checkpoint(stranger.vkey.name, edge.size, edge.root()).text()
    note = Note(text, (stranger.sign(text),)).write()
    attacker.db.execute("REPLACE INTO checkpoint VALUES (?, ?)", (edge.size, note))


def _second_genesis(attacker: Attacker) -> None:
    leaf = attacker.leaves()[0]
    again = Leaf.parse(leaf)
    attacker.put_leaf(50, replace(again, entry_id=UUID(int=77)).write())
    attacker.fix_hashes()
    attacker.sign_everything()


ALONE = (
    Mutation("leaf edited", "an `allow` reads `block`", lambda a: _ignore(a.edit_leaf(50))),
    Mutation(
        "leaf and its hash edited",
        "the row agrees with itself",
        lambda a: a.put_leaf(50, a.edit_leaf(50)),
    ),
    Mutation(
        "leaf and every hash edited", "the whole file agrees with itself", _leaf_and_all_hashes
    ),
    Mutation(
        "newest leaf edited", "nothing hangs on it yet", lambda a: _ignore(a.edit_leaf(SIZE - 1))
    ),
    Mutation(
        "time in a leaf and every hash edited",
        "it happened on another day",
        lambda a: _edited(a, b"2026-11-22T12", b"2026-11-23T12"),
    ),
    Mutation(
        "commitment of another entry put in, every hash edited",
        "what was asked is what somebody else asked",
        _commitment_moved,
    ),
    Mutation(
        "leaf hash edited",
        "proofs of the entry fail",
        sql("UPDATE entry SET leaf_hash = zeroblob(32) WHERE idx = 50"),
    ),
    Mutation(
        "leaf emptied",
        "the content is gone, its hash stays",
        sql("UPDATE entry SET leaf = CAST('{}' AS BLOB) WHERE idx = 50"),
    ),
    Mutation(
        "entry dropped in the middle", "it never happened", sql("DELETE FROM entry WHERE idx = 50")
    ),
    Mutation(
        "entry dropped, gap closed, every hash edited", "nobody sees the gap", _middle_removed
    ),
    Mutation(
        "entry dropped, its hash put where a dropped shard's are",
        "its days were over",
        sql(
            "INSERT INTO dropped SELECT idx, leaf_hash FROM entry WHERE idx = 50",
            "DELETE FROM entry WHERE idx = 50",
        ),
    ),
    Mutation(
        "hash of an entry put where a dropped shard's are",
        "it counts twice",
        sql("INSERT INTO dropped SELECT idx, leaf_hash FROM entry WHERE idx = 50"),
    ),
    Mutation("genesis dropped", "another log", sql("DELETE FROM entry WHERE idx = 0")),
    Mutation(
        "newest entry dropped",
        "the last thing never happened",
        sql(f"DELETE FROM entry WHERE idx = {SIZE - 1}"),
    ),
    Mutation("all entries dropped", "an empty log is a clean one", sql("DELETE FROM entry")),
    Mutation(
        "entry added in the middle", "it was written then", lambda a: a.insert_in_the_middle()
    ),
    Mutation("two entries swapped", "it came before", lambda a: a.swap(50, 51)),
    Mutation(
        "ten entries reversed, every hash edited", "another order of events", _block_reordered
    ),
    Mutation("entry appended", "the next signature will cover it", lambda a: a.append()),
    Mutation(
        "a key brought along",
        "the log changed its key to a stranger's, who signed that",
        _key_brought_along,
    ),
    Mutation(
        "three hundred entries appended", "the same, over a tile's border", lambda a: a.append(300)
    ),
    Mutation("tail cut, newest checkpoint kept", "the last half never happened", _cut),
    Mutation("tail cut and regrown", "another last half, of the same length", _regrown),
    Mutation(
        "tile hash changed",
        "proofs lead elsewhere",
        sql("UPDATE tile_node SET hash = zeroblob(32)"),
    ),
    Mutation("tile hash dropped", "proofs cannot be made", sql("DELETE FROM tile_node")),
    Mutation(
        "tile hash added",
        "a place for later",
        sql("INSERT INTO tile_node VALUES (8, 7, zeroblob(32))"),
    ),
    Mutation(
        "oldest head's root changed",
        "another past",
        sql("UPDATE head SET root = zeroblob(32) WHERE size = (SELECT min(size) FROM head)"),
    ),
    Mutation(
        "newest head dropped",
        "the end is earlier",
        sql("DELETE FROM head WHERE size = (SELECT max(size) FROM head)"),
    ),
    Mutation(
        "head added beyond the end",
        "there was more",
        sql("INSERT INTO head VALUES (9999, zeroblob(32), 'x')"),
    ),
    Mutation(
        "size in the state changed",
        "the next entry lands on the last",
        sql("UPDATE log_state SET size = size - 1"),
    ),
    Mutation(
        "root in the state changed",
        "the next signature is over another tree",
        sql("UPDATE log_state SET root = zeroblob(32)"),
    ),
    Mutation(
        "right edge in the state changed",
        "the next root is another",
        sql("UPDATE log_state SET edge = zeroblob(length(edge))"),
    ),
    Mutation("state dropped", "the log starts anew", sql("DELETE FROM log_state")),
    Mutation(
        "checkpoint of another origin",
        "another log's signature counts",
        _noted("gw.example", "gv.example"),
    ),
    Mutation(
        "size in a checkpoint changed", "it covers more", _noted(f"\n{SIZE}\n", f"\n{SIZE + 1}\n")
    ),
    Mutation(
        "leading zero in a checkpoint",
        "two spellings of one head",
        _noted(f"\n{SIZE}\n", f"\n0{SIZE}\n"),
    ),
    Mutation("checkpoint's base64 cut", "a lax reader takes it", _noted("=\n", "\n")),
    Mutation(
        "newest checkpoints dropped",
        "nobody signed the tail",
        sql("DELETE FROM checkpoint WHERE size > 200"),
    ),
    Mutation("all checkpoints dropped", "nobody signed anything", sql("DELETE FROM checkpoint")),
    Mutation(
        "checkpoint moved to another size",
        "it vouches for that",
        sql(f"UPDATE checkpoint SET size = 5 WHERE size = {_NEWEST}"),
    ),
    Mutation("rewritten, signed by a stranger", "a signature is a signature", _signed_by_another),
    Mutation(
        "rewritten, signed by a stranger in the log's name",
        "only names are compared",
        _signed_by_another_in_its_name,
    ),
    Mutation(
        "another verifier key named in the file",
        "the file is believed",
        sql("UPDATE log SET vkey = 'x+00000000+AA=='"),
    ),
    Mutation("no log named in the file", "nothing to compare with", sql("DELETE FROM log")),
    Mutation(
        "entry's id changed",
        "it cannot be found",
        sql("UPDATE entry SET entry_id = zeroblob(16) WHERE idx = 50"),
    ),
    Mutation(
        "detail dropped",
        "erased, and nobody said so",
        sql("DELETE FROM detail WHERE entry_id = (SELECT min(entry_id) FROM detail)"),
    ),
    Mutation(
        "detail of nobody added",
        "something to find later",
        sql("INSERT INTO detail VALUES (zeroblob(16), 'k', x'00', zeroblob(12), x'00')"),
    ),
    Mutation(
        "erased detail put back",
        "the erasure did not happen",
        sql(
            "INSERT INTO detail VALUES"
            f" (x'{admission(ERASED).entry_id.hex}', 'k1', x'00', zeroblob(12), x'00')"
        ),
    ),
    Mutation(
        "erasure replaced, and signed", "nobody erased anything", _erasure_unsaid, with_key=True
    ),
    Mutation(
        "leaf with a key twice, signed",
        "two readers read two things",
        _respelled(b'"v":1', b'"v":1,"v":1'),
        with_key=True,
    ),
    Mutation(
        "leaf with a blank, signed",
        "one meaning, two hashes",
        _respelled(b'"v":1', b'"v": 1'),
        with_key=True,
    ),
    Mutation(
        "leaf with a strange key, signed",
        "a note that no format knows",
        _respelled(b'"public":{', b'"public":{"a":"b",'),
        with_key=True,
    ),
    Mutation(
        "leaf with a float, signed",
        "one number, two spellings",
        _respelled(b'"v":1', b'"v":1.0'),
        with_key=True,
    ),
    Mutation("second genesis, signed", "the log began later", _second_genesis, with_key=True),
    Mutation(
        "release without an admission, signed",
        "a picture left that nobody judged",
        _released_without_admission,
        with_key=True,
    ),
)
ONLY_WITH_MEMORY = (
    Mutation(
        "tail cut, older genuine checkpoint put back",
        "the last half never happened",
        _cut_to_an_older_checkpoint,
    ),
    Mutation(
        "rewritten, every hash and signature made again with the log's own key",
        "this is how it always was",
        _signed_again,
        with_key=True,
    ),
)
REGROWN = Mutation(
    "tail cut and regrown, signed with the log's own key",
    "another last half, of the same length",
    _regrown_and_signed,
    with_key=True,
)
"""The second again, begun later: an older checkpoint does not see it."""


def _ignore(_: object) -> None:
    """Forget what an attack returns."""


def _edited(attacker: Attacker, old: bytes, new: bytes) -> None:
    leaf = attacker.leaves()[50]
    assert old in leaf
    attacker.put_leaf(50, leaf.replace(old, new))
    attacker.fix_hashes()
