"""Which segments a list is made of now, and what changed since they were written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from classifiers.errors import BankError
from classifiers.hash_index import sealed
from classifiers.perceptual import BYTES

NAME = "list"
_FORMAT = 1


class Part(BaseModel):
    """One segment, and which of its rows were withdrawn."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    rows: int
    withdrawn: frozenset[int] = frozenset()

    @property
    def left(self) -> int:
        """How many rows still match."""
        return self.rows - len(self.withdrawn)


@dataclass(frozen=True, slots=True)
class Listed:
    """One hash, and what its owner noted to know it again, such as `partner/417`.

    Raises:
        ValueError: the hash is of another length.
    """

    hash: bytes = field(repr=False)
    note: str

    def __post_init__(self) -> None:
        if len(self.hash) != BYTES:
            message = f"hash: expected {BYTES} bytes, got {len(self.hash)}"
            raise ValueError(message)


class State(BaseModel):
    """All of a list but the content of its segments."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    format: int = _FORMAT
    parts: tuple[Part, ...] = ()
    newest: tuple[tuple[str, str], ...] = ()
    """What was added since the last segment was written: hash in hex, note."""

    @classmethod
    def of(cls, parts: Iterable[Part], tail: Iterable[Listed]) -> Self:
        """Write a state with this tail."""
        newest = tuple((row.hash.hex(), row.note) for row in tail)
        return cls(parts=tuple(parts), newest=newest)

    @property
    def tail(self) -> tuple[Listed, ...]:
        """What was added since the last segment was written."""
        return tuple(Listed(bytes.fromhex(digest), note) for digest, note in self.newest)

    @property
    def left(self) -> int:
        """How many rows match."""
        return len(self.newest) + sum(part.left for part in self.parts)


def packed(rows: Iterable[Listed]) -> NDArray[np.uint8]:
    """Return the hashes of rows, n x 32."""
    together = b"".join(row.hash for row in rows)
    return np.frombuffer(together, np.uint8).reshape(-1, BYTES)


def read(folder: Path, key: bytes) -> State:
    """Read the state of the list in a folder.

    Raises:
        BankError: it is missing or does not verify. A lost list is not an empty one.
    """
    path = folder / NAME
    try:
        memory = np.empty(sealed.length(path), np.uint8)
        sealed.read_into(path, key, memory)
        state = State.model_validate_json(memory.tobytes())
    except FileNotFoundError:
        message = f"list {folder.name}: expected its file, got none"
        raise BankError(message) from None
    except ValidationError:
        message = f"list {folder.name}: expected a state of this format"
        raise BankError(message) from None
    if state.format != _FORMAT:
        message = f"list {folder.name}: expected format {_FORMAT}, got {state.format}"
        raise BankError(message)
    return state


def write(folder: Path, key: bytes, state: State) -> None:
    """Replace the state; when this returns every process sees the new one, also after a crash."""
    sealed.write(folder / NAME, key, np.frombuffer(state.model_dump_json().encode(), np.uint8))
