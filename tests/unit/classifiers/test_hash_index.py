import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.hash_index import HashIndex, Match

HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=20)


def packed(hashes: list[bytes]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(len(hashes), 32)


@given(HASHES, HASHES, st.integers(0, 256))
def test_it_finds_what_counting_bits_one_by_one_finds(
    stored: list[bytes], asked: list[bytes], radius: int
) -> None:
    """A hash that is missed is a picture that passes."""
    expected = {
        Match(row, query, distance)
        for row, one in enumerate(stored)
        for query, other in enumerate(asked)
        if (distance := (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()) <= radius
    }

    assert set(HashIndex(packed(stored)).within(packed(asked), radius)) == expected


def test_hashes_of_another_length_are_refused() -> None:
    """They would be compared across their borders."""
    with pytest.raises(ValueError, match="n x 32"):
        HashIndex(np.zeros((4, 16), dtype=np.uint8))
