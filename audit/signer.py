"""Who signs the log's checkpoints, and the key file of the signer that ships with it.

The key file is the line that Go's `sumdb/note` reads and writes:
`PRIVATE+KEY+<name>+<id>+<base64 of 0x01 and the seed>`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint
from audit.errors import MalformedError, UntrustedError, UnusableError
from audit.keyfile import create_secret, read_secret
from audit.leaf import Leaf
from audit.note import Note, Signature, decode_base64, encode_base64, valid_name
from audit.rotation import KeyChain, KeyChange
from audit.vkey import ED25519, KEY_BYTES, VerifierKey

_PREFIX = "PRIVATE+KEY+"


class Signer(Protocol):
    """Signs note texts with one key, under one name. MUST be deterministic."""

    @property
    def vkey(self) -> VerifierKey:
        """The public half; its name is the origin of the log."""
        ...

    def sign(self, text: str, /) -> Signature:
        """Sign exactly this text. Called outside any transaction; MUST be quick, for all wait.

        Raises:
            NotDurableError: it cannot sign now; the entry gets no receipt.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """A key that lives in a file outside the database and outside its backups."""

    vkey: VerifierKey
    key: Ed25519PrivateKey = field(repr=False)

    def sign(self, text: str, /) -> Signature:
        """Sign (RFC 8032: the same text gives the same signature)."""
        return Signature(self.vkey.name, self.vkey.key_id, self.key.sign(text.encode()))

    @classmethod
    def create(cls, path: Path, name: str) -> "Ed25519Signer":
        """Make a new key and its file (0600).

        Raises:
            FileExistsError: a key is never overwritten.
            MalformedError: no key may have this name.
        """
        if not valid_name(name):
            raise MalformedError("key name", "no space, no plus", name)
        key = Ed25519PrivateKey.generate()
        signer = cls(VerifierKey(name, key.public_key().public_bytes_raw()), key)
        seed = encode_base64(ED25519 + key.private_bytes_raw())
        create_secret(path, f"{_PREFIX}{name}+{signer.vkey.key_id.hex()}+{seed}\n")
        return signer

    @classmethod
    def load(cls, path: Path) -> "Ed25519Signer":
        """Read a key file.

        Raises:
            UnusableError: others can read it.
            MalformedError: it is not one key.
        """
        return cls.parse(read_secret(path).removesuffix("\n"))

    @classmethod
    def parse(cls, line: str) -> "Ed25519Signer":
        """Read a key line; errors never show what is in it.

        Raises:
            MalformedError: it is not one key.
        """
        name, _, rest = line.removeprefix(_PREFIX).partition("+")
        short, _, encoded = rest.partition("+")
        data = decode_base64(encoded, "signing key")
        wrong = not line.startswith(_PREFIX) or not valid_name(name)
        if wrong or data[:1] != ED25519 or len(data) != 1 + KEY_BYTES:
            raise MalformedError("signing key", "PRIVATE+KEY+name+id+base64", "another form")
        key = Ed25519PrivateKey.from_private_bytes(data[1:])
        signer = cls(VerifierKey(name, key.public_key().public_bytes_raw()), key)
        if signer.vkey.key_id.hex() != short:
            raise MalformedError("signing key", f"the id {signer.vkey.key_id.hex()}", "another")
        return signer


class Keyring:
    """The keys that this process can sign with. What the log says decides which of them do."""

    def __init__(self, signers: Iterable[Signer]) -> None:
        self._signers = {each.vkey: each for each in signers}

    def hold(self, signer: Signer) -> None:
        """Hold one more key. It signs nothing before an entry adds it."""
        self._signers[signer.vkey] = signer

    def holds(self, key: VerifierKey) -> bool:
        """Whether this process can sign with this key."""
        return key in self._signers

    def require(self, chain: KeyChain, size: int) -> None:
        """Return if every key is here that signs the log at this size.

        Raises:
            UnusableError: one is missing.
        """
        for key in chain.at(size):
            if key not in self._signers:
                raise UnusableError("log", f"the key {key.key_id.hex()} that signs it is not here")

    def signers(self, chain: KeyChain, size: int) -> tuple[Signer, ...]:
        """Return who signs the log at this size, the newest key last; see `require`."""
        self.require(chain, size)
        return tuple(self._signers[key] for key in chain.at(size))

    def usable(self, chain: KeyChain) -> tuple[Signer, ...]:
        """Return every key that is here and that the log has not retired."""
        retired = {*chain.retired}
        return tuple(each for key, each in self._signers.items() if key not in retired)

    def note(self, chain: KeyChain, head: Checkpoint) -> str:
        """Sign a checkpoint with every key that signs the log at its size.

        Raises:
            NotDurableError: a signer cannot now.
        """
        text = head.text()
        signers = self.signers(chain, head.size)
        return Note(text, tuple(each.sign(text) for each in signers)).write()


def changed(chain: KeyChain, keys: Keyring, start: int, leaves: Sequence[bytes | None]) -> KeyChain:
    """Return the chain after these entries, the first of which gets the index `start`.

    `leaves` holds the bytes of those that change a key, and None for the others. One batch changes
    one key: so a checkpoint lies between any two changes, signed by both keys.

    Raises:
        UntrustedError: the log could not follow the change, or nobody here could sign after it.
    """
    after = chain
    for index, leaf in enumerate(leaves, start):
        if leaf is None:
            continue
        if after is not chain:
            raise UntrustedError("key change", "one at a time")
        try:
            after = after.after(KeyChange.read(index, Leaf.parse(leaf)))
            keys.require(after, index + 1)
        except (MalformedError, UnusableError) as fault:
            raise UntrustedError("key change", str(fault)) from fault
    return after
