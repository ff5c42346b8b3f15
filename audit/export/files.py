"""An export's files as a verification reads them: what is not there reads as empty, and is told."""

from collections.abc import Iterator, Mapping
from hashlib import sha256

from audit.export.findings import ExportCheck
from audit.export.folder import MANIFEST, SIGNATURE, File, Source, pieces
from audit.export.names import ENTRIES
from audit.glance import MAX_LEAF_BYTES
from audit.note import MAX_CHARACTERS
from audit.report import Findings

MOST_LINE_BYTES = MAX_CHARACTERS + 1024


class Files:
    """Reads files by name, each at most as far as it may go."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self._source, self._findings = source, findings

    @property
    def sizes(self) -> Mapping[str, int]:
        """Every file there is, and how many bytes it has."""
        return self._source.sizes

    def check(self, said: Mapping[str, File]) -> None:
        """Hold every file to what the manifest says of it."""
        for name in self.sizes.keys() - said.keys() - {MANIFEST, SIGNATURE}:
            self._add(f"{name}: the manifest does not name it")
        for name, file in said.items():
            if name not in self.sizes:
                self._add(f"{name}: it is missing")
            elif self.sizes[name] != file.size or self._digest(name) != file.sha256:
                self._add(f"{name}: it is not what the manifest names")

    def entries(self) -> Iterator[bytes]:
        """Yield the bytes of every entry."""
        return self.lines(ENTRIES, MAX_LEAF_BYTES + 1)

    def lines(self, name: str, most: int = MOST_LINE_BYTES) -> Iterator[bytes]:
        """Yield every line of a file, without its end."""
        if name not in self.sizes:
            return
        with self._source.open(name) as file:
            while line := file.readline(most):
                if not line.endswith(b"\n"):
                    self._add(f"{name}: a line is too long, or has no end")
                    return
                yield line[:-1]

    def text(self, name: str) -> str:
        """Return a file as text."""
        return self.bytes(name, MAX_CHARACTERS).decode(errors="replace")

    def bytes(self, name: str, most: int) -> bytes:
        """Return a file, or so much of it."""
        if name not in self.sizes:
            return b""
        with self._source.open(name) as file:
            return file.read(most)

    def _digest(self, name: str) -> str:
        digest = sha256()
        with self._source.open(name) as file:
            for piece in pieces(file):
                digest.update(piece)
        return digest.hexdigest()

    def _add(self, what: str) -> None:
        self._findings.add(ExportCheck.FILES, what)
