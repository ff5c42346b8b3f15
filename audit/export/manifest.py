"""The manifest: what an export holds, what it leaves out, and which entry of the log allows it.

It is signed with a key that was made for this one export and thrown away with it. Its public half
stands in the log, in the entry of the export: so whoever trusts the log needs no further key, and
nobody, its operator included, can make a second manifest for the same entry.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import cast
from uuid import UUID

from audit.canonical_json import canonical
from audit.entry import Json
from audit.errors import MalformedError
from audit.export.folder import File, require_name
from audit.export.profile import Scope
from audit.fields import is_count, is_digest, is_id, is_time
from audit.leaf import read_object
from audit.merkle import HASH_BYTES

MAX_BYTES = 256 * 1024 * 1024
_HEADER = "imprimatur.export/v1"
_KEYS = {
    "v", "export", "index", "origin", "size", "root", "made_at", "tool", "scope", "disclosed",
    "withheld", "erased", "policies_missing", "files",
}  # fmt: skip
_TOOL = re.compile(r"[ -~]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says.

    `export` is the id, and `index` the place, of the log's entry of this export; `size` and `root`
    are the log's as it was exported. `withheld` counts what is left out, by reason; it is empty
    where reasons are not told. `erased` counts details that were to be disclosed and were gone.
    """

    export: UUID
    index: int
    origin: str
    size: int
    root: str
    made_at: str
    tool: str
    scope: Scope
    disclosed: int
    withheld: Mapping[str, int]
    erased: int
    policies_missing: tuple[str, ...]
    files: Mapping[str, File]

    def write(self) -> bytes:
        """Write the canonical bytes."""
        files: dict[str, Json] = {
            name: {"sha256": each.sha256, "size": each.size} for name, each in self.files.items()
        }
        said = {name: getattr(self, name) for name in self.__slots__}
        more = {"export": str(self.export), "scope": self.scope.said(), "files": files}
        return canonical({"v": 1, **said, **more}) + b"\n"

    @classmethod
    def parse(cls, data: bytes) -> "Manifest":
        """Read a manifest.

        Raises:
            MalformedError: it is not what `write` would write.
        """
        said = read_object(data, "manifest")
        if said.keys() != _KEYS or said["v"] != 1:
            raise MalformedError("manifest", "version 1 with its keys", sorted(said))
        scope, files, withheld = said["scope"], said["files"], said["withheld"]
        if not (isinstance(scope, dict) and isinstance(files, dict) and isinstance(withheld, dict)):
            raise MalformedError("manifest", "objects under scope, files and withheld", "others")
        missing = said["policies_missing"]
        if not isinstance(missing, list) or not all(map(is_digest, missing)):
            raise MalformedError("manifest", "digests under policies_missing", "others")
        _check(said, withheld)
        read = cls(
            export=UUID(str(said["export"])),
            index=cast("int", said["index"]),
            origin=str(said["origin"]),
            size=cast("int", said["size"]),
            root=str(said["root"]),
            made_at=str(said["made_at"]),
            tool=str(said["tool"]),
            scope=Scope.read(scope),
            disclosed=cast("int", said["disclosed"]),
            withheld=cast("dict[str, int]", withheld),
            erased=cast("int", said["erased"]),
            policies_missing=tuple(map(str, missing)),
            files={require_name(name): _file(each) for name, each in files.items()},
        )
        if read.write() != data:
            raise MalformedError("manifest", "its canonical form", "another")
        return read

    def text(self) -> str:
        """Return what is signed; it can be read as no checkpoint."""
        return f"{_HEADER}\n{self.export}\n{sha256(self.write()).hexdigest()}\n"


def key_name(export: UUID) -> str:
    """Return the name under which this one export is signed."""
    return f"export/{export}"


def _check(said: Mapping[str, Json], withheld: Mapping[str, Json]) -> None:
    holds = {
        "export": is_id(said["export"]),
        "origin": isinstance(said["origin"], str),
        "root": is_digest(said["root"]) and len(str(said["root"])) == 2 * HASH_BYTES,
        "made_at": is_time(said["made_at"]),
        "tool": isinstance(said["tool"], str) and _TOOL.fullmatch(said["tool"]) is not None,
        "withheld": all(map(is_count, withheld.values())),
        **{name: is_count(said[name]) for name in ("index", "size", "disclosed", "erased")},
    }
    for name, right in holds.items():
        if not right:
            raise MalformedError("manifest", f"the shape of {name!r}", "another")


def _file(said: Json) -> File:
    if not isinstance(said, dict) or said.keys() != {"sha256", "size"}:
        raise MalformedError("manifest", "a digest and a size for each file", "others")
    digest, size = said["sha256"], said["size"]
    if not is_digest(digest) or len(str(digest)) != 2 * HASH_BYTES or not is_count(size):
        raise MalformedError("manifest", "a digest and a size for each file", "others")
    return File(str(digest), cast("int", size))
