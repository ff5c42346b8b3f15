import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint
from audit.errors import MalformedError, UntrustedError
from audit.merkle import Edge, leaf_hash
from audit.note import Note
from audit.proof import Proof
from audit.signer import Ed25519Signer

SIGNER = Ed25519Signer.parse(
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
)


def checkpoint_of(*leaves: bytes) -> str:
    edge, _ = Edge().extended(map(leaf_hash, leaves))
    text = Checkpoint(SIGNER.vkey.name, edge.size, edge.root()).text()
    return Note(text, (SIGNER.sign(text),)).write()


NOTE = checkpoint_of(b"a", b"b")
PROOF = Proof(1, (leaf_hash(b"a"),), NOTE)
hashes = st.binary(min_size=32, max_size=32)


@given(
    st.integers(0, 2**63 - 1),
    st.lists(hashes, max_size=63).map(tuple),
    st.none() | st.binary(),
)
def test_what_is_written_is_read_back(
    index: int, path: tuple[bytes, ...], extra: bytes | None
) -> None:
    proof = Proof(index, path, NOTE, extra)
    assert Proof.parse(proof.write()) == proof


@given(st.integers(0, len(PROOF.write()) - 1), st.characters())
def test_what_is_read_is_written_back(place: int, new: str) -> None:
    text = PROOF.write()
    changed = text[:place] + new + text[place + 1 :]
    with contextlib.suppress(MalformedError):
        assert Proof.parse(changed).write() == changed


def test_the_form_is_the_specifications() -> None:
    """Its header, its order, its empty line."""
    lines = Proof(1, (bytes(32),), NOTE, b"xy").write().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra eHk=", "index 1"]
    assert lines[4] == ""
    assert "\n".join(lines[5:]) == NOTE


def test_a_proof_holds_for_its_leaf_and_for_no_other() -> None:
    assert Proof.parse(PROOF.write()).verify(b"b", SIGNER.vkey).size == 2
    with pytest.raises(UntrustedError):
        PROOF.verify(b"a", SIGNER.vkey)


@pytest.mark.parametrize(
    "wrong",
    [
        Proof(0, PROOF.path, NOTE),
        Proof(2, PROOF.path, NOTE),
        Proof(1, (), NOTE),
        Proof(1, (leaf_hash(b"a"), bytes(32)), NOTE),
        Proof(1, PROOF.path, checkpoint_of(b"a", b"c")),
        Proof(1, PROOF.path, checkpoint_of(b"a", b"b", b"c")),
    ],
)
def test_size_and_root_come_from_the_signed_checkpoint(wrong: Proof) -> None:
    """The proof's own fields decide nothing."""
    with pytest.raises(UntrustedError):
        wrong.verify(b"b", SIGNER.vkey)


@pytest.mark.parametrize(
    "bad",
    [
        PROOF.write().replace("@v1", "@v2"),
        PROOF.write().replace("index 1", "index 01"),
        PROOF.write().replace("index 1", "index  1"),
        PROOF.write().replace("index 1\n", ""),
        PROOF.write().replace("index 1", "extra \nindex 1\nextra "),
        PROOF.write().replace("\n\n", "\n", 1),
        PROOF.write() + "\n",
        Proof(1, (b"short",), NOTE).write(),
        Proof(1, (bytes(32),) * 64, NOTE).write(),
        "c2sp.org/tlog-proof@v1\nindex 1\n\nnot a note",
    ],
)
def test_malformed_proofs_are_refused(bad: str) -> None:
    with pytest.raises(MalformedError):
        Proof.parse(bad)
