"""A file of labels and scores that can be handed on: nothing in it leads back to a picture.

The first line is a signed note over the digest of all the others. It is written where pictures may
be held that nobody else may hold, and read where thresholds are chosen.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from audit.errors import MalformedError, UntrustedError
from audit.note import Note
from audit.signer import Ed25519Signer
from audit.vkey import VerifierKey
from pipeline.cli.errors import UnusableError
from pipeline.cli.examining.scored import Scored

_FORM = "imprimatur-scores/1"


@dataclass(frozen=True, slots=True)
class Scores:
    """What such a file holds."""

    labels: tuple[str, ...]
    models: tuple[str, ...]
    """The digests of what looked."""
    pictures: tuple[Scored, ...]


def write(
    path: Path,
    signer: Ed25519Signer,
    labels: Sequence[str],
    sources: Iterable[str],
    pictures: Iterable[Scored],
) -> int:
    """Write the file and return how many pictures it tells of; the slice `source` is left out.

    Raises:
        OSError: it cannot be written.
    """
    models = [sha256(source.encode()).hexdigest() for source in sources]
    lines = [json.dumps({"labels": list(labels), "models": models})]
    lines += [json.dumps(_row(picture)) for picture in pictures]
    body = "".join(f"{line}\n" for line in lines).encode("ascii")
    text = _signed(body, len(lines) - 1)
    note = Note(text, (signer.sign(text),)).write()
    path.write_bytes(f"{json.dumps(note)}\n".encode("ascii") + body)
    return len(lines) - 1


def read(path: Path, key: VerifierKey) -> Scores:
    """Read a file that `key` signed.

    Raises:
        UnusableError: it is no such file, or another key signed it, or it was changed.
        OSError: it cannot be read.
    """
    first, _, body = path.read_bytes().partition(b"\n")
    try:
        note = Note.parse(str(json.loads(first)))
        key.open(note)
        return _read(note.text, body)
    except (ValueError, KeyError, TypeError, MalformedError, UntrustedError) as fault:
        said = "another file, or one that was changed"
        raise UnusableError(str(path), f"scores signed by {key.name}", said) from fault


def _read(signed: str, body: bytes) -> Scores:
    head, *rows = [json.loads(line) for line in body.splitlines()]
    if signed != _signed(body, len(rows)):
        raise MalformedError("scores", "what was signed", "something else")
    labels = tuple(map(str, head["labels"]))
    pictures = tuple(_picture(row, len(labels)) for row in rows)
    return Scores(labels, tuple(map(str, head["models"])), pictures)


def _signed(body: bytes, pictures: int) -> str:
    return f"{_FORM}\n{sha256(body).hexdigest()}\n{pictures}\n"


def _row(picture: Scored) -> dict[str, Any]:
    return {
        "labels": picture.labels,
        "scores": picture.scores,
        "slices": {name: kind for name, kind in picture.slices.items() if name != "source"},
        "judged": picture.is_judged,
    }


def _picture(row: dict[str, Any], count: int) -> Scored:
    labels, scores = tuple(_label(each) for each in row["labels"]), tuple(_scores(row["scores"]))
    if not len(labels) == len(scores) == count:
        raise ValueError
    slices = {str(name): str(kind) for name, kind in row["slices"].items()}
    return Scored(labels, scores, slices, bool(row["judged"]))


def _label(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise ValueError


def _scores(values: Iterable[object]) -> Iterator[float | None]:
    for value in values:
        if value is not None and not (isinstance(value, float) and 0 <= value <= 1):
            raise ValueError
        yield value
