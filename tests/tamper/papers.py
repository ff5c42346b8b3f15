"""Mutations of what leaves the house (proofs, receipts, keys) and of encrypted details."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from audit.checkpoint import Checkpoint
from audit.entry import Entry
from audit.leaf import Leaf
from audit.note import Note, Signature
from audit.proof import Proof
from audit.seal import DetailKeys, Sealed, fresh_salts
from audit.verify import verify
from audit.vkey import VerifierKey
from tests.tamper.scene import Scene, admission, signer_of


@dataclass(frozen=True, slots=True)
class Forgery:
    """One changed paper, and the check that it is shown to: `show` MUST raise."""

    name: str
    hope: str
    check: str
    show: Callable[[Scene], object]


def _flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def _proof(change: Callable[[Proof], Proof]) -> Callable[[Scene], object]:
    def show(scene: Scene) -> object:
        return _shown(scene, change(Proof.parse(scene.proof)).write())

    return show


def _shown(scene: Scene, proof: str, leaf: bytes | None = None) -> object:
    return Proof.parse(proof).verify(leaf or scene.leaf, VerifierKey.parse(scene.vkey))


def _path(change: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]) -> Callable[[Scene], object]:
    return _proof(lambda proof: replace(proof, path=change(proof.path)))


def _text(old: str, new: str) -> Callable[[Scene], object]:
    def show(scene: Scene) -> object:
        assert old in scene.proof
        return _shown(scene, scene.proof.replace(old, new, 1))

    return show


def _signed_by_a_stranger(note: str) -> str:
    text = Note.parse(note).text
    return Note(text, (signer_of("a stranger's").sign(text),)).write()


def signature_flipped(note: str) -> str:
    """Return a note with one bit of its only signature changed: well-formed base64, and wrong."""
    parsed = Note.parse(note)
    (mine,) = parsed.signatures
    return Note(parsed.text, (Signature(mine.name, mine.key_id, _flipped(mine.blob)),)).write()


def _head(change: Callable[[Checkpoint], Checkpoint]) -> Callable[[str], str]:
    def changed(note: str) -> str:
        parsed = Note.parse(note)
        return Note(change(Checkpoint.parse(parsed.text)).text(), parsed.signatures).write()

    return changed


def _root_flipped(head: Checkpoint) -> Checkpoint:
    return replace(head, root=_flipped(head.root))


def _receipt(change: Callable[[str], str]) -> Callable[[Scene], object]:
    def show(scene: Scene) -> object:
        return verify(scene.path, scene.vkey, known_checkpoints=[change(scene.receipt)])

    return show


def _key(change: Callable[[str], str]) -> Callable[[Scene], object]:
    return lambda scene: _shown_with_key(scene, change(scene.vkey))


def _shown_with_key(scene: Scene, vkey: str) -> object:
    return Proof.parse(scene.proof).verify(scene.leaf, VerifierKey.parse(vkey))


def _detail(change: Callable[[Sealed, DetailKeys], Sealed]) -> Callable[[Scene], object]:
    def show(scene: Scene) -> object:
        with closing(sqlite3.connect(scene.path)) as connection:
            stored = connection.execute(
                "SELECT key_id, wrapped, nonce, ciphertext FROM detail WHERE entry_id = ?",
                (admission(50).entry_id.bytes,),
            ).fetchone()
        sealed = Sealed(*stored)
        return scene.keys.open(change(sealed, scene.keys), Leaf.parse(scene.leaf))

    return show


def _sealed_again(entry: Entry) -> Callable[[Sealed, DetailKeys], Sealed]:
    return lambda _, keys: keys.seal(entry, fresh_salts(entry))


_OTHER_WORDS = replace(admission(50), personal={"prompt": "a lighthouse 50"})
_PROOF, _RECEIPT = "`audit check-proof`", "`audit verify --known`"
_KEY, _DETAIL = "the key, wherever it is read", "`audit detail`, with the detail keys"

FORGERIES = (
    Forgery(
        "proof shown with another leaf",
        "it proves what did not happen",
        _PROOF,
        lambda scene: _shown(scene, scene.proof, scene.leaf.replace(b"allow", b"block")),
    ),
    Forgery(
        "proof with another index",
        "it stands elsewhere",
        _PROOF,
        _proof(lambda p: replace(p, index=p.index + 1)),
    ),
    Forgery(
        "proof with an index beyond the end",
        "no step is checked",
        _PROOF,
        _proof(lambda p: replace(p, index=2**40)),
    ),
    Forgery(
        "hash of the proof changed",
        "the check is sloppy",
        _PROOF,
        _path(lambda path: (_flipped(path[0]), *path[1:])),
    ),
    Forgery(
        "hash of the proof dropped",
        "a shorter way to the root",
        _PROOF,
        _path(lambda path: path[:-1]),
    ),
    Forgery(
        "hash added to the proof",
        "a longer way to the root",
        _PROOF,
        _path(lambda path: (*path, bytes(32))),
    ),
    Forgery(
        "two hashes of the proof swapped",
        "order does not count",
        _PROOF,
        _path(lambda path: (path[1], path[0], *path[2:])),
    ),
    Forgery(
        "every hash of the proof dropped", "the root is taken on trust", _PROOF, _path(lambda _: ())
    ),
    Forgery(
        "older genuine checkpoint under the proof",
        "any signed head will do",
        _PROOF,
        lambda scene: _shown(
            scene, replace(Proof.parse(scene.proof), checkpoint=scene.older).write()
        ),
    ),
    Forgery(
        "signature under the proof changed",
        "nobody verifies it",
        _PROOF,
        _proof(lambda p: replace(p, checkpoint=signature_flipped(p.checkpoint))),
    ),
    Forgery(
        "proof signed by a stranger in the log's name",
        "only names are compared",
        _PROOF,
        _proof(lambda p: replace(p, checkpoint=_signed_by_a_stranger(p.checkpoint))),
    ),
    Forgery(
        "root under the proof changed",
        "a root that fits another leaf",
        _PROOF,
        _proof(lambda p: replace(p, checkpoint=_head(_root_flipped)(p.checkpoint))),
    ),
    Forgery(
        "proof of another version",
        "a lax reader takes it",
        _PROOF,
        _text("tlog-proof@v1", "tlog-proof@v2"),
    ),
    Forgery(
        "leading zero in the proof's index",
        "two spellings of one proof",
        _PROOF,
        _text("index ", "index 0"),
    ),
    Forgery(
        "blank line in the proof moved",
        "the checkpoint begins elsewhere",
        _PROOF,
        _text("\n\n", "\n\n\n"),
    ),
    Forgery(
        "receipt with its signature changed",
        "a memory that fits",
        _RECEIPT,
        _receipt(signature_flipped),
    ),
    Forgery(
        "receipt with its size changed",
        "it asks for less",
        _RECEIPT,
        _receipt(_head(lambda head: replace(head, size=head.size - 1))),
    ),
    Forgery(
        "receipt with its root changed",
        "the honest log looks cut",
        _RECEIPT,
        _receipt(_head(_root_flipped)),
    ),
    Forgery(
        "receipt signed by a stranger",
        "a memory that fits",
        _RECEIPT,
        _receipt(_signed_by_a_stranger),
    ),
    Forgery(
        "receipt of another log",
        "any log's memory will do",
        _RECEIPT,
        _receipt(lambda note: note.replace("gw.example", "gv.example")),
    ),
    Forgery(
        "receipt cut short",
        "nothing is remembered",
        _RECEIPT,
        _receipt(lambda note: note[: len(note) // 2]),
    ),
    Forgery("receipt empty", "nothing is remembered", _RECEIPT, _receipt(lambda _: "")),
    Forgery(
        "verifier key of a stranger",
        "his signatures verify",
        _KEY,
        _key(lambda _: signer_of("a stranger's").vkey.write()),
    ),
    Forgery(
        "verifier key with another short id",
        "two keys under one name",
        _KEY,
        _key(lambda vkey: _with_id(vkey, "00000000")),
    ),
    Forgery(
        "verifier key with a byte changed",
        "a weak key in its place",
        _KEY,
        _key(lambda vkey: vkey[:-6] + ("A" if vkey[-6] != "A" else "B") + vkey[-5:]),
    ),
    Forgery("verifier key cut short", "half a key is a key", _KEY, _key(lambda vkey: vkey[:-8])),
    Forgery(
        "verifier key under another name",
        "another log with this key",
        _KEY,
        _key(lambda vkey: vkey.replace("gw.", "gv.")),
    ),
    Forgery(
        "detail's ciphertext changed",
        "other words were asked",
        _DETAIL,
        _detail(lambda sealed, _: replace(sealed, ciphertext=_flipped(sealed.ciphertext))),
    ),
    Forgery(
        "another key put beside the detail",
        "it reads as another",
        _DETAIL,
        _detail(lambda sealed, _: replace(sealed, wrapped=bytes(40))),
    ),
    Forgery(
        "detail of another entry put in",
        "somebody else asked",
        _DETAIL,
        _detail(_sealed_again(admission(51))),
    ),
    Forgery(
        "detail changed and encrypted again, with its keys",
        "other words were asked",
        _DETAIL,
        _detail(_sealed_again(_OTHER_WORDS)),
    ),
    Forgery(
        "salts changed and encrypted again, with its keys",
        "the commitment fits another text",
        _DETAIL,
        _detail(_sealed_again(admission(50))),
    ),
)


def _with_id(vkey: str, short: str) -> str:
    name, _, rest = vkey.partition("+")
    return f"{name}+{short}+{rest.partition('+')[2]}"
