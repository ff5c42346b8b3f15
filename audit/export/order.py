"""An order for an export, and the entry of the log that it becomes before anything leaves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.anchors import Anchor
from audit.entry import Entry, Json, Kind
from audit.errors import MalformedError
from audit.export.manifest import Manifest, key_name
from audit.export.opened import Opened
from audit.export.profile import Scope
from audit.note import Note, Signature
from audit.vkey import VerifierKey

Details = Callable[[Sequence[UUID]], Mapping[UUID, Sequence[Opened]]]
Tell = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Order:
    """An export that the log has an entry of; `key` is its own, and is used once.

    `papers` are the files that say what the log does not: policies, controls, lists; `anchors`
    are what outsiders said of its checkpoints.
    """

    export: UUID
    scope: Scope
    key: Ed25519PrivateKey = field(repr=False)
    tool: str
    papers: Mapping[str, bytes] = field(repr=False)
    anchors: tuple[Anchor, ...] = ()
    parquet: bool = False
    """Whether the table is written as Parquet as well; nobody can check it without a reader."""

    @property
    def vkey(self) -> VerifierKey:
        """The public half of the key, as the entry has it."""
        return VerifierKey(key_name(self.export), self.key.public_key().public_bytes_raw())

    def sign(self, manifest: Manifest) -> str:
        """Sign the manifest, as a note."""
        text = manifest.text()
        blob = self.key.sign(text.encode())
        return Note(text, (Signature(self.vkey.name, self.vkey.key_id, blob),)).write()


def nothing(_: Sequence[UUID]) -> Mapping[UUID, Sequence[Opened]]:
    """Disclose nothing."""
    return {}


def entry_of(
    export: UUID,
    scope: Scope,
    vkey: VerifierKey,
    at: datetime,
    persons: Mapping[str, str | bytes],
) -> Entry:
    """Return the log's entry of an export, which MUST be durable before anything is read for it.

    Raises:
        MalformedError: the scope cannot be asked for, or the key is not one of this export.
    """
    scope.check()
    if vkey.name != key_name(export):
        raise MalformedError("key of an export", f"one called {key_name(export)}", vkey.name)
    public: dict[str, Json] = {
        "event": "export.made",
        "name": scope.profile.value,
        "digest": scope.digest(),
        "vkey": vkey.write(),
        "second": "second" in persons,
        **({} if scope.tenant is None else {"tenant": scope.tenant}),
    }
    return Entry(export, Kind.EXPORT, at, public, persons, {"scope": scope.said()})
