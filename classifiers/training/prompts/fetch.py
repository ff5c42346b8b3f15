"""Fetches the sources from their public repositories, and applies the drops.

    python -m classifiers.training.prompts.fetch OUT

Each file comes from one commit. What was dropped before anything was learned stays dropped: of a
file that had rows taken out, only the rows listed in `kept.bin` are written (hashes of 5 bytes,
ascending), and their number must be the number that was kept. Any other file must have the digest
of `sources.json`. That all is as it was shows in the end: `prepare` prints the digest that stands
on the model's card.
"""

import csv
import hashlib
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self
from urllib.request import urlopen

HASH_BYTES: Final = 5
_SECONDS: Final = 60.0
_NIBBLER: Final = "nibbler/"


class FetchError(Exception):
    """What was fetched is not what was learned from."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file, and where it is published."""

    file: str
    repository: str
    commit: str
    path: str
    sha256: str
    """Of the file as it was learned from."""
    rows: int
    """What it then held; 0 if nothing was ever taken out of it."""

    @property
    def address(self) -> str:
        """Return where it can be fetched."""
        return f"https://github.com/{self.repository}/raw/{self.commit}/{self.path}"

    @classmethod
    def listed(cls) -> tuple[Self, ...]:
        """Return all that `sources.json` lists."""
        known = json.loads(_resource("sources.json"))["sources"]
        fields = ("file", "repository", "commit", "path", "sha256", "rows")
        return tuple(cls(**{name: one[name] for name in fields}) for one in known)


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows that were learned from, as hashes."""

    hashes: frozenset[bytes]

    @classmethod
    def listed(cls) -> Self:
        """Read `kept.bin`."""
        data = _resource("kept.bin")
        starts = range(0, len(data), HASH_BYTES)
        return cls(frozenset(data[start : start + HASH_BYTES] for start in starts))

    def has(self, file: str, row: str) -> bool:
        """Whether a row of a file was kept."""
        return row_hash(file, row) in self.hashes


def row_hash(file: str, row: str) -> bytes:
    """Return the hash of a row under which it is listed."""
    return hashlib.blake2b(f"{file}\0{row}".encode(), digest_size=HASH_BYTES).digest()


def rows(file: str, data: bytes) -> Iterator[str]:
    """Yield what tells the rows of a file apart.

    Raises:
        FetchError: it does not parse.
    """
    try:
        match file.rpartition(".")[2]:
            case "csv":
                yield from map(_joined, csv.reader(io.StringIO(data.decode("utf-8"))))
            case "json" if file.startswith(_NIBBLER):
                yield from json.loads(data)["prompt"]
            case "json":
                yield from _questions(json.loads(data))
            case _:
                yield from data.decode("utf-8").splitlines()
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        message = f"{file}: expected rows, got {type(error).__name__}"
        raise FetchError(message) from error


def only_kept(file: str, data: bytes, kept: Kept) -> bytes:
    """Return a file without the rows that were dropped.

    Raises:
        FetchError: it does not parse.
    """
    wanted = {row for row in rows(file, data) if kept.has(file, row)}
    match file.rpartition(".")[2]:
        case "csv":
            read = csv.reader(io.StringIO(data.decode("utf-8")))
            written = io.StringIO()
            csv.writer(written, lineterminator="\n").writerows(
                one for one in read if _joined(one) in wanted
            )
            return written.getvalue().encode()
        case "json" if file.startswith(_NIBBLER):
            columns: Mapping[str, Mapping[str, Any]] = json.loads(data)
            left = {
                name: {key: value for key, value in column.items() if key in wanted}
                for name, column in columns.items()
            }
            return json.dumps(left).encode()
        case "json":
            parts = {
                category: {
                    part: [one for one in questions if one in wanted]
                    for part, questions in inner.items()
                }
                for category, inner in json.loads(data).items()
            }
            return json.dumps(parts).encode()
        case _:
            lines = [line for line in data.decode("utf-8").splitlines() if line in wanted]
            return "".join(f"{line}\n" for line in lines).encode()


def checked(source: Source, data: bytes, kept: Kept) -> bytes:
    """Return a file as it was learned from.

    Raises:
        FetchError: it is another, or rows of it are missing.
    """
    if hashlib.sha256(data).hexdigest() == source.sha256:
        return data
    if not source.rows:
        message = f"{source.file}: expected sha256 {source.sha256}, got another"
        raise FetchError(message)
    left = only_kept(source.file, data, kept)
    count = sum(1 for _ in rows(source.file, left))
    if count != source.rows:
        message = f"{source.file}: expected {source.rows} kept rows, got {count}"
        raise FetchError(message)
    return left


def fetch(out: Path, read: Callable[[str], bytes]) -> None:
    """Write all sources to `out`; `read` gives what lies at an address.

    Raises:
        FetchError: a file is not what was learned from.
    """
    kept = Kept.listed()
    for source in Source.listed():
        path = out / source.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(checked(source, read(source.address), kept))
        print(source.file, flush=True)


def _joined(row: list[str]) -> str:
    return "\x1f".join(row)


def _questions(known: Mapping[str, Mapping[str, list[str]]]) -> Iterator[str]:
    for parts in known.values():
        for questions in parts.values():
            yield from questions


def _resource(name: str) -> bytes:
    return (files("classifiers.training.prompts") / name).read_bytes()


def _read(address: str) -> bytes:
    with urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310  # all addresses begin with https
        data: bytes = answer.read()
    return data


if __name__ == "__main__":
    fetch(Path(sys.argv[1]), _read)
