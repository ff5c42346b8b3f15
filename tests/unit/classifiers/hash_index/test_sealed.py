from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from classifiers.errors import BankError
from classifiers.hash_index import sealed

KEY = b"k" * 32
PIECE = 1 << 20
HEAD = 60


def some(size: int) -> NDArray[np.uint8]:
    return np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)


def unsealed(path: Path, key: bytes = KEY) -> bytes:
    memory = np.zeros(sealed.length(path), np.uint8)
    sealed.read_into(path, key, memory)
    return memory.tobytes()


def exchanged(data: bytes) -> bytes:
    """The first piece and the second in each other's place."""
    first, second, rest = HEAD, HEAD + PIECE + 16, HEAD + 2 * (PIECE + 16)
    return data[:first] + data[second:rest] + data[first:second] + data[rest:]


HARM: dict[str, Callable[[bytes], bytes]] = {
    "shorter": lambda data: data[:-1],
    "longer": lambda data: data + b"x",
    "a piece less": lambda data: data[: -PIECE - 16],
    "empty": lambda data: data[:0],
    "half a head": lambda data: data[:30],
    "pieces exchanged": exchanged,
}


class TestRoundTrip:
    @pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 5])
    def test_what_is_sealed_is_read(self, tmp_path: Path, size: int) -> None:
        """Lengths about the border of a piece are where one would be lost."""
        sealed.write(tmp_path / "a", KEY, some(size))

        assert unsealed(tmp_path / "a") == some(size).tobytes()

    def test_only_the_owner_may_read_it_and_without_the_key_it_says_nothing(
        self, tmp_path: Path
    ) -> None:
        """Hashes of known pictures are treated as personal data."""
        sealed.write(tmp_path / "a", KEY, np.zeros(5000, np.uint8))

        assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
        assert bytes(8) not in (tmp_path / "a").read_bytes()[HEAD:]

    def test_the_same_content_is_sealed_differently_each_time(self, tmp_path: Path) -> None:
        """A nonce that came twice would open both; and readers see by it that a file changed."""
        sealed.write(tmp_path / "a", KEY, some(100))
        first, known = (tmp_path / "a").read_bytes(), sealed.identity(tmp_path / "a")
        sealed.write(tmp_path / "a", KEY, some(100))

        assert first[HEAD:] != (tmp_path / "a").read_bytes()[HEAD:]
        assert known != sealed.identity(tmp_path / "a")


class TestAltered:
    @settings(deadline=None)  # disks take their time
    @given(place=st.integers(0, HEAD + 300 + 16 - 1), bit=st.integers(0, 7))
    def test_no_bit_can_be_changed(
        self, tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
    ) -> None:
        """One bit of one hash would let one picture through."""
        path = tmp_path_factory.mktemp("sealed") / "a"
        sealed.write(path, KEY, some(300))
        data = bytearray(path.read_bytes())
        data[place] ^= 1 << bit
        path.write_bytes(data)

        with pytest.raises(BankError, match="verifies"):
            unsealed(path)

    @pytest.mark.parametrize("harm", HARM)
    def test_nothing_can_be_left_out_added_or_moved(self, tmp_path: Path, harm: str) -> None:
        """Half a list would answer for a whole one."""
        path = tmp_path / "a"
        sealed.write(path, KEY, some(3 * PIECE))
        path.write_bytes(HARM[harm](path.read_bytes()))

        with pytest.raises(BankError, match="verifies"):
            unsealed(path)

    def test_neither_another_key_nor_another_name_opens_it(self, tmp_path: Path) -> None:
        """One segment put in another's place would be a list with a part missing."""
        sealed.write(tmp_path / "a", KEY, some(300))
        (tmp_path / "b").write_bytes((tmp_path / "a").read_bytes())

        with pytest.raises(BankError):
            unsealed(tmp_path / "a", b"j" * 32)
        with pytest.raises(BankError):
            unsealed(tmp_path / "b")

    def test_an_empty_content_is_proved_empty(self, tmp_path: Path) -> None:
        """Whoever could make one without the key could empty a list."""
        sealed.write(tmp_path / "a", KEY, some(0))

        with pytest.raises(BankError):
            unsealed(tmp_path / "a", b"j" * 32)

    def test_what_cannot_be_read_is_an_error_of_the_list(self, tmp_path: Path) -> None:
        """A folder in a file's place, a disk that fails: all are nobody could look."""
        (tmp_path / "a").mkdir()

        with pytest.raises(BankError):
            sealed.length(tmp_path / "a")
        with pytest.raises(FileNotFoundError):
            sealed.length(tmp_path / "b")

    def test_a_short_key_is_refused(self, tmp_path: Path) -> None:
        """It is a mistake of whoever built us, not a list gone bad."""
        with pytest.raises(ValueError, match="32"):
            sealed.write(tmp_path / "a", b"short", some(1))
