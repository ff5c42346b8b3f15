"""Which keys sign a log: its first one, and what its own entries say of others.

A `key_change` entry with the event `key.added` lets a second key sign beside the first; from the
checkpoint over that entry on, both sign. A later `key.retired` ends the older one. So whoever knows
one key of a log can follow it to every other: each was named under the signatures before it.

The ids of these entries follow from the log's name and their number: each can be found by asking,
without a walk over the log.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from audit.checkpoint import Checkpoint
from audit.entry import Kind
from audit.errors import MalformedError, UntrustedError
from audit.leaf import Leaf
from audit.note import Note
from audit.vkey import VerifierKey


class KeyEvent(StrEnum):
    """What an entry says of a key."""

    ADDED = "key.added"
    RETIRED = "key.retired"


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What the entry at `index` says of a key; it counts for every checkpoint over that entry."""

    index: int
    entry_id: UUID
    event: KeyEvent
    vkey: VerifierKey

    @classmethod
    def read(cls, index: int, leaf: Leaf) -> "KeyChange":
        """Read a `key_change` entry.

        Raises:
            MalformedError: it is none, or names no event or no key.
        """
        event, vkey = leaf.public.get("event"), leaf.public.get("vkey")
        if leaf.kind is not Kind.KEY_CHANGE or event not in [*KeyEvent]:
            raise MalformedError("key change", f"an event of {', '.join(KeyEvent)}", event)
        if not isinstance(vkey, str):
            raise MalformedError("key change", "a verifier key", "none")
        return cls(index, leaf.entry_id, KeyEvent(str(event)), VerifierKey.parse(vkey))


@dataclass(frozen=True, slots=True)
class KeyChain:
    """The first key of a log, and every change since, in order."""

    first: VerifierKey
    changes: tuple[KeyChange, ...] = ()

    @property
    def next_id(self) -> UUID:
        """The id of the entry that changes a key next."""
        log = uuid5(NAMESPACE_URL, self.first.name)
        return uuid5(log, f"{Kind.KEY_CHANGE}/{len(self.changes)}")

    def after(self, change: KeyChange) -> "KeyChain":
        """Return the chain with one more change.

        Raises:
            UntrustedError: its id is not the next one, it is of another log, brings back a key that
                was there, or retires one that does not sign or has no successor yet.
        """
        if change.entry_id != self.next_id:
            raise UntrustedError("key change", f"expected the id {self.next_id}")
        keys, key = self.at(change.index), change.vkey
        if key.name != self.first.name:
            raise UntrustedError("key change", f"a key of {key.name!r}, not {self.first.name!r}")
        known = [self.first, *(each.vkey for each in self.changes)]
        if change.event is KeyEvent.ADDED and any(key.key_id == each.key_id for each in known):
            raise UntrustedError("key change", f"the key {key.key_id.hex()} was there before")
        if change.event is KeyEvent.RETIRED and (key not in keys or key == keys[-1]):
            raise UntrustedError("key change", f"nothing succeeds the key {key.key_id.hex()}")
        return KeyChain(self.first, (*self.changes, change))

    def at(self, size: int) -> tuple[VerifierKey, ...]:
        """Return the keys that MUST sign a checkpoint of this size, the newest last."""
        keys = [self.first]
        for change in self.changes:
            if change.index < size:
                if change.event is KeyEvent.ADDED:
                    keys.append(change.vkey)
                else:
                    keys.remove(change.vkey)
        return tuple(keys)

    @property
    def additions(self) -> tuple[KeyChange, ...]:
        """The changes that added a key."""
        return tuple(each for each in self.changes if each.event is KeyEvent.ADDED)

    @property
    def retired(self) -> tuple[VerifierKey, ...]:
        """The keys that sign nothing any more."""
        return tuple(each.vkey for each in self.changes if each.event is KeyEvent.RETIRED)

    def open(self, note: str) -> Checkpoint:
        """Return the checkpoint in `note`, signed by every key that signed the log at its size.

        Raises:
            MalformedError: it is no signed checkpoint.
            UntrustedError: a key did not sign it, or it is another log's.
        """
        signed = Note.parse(note)
        checkpoint = Checkpoint.parse(signed.text)
        if checkpoint.origin != self.first.name:
            what = f"it is of {checkpoint.origin!r}, not of {self.first.name!r}"
            raise UntrustedError("checkpoint", what)
        for key in self.at(checkpoint.size):
            key.open(signed)
        return checkpoint

    def names(self, key: VerifierKey) -> bool:
        """Whether this key is the first, or was added later."""
        return key == self.first or any(key == each.vkey for each in self.changes)

    def unvouched(self, sizes: Iterable[int]) -> list[KeyChange]:
        """Return the retirements before which no checkpoint vouched for the newest key.

        `sizes` are those of good checkpoints. Both keys sign the ones between an addition and the
        retirement that follows it; without any, nobody but the new key itself speaks for it.
        """
        there = sorted(sizes)
        missing: list[KeyChange] = []
        added = 0
        for change in self.changes:
            if change.event is KeyEvent.ADDED:
                added = change.index
            elif not any(added < size <= change.index for size in there):
                missing.append(change)
        return missing


def follow(first: VerifierKey, find: Callable[[UUID], tuple[int, bytes] | None]) -> KeyChain:
    """Return the chain of a log that begins with this key; `find` gives index and leaf of an id.

    Raises:
        MalformedError, UntrustedError: a change cannot be read, or cannot be followed.
    """
    chain = KeyChain(first)
    while (found := find(chain.next_id)) is not None:
        index, leaf = found
        chain = chain.after(KeyChange.read(index, Leaf.parse(leaf)))
    return chain
