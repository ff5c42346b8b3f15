"""Where the entries of a log lie: what every store promises, whichever database is behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from audit.entry import OpenSubmission
from audit.errors import AuditError
from audit.rotation import KeyChain
from audit.seal import Keyed, Sealed
from audit.signer import Keyring

MAX_BATCH = 256


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry ready to be written; `erases` names the entries whose details it deletes.

    `changes_key` says that it is a `key_change`, which the log itself has to follow.
    """

    entry_id: UUID
    leaf: bytes
    sealed: Sealed | None
    erases: tuple[UUID, ...] = ()
    changes_key: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry that is durable, and a signed checkpoint that covers it.

    `fresh` is false where the id was in the log before: then `leaf` is the earlier one.
    """

    index: int
    leaf: bytes
    checkpoint: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as it lies in the table."""

    index: int
    entry_id: bytes
    leaf: bytes
    leaf_hash: bytes


class Store(Protocol):
    """An opened and checked log. Only one task at a time may call `append`.

    Questions raise `UnusableError` where the database does not answer.
    """

    @property
    def signed(self) -> tuple[str, int]:
        """The newest checkpoint that this process signed, and the size that it covers."""
        ...

    @property
    def unkept(self) -> bool:
        """Whether that checkpoint is not in the database yet."""
        ...

    async def append(self, batch: Sequence[Prepared], /) -> Sequence[Stored | AuditError]:
        """Make the whole batch durable with one commit; answer for each entry in order.

        An entry that the database refuses for what it is does not take its neighbours with it.

        Raises:
            UnusableError: the log changed behind us. It MUST NOT go on.
        """
        ...

    async def keep_checkpoint(self) -> None:
        """Write the newest checkpoint down, where the next batch would have put it.

        Raises:
            NotDurableError: it could not; the next batch will.
        """
        ...

    async def drop(self, record: UUID, start: int, count: int, /) -> int:
        """Drop what goes with a shard, of `count` indices from `start` up; return how many went.

        `record` MUST be the entry that says that it is dropped (`audit.shards`). The hashes stay.
        What stays is not counted: it may go another time.

        Raises:
            NotDurableError: it did not happen, or nobody knows: do it again.
            MalformedError: there is no such record.
        """
        ...

    async def newest(self) -> tuple[str, int]:
        """Return a signed checkpoint over everything that was durable when this was asked."""
        ...

    async def row(self, entry_id: UUID, /) -> Row | None:
        """Return the entry with this id, if there is one."""
        ...

    async def rows(self, start: int, count: int, /) -> Sequence[Row]:
        """Return the entries from index `start` up, `count` at most, in order.

        Of a shard that was dropped, only those that stay are there: indices may be left out.
        """
        ...

    async def sealed(self, entry_id: UUID, /) -> Sealed | None:
        """Return what lies encrypted beside an entry, unless it was erased."""
        ...

    async def of_submission(self, submission: UUID, /) -> Sequence[Row]:
        """Return every entry that names this submission, in order."""
        ...

    async def keyed(self, after: UUID | None, count: int, /) -> Sequence[Keyed]:
        """Return which keys the details behind `after` have, `count` at most, by entry id."""
        ...

    async def path(self, index: int, size: int, /) -> tuple[bytes, ...]:
        """Return the hashes that prove entry `index` in the tree of `size`."""
        ...

    async def tile(self, level: int, index: int, width: int, /) -> tuple[bytes, ...]:
        """Return the first `width` hashes of a tile of the tree, as far as they are there."""
        ...

    async def open_submissions(self, size: int, /) -> Sequence[OpenSubmission]:
        """Return what was admitted below `size` and has not come to its end."""
        ...

    @property
    def keys(self) -> Keyring:
        """The keys that this process can sign with."""
        ...

    @property
    def chain(self) -> KeyChain:
        """What the log says of its keys, as far as this process has seen it."""
        ...

    async def consistency(self, first: int, second: int, /) -> tuple[bytes, ...]:
        """Return the hashes that prove the tree of size `first` a prefix of that of `second`."""
        ...

    async def close(self) -> None:
        """Keep the newest checkpoint if that is possible, and give everything back."""
        ...
