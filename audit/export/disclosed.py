"""Opened commitments, held to the entries that made them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast
from uuid import UUID

from audit.canonical_json import canonical
from audit.entry import Json, Kind
from audit.errors import MalformedError, UntrustedError
from audit.export.findings import ExportCheck
from audit.export.manifest import Manifest
from audit.export.profile import WITH_TILES, Scope
from audit.leaf import DETAIL, Leaf, commitment, read_object
from audit.note import decode_base64
from audit.report import Findings

_KEYS = {"index", "field", "salt", "value"}


class Disclosed:
    """Reads `disclosed.jsonl` beside a walk over the entries, in their order."""

    def __init__(self, manifest: Manifest, lines: Iterator[bytes], findings: Findings) -> None:
        self._scope, self._erased_said = manifest.scope, manifest.erased
        self._lines, self._findings = lines, findings
        self._next = self._read()
        self._closed: dict[UUID, int] = {}
        self._erased: set[UUID] = set()
        self.count = 0

    def take(self, index: int, leaf: Leaf) -> None:
        """Check everything that is said to be opened of this entry."""
        opened: list[str] = []
        while self._next is not None and self._next["index"] == index:
            try:
                opened.append(_check(self._scope, leaf, self._next))
            except (MalformedError, UntrustedError) as fault:
                self._findings.add(ExportCheck.DISCLOSED, str(fault), index)
            self._next = self._read()
        self.count += len(opened)
        expected = openable(self._scope, leaf)
        if not opened and expected:
            self._closed[leaf.entry_id] = index
        elif sorted(opened) != sorted(expected):
            self._findings.add(ExportCheck.DISCLOSED, "a part of it is not opened", index)
        if leaf.kind is Kind.ERASE:
            self._erased.update(map(UUID, cast("Sequence[str]", leaf.public.get("entries", ()))))

    def finish(self, border: int) -> None:
        """Find what belongs to no entry of the export, and what is closed without an erasure.

        Erasures are in every export with tiles; a subject's holds no other person's. Those that
        stood below `border` may have been dropped with their shard.
        """
        while self._next is not None:
            self._findings.add(ExportCheck.DISCLOSED, "a value belongs to no entry that is here")
            self._next = self._read()
        if self._scope.profile not in WITH_TILES:
            return
        for entry_id, index in self._closed.items():
            if entry_id not in self._erased and index >= border:
                what = "it is not opened, and no erasure is on record"
                self._findings.add(ExportCheck.DISCLOSED, what, index)
        if len(self._closed) != self._erased_said:
            what = "the manifest counts other erased details"
            self._findings.add(ExportCheck.DISCLOSED, what)

    def _read(self) -> dict[str, Json] | None:
        for line in self._lines:
            try:
                return _line(line)
            except MalformedError as fault:
                self._findings.add(ExportCheck.DISCLOSED, f"disclosed.jsonl: {fault}")
        return None


def openable(scope: Scope, leaf: Leaf) -> list[str]:
    """Return the commitments of a leaf that an export of this scope opens."""
    names = [*leaf.personal, *([] if leaf.detail is None else [DETAIL])]
    return [name for name in names if scope.discloses(leaf.kind, name)]


def _line(line: bytes) -> dict[str, Json]:
    said = read_object(line, "line")
    if said.keys() != _KEYS or canonical(said) != line:
        raise MalformedError("line", "its keys, in canonical form", "another")
    return said


def _check(scope: Scope, leaf: Leaf, said: Mapping[str, Json]) -> str:
    """Return the field whose value this is, once it is held to its commitment."""
    name, value = str(said["field"]), said["value"]
    if not scope.discloses(leaf.kind, name):
        raise UntrustedError("disclosed value", f"{scope.profile} opens no {name}")
    if not isinstance(value, dict) or len(value) != 1:
        raise MalformedError("disclosed value", "text, bytes or json", "another form")
    committed = leaf.detail if name == DETAIL else leaf.personal.get(name)
    salt = decode_base64(str(said["salt"]), "salt")
    if commitment(salt, name, _bytes(value)) != committed:
        raise UntrustedError("disclosed value", "it is not what the entry commits to")
    return name


def _bytes(value: Mapping[str, Json]) -> bytes:
    match value:
        case {"text": str(text)}:
            return text.encode()
        case {"bytes": str(encoded)}:
            return decode_base64(encoded, "value")
        case {"json": said}:
            return canonical(said)
        case _:
            raise MalformedError("disclosed value", "text, bytes or json", "another form")
