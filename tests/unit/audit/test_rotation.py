from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint
from audit.entry import Entry, Json, Kind
from audit.errors import AuditError, MalformedError, UntrustedError
from audit.leaf import Leaf, leaf_of
from audit.note import Note
from audit.rotation import KeyChain, KeyChange, KeyEvent, follow
from audit.signer import Ed25519Signer
from audit.vkey import VerifierKey

ORIGIN = "gw.example/audit"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def signer(seed: str, name: str = ORIGIN) -> Ed25519Signer:
    key = Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest())
    return Ed25519Signer(VerifierKey(name, key.public_key().public_bytes_raw()), key)


A, B, C = signer("a"), signer("b"), signer("c")
STRANGER = signer("a", "other.example/audit")


def changed(chain: KeyChain, index: int, event: str, key: Ed25519Signer) -> KeyChain:
    return chain.after(KeyChange(index, chain.next_id, KeyEvent(event), key.vkey))


def rotated() -> KeyChain:
    """A signs, B beside it from entry 10 on, B alone from entry 20 on."""
    return changed(changed(KeyChain(A.vkey), 10, "key.added", B), 20, "key.retired", A)


def note(size: int, *signers: Ed25519Signer, origin: str = ORIGIN) -> str:
    text = Checkpoint(origin, size, bytes(32)).text()
    return Note(text, tuple(each.sign(text) for each in signers)).write()


def leaf(kind: Kind, **public: Json) -> Leaf:
    return leaf_of(Entry(UUID(int=1), kind, NOON, public), {})


class TestChain:
    @pytest.mark.parametrize(
        ("size", "keys"),
        [(0, [A]), (10, [A]), (11, [A, B]), (20, [A, B]), (21, [B]), (2**62, [B])],
    )
    def test_a_change_counts_from_the_checkpoint_over_it_on(
        self, size: int, keys: list[Ed25519Signer]
    ) -> None:
        assert list(rotated().at(size)) == [each.vkey for each in keys]

    @pytest.mark.parametrize(
        ("size", "signers"),
        [(10, [A]), (11, [A, B]), (11, [B, A]), (11, [A, B, C]), (20, [A, B]), (21, [B])],
    )
    def test_a_checkpoint_by_all_who_signed_by_then_holds(
        self, size: int, signers: list[Ed25519Signer]
    ) -> None:
        assert rotated().open(note(size, *signers)).size == size

    @pytest.mark.parametrize(
        ("size", "signers"), [(10, [B]), (11, [A]), (11, [B]), (20, [B, C]), (21, [A]), (21, [C])]
    )
    def test_any_other_does_not(self, size: int, signers: list[Ed25519Signer]) -> None:
        """A key that was stolen after it was retired signs nothing that anybody takes."""
        with pytest.raises(UntrustedError):
            rotated().open(note(size, *signers))

    def test_another_logs_checkpoint_does_not(self) -> None:
        with pytest.raises(UntrustedError, match="not of"):
            rotated().open(note(5, A, origin="other.example/audit"))

    def test_a_second_rotation_follows_the_first(self) -> None:
        chain = changed(changed(rotated(), 30, "key.added", C), 40, "key.retired", B)
        assert chain.at(41) == (C.vkey,)
        assert [each.vkey for each in chain.additions] == [B.vkey, C.vkey]
        assert chain.retired == (A.vkey, B.vkey)
        assert all(map(chain.names, (A.vkey, B.vkey, C.vkey)))
        assert not chain.names(STRANGER.vkey)

    @pytest.mark.parametrize(
        ("event", "key"),
        [
            ("key.added", A),  # it was there, and is retired
            ("key.added", B),  # it signs
            ("key.added", STRANGER),
            ("key.retired", A),  # it is retired
            ("key.retired", B),  # nobody would sign
            ("key.retired", C),  # it never signed
        ],
    )
    def test_what_does_not_follow_is_refused(self, event: str, key: Ed25519Signer) -> None:
        with pytest.raises(UntrustedError):
            changed(rotated(), 30, event, key)

    def test_the_newest_of_two_is_not_the_one_to_retire(self) -> None:
        """It would go back to a key that was to be given up."""
        chain = changed(KeyChain(A.vkey), 10, "key.added", B)
        with pytest.raises(UntrustedError, match="nothing succeeds"):
            changed(chain, 20, "key.retired", B)

    @pytest.mark.parametrize(
        ("sizes", "missing"), [([11], 0), ([20], 0), ([10, 21], 1), ([], 1), ([5, 15, 25], 0)]
    )
    def test_a_retirement_needs_a_checkpoint_by_both_before_it(
        self, sizes: list[int], missing: int
    ) -> None:
        """Else only the new key speaks for the new key."""
        assert len(rotated().unvouched(sizes)) == missing


class TestFollowing:
    def test_the_changes_are_found_by_their_ids(self) -> None:
        chain, there = rotated(), dict[UUID, tuple[int, bytes]]()
        for change in chain.changes:
            public: dict[str, Json] = {"event": change.event.value, "vkey": change.vkey.write()}
            entry = Entry(change.entry_id, Kind.KEY_CHANGE, NOON, public)
            there[change.entry_id] = (change.index, leaf_of(entry, {}).write())
        assert follow(A.vkey, there.get) == chain

    def test_an_entry_of_another_kind_under_such_an_id_is_refused(self) -> None:
        with pytest.raises(MalformedError):
            follow(A.vkey, lambda _: (1, leaf(Kind.CONFIG).write()))

    @pytest.mark.parametrize(
        "public",
        [
            {},
            {"event": "key.added"},
            {"vkey": A.vkey.write()},
            {"event": "key.lost", "vkey": A.vkey.write()},
        ],
    )
    def test_a_change_that_says_nothing_is_refused(self, public: dict[str, Json]) -> None:
        with pytest.raises(MalformedError, match="key change"):
            KeyChange.read(1, leaf(Kind.KEY_CHANGE, **public))

    @given(st.binary(max_size=200))
    def test_no_bytes_make_it_fail_in_another_way(self, content: bytes) -> None:
        with pytest.raises(AuditError):
            follow(A.vkey, lambda _: (1, content))
