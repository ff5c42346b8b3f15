"""Every index answers as comparing bit by bit does; in particular as `Scan` does."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from classifiers.hash_index import Banded, HashIndex, Index, Match, Scan

Hashes = NDArray[np.uint8]

KINDS: dict[str, Callable[[Hashes], Index]] = {
    "scan": Scan,
    "banded": Banded.of,
    "in memory": HashIndex,
}
FEW = st.lists(st.binary(min_size=32, max_size=32), max_size=20)


def packed(hashes: list[bytes]) -> Hashes:
    return np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(len(hashes), 32)


def random(rows: int, seed: int) -> Hashes:
    return np.random.default_rng(seed).integers(0, 256, (rows, 32), dtype=np.uint8)


def near(hashes: Hashes, bits: int, seed: int) -> Hashes:
    """Every hash with so many of its bits flipped, at random places."""
    chance = np.random.default_rng(seed)
    order = chance.permuted(np.tile(np.arange(256), (len(hashes), 1)), axis=1)
    return hashes ^ np.packbits(order < bits, axis=1)


def plainly(stored: list[bytes], asked: list[bytes], radius: int) -> list[Match]:
    return [
        Match(row, query, distance)
        for query, other in enumerate(asked)
        for row, one in enumerate(stored)
        if (distance := (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()) <= radius
    ]


@pytest.mark.parametrize("kind", KINDS)
class TestIndex:
    @settings(deadline=None)  # tables of a small index are made anew for each example
    @given(FEW, FEW, st.integers(0, 256))
    def test_it_finds_what_counting_bits_one_by_one_finds(
        self, kind: str, stored: list[bytes], asked: list[bytes], radius: int
    ) -> None:
        """A hash that is missed is a picture that passes."""
        found = KINDS[kind](packed(stored)).within(packed(asked), radius)

        assert found == plainly(stored, asked, radius)

    @pytest.mark.parametrize("bits", [0, 1, 10, 30, 31, 32, 40])
    def test_copies_changed_in_any_bits_are_found_as_comparing_all_finds_them(
        self, kind: str, bits: int
    ) -> None:
        """The border of 31 is where a shortcut would lose a match first."""
        stored = random(5000, seed=bits)
        asked = near(stored[:200], bits, seed=1)

        found = KINDS[kind](stored).within(asked, 31)

        assert found == Scan(stored).within(asked, 31)
        assert {(m.row, m.query) for m in found} == {(n, n) for n in range(200) if bits <= 31}

    @settings(deadline=None)  # the same
    @given(st.integers(0, 2**32), st.integers(0, 31), st.integers(1, 8))
    def test_a_family_of_near_copies_is_found_whole(
        self, kind: str, seed: int, radius: int, spread: int
    ) -> None:
        """Lists hold many frames of one film, which meet in the same bands again and again."""
        stored = np.vstack([near(np.repeat(random(3, seed), 40, 0), spread, seed), random(60, 1)])
        asked = near(random(3, seed), spread, seed + 1)

        found = KINDS[kind](stored).within(asked, radius)

        assert found == Scan(stored).within(asked, radius)

    def test_every_way_to_spread_bits_over_the_words_is_found(self, kind: str) -> None:
        """Bands are cut within words, so whoever knew them would put the changes there."""
        stored = random(1, 5)
        chance = np.random.default_rng(6)
        asked = np.repeat(stored, 600, 0)
        for row in asked:
            bands = chance.permutation(12)[: chance.integers(4, 13)]
            places = np.concatenate([(np.arange(21) + 64 * (b // 3) + 21 * (b % 3)) for b in bands])
            bits = np.unpackbits(row, bitorder="little")
            bits[chance.choice(places, 31, replace=False)] ^= 1
            row[:] = np.packbits(bits, bitorder="little")

        found = KINDS[kind](np.vstack([stored, random(3000, 7)])).within(asked, 31)

        assert found == [Match(0, query, 31) for query in range(600)]

    def test_a_list_of_the_same_hash_is_found_whole(self, kind: str) -> None:
        """No band rules anything out there; it must cost time, not memory or a match."""
        stored = np.repeat(random(1, 2), 40_000, 0)

        found = KINDS[kind](stored).within(near(stored[:1], 3, 1), 31)

        assert found == [Match(row, 0, 3) for row in range(40_000)]

    def test_hashes_of_another_length_are_refused(self, kind: str) -> None:
        """They would be compared across their borders."""
        with pytest.raises(ValueError, match="n x 32"):
            KINDS[kind](np.zeros((4, 16), dtype=np.uint8))
        with pytest.raises(ValueError, match="n x 32"):
            KINDS[kind](random(3, 1)).within(np.zeros((4, 16), dtype=np.uint8), 31)
