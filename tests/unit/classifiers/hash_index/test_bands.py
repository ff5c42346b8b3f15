import numpy as np
import pytest

from classifiers.hash_index.bands import (
    BANDS,
    MOST_RADIUS,
    NARROWEST,
    WIDEST,
    keys,
    probes,
    width_for,
)
from classifiers.hash_index.tables import size_of


class TestProbes:
    def test_no_way_to_share_out_31_bits_escapes_every_band(self) -> None:
        """The proof that none is missed: to stay out of reach of all bands takes 32 bits."""
        flips = probes(NARROWEST).flips
        reach = [
            max(int(f).bit_count() for f in flips[probes(NARROWEST).band == band])
            for band in range(BANDS)
        ]

        assert sum(most + 1 for most in reach) == MOST_RADIUS + 1

    @pytest.mark.parametrize("width", range(NARROWEST, WIDEST + 1))
    def test_each_band_is_asked_for_every_key_that_near_and_for_none_twice(
        self, width: int
    ) -> None:
        """A key left out would be a hole of the size of one hash in a hundred thousand."""
        asked = probes(width)

        for band in range(BANDS):
            mine = asked.flips[asked.band == band]
            most = 1 if band % 3 == 2 else 2
            assert len(set(mine.tolist())) == len(mine)
            assert all(flips < 1 << width for flips in mine)
            expected = 1 + width + (width * (width - 1) // 2 if most == 2 else 0)
            assert len(mine) == expected
            assert all(int(flips).bit_count() <= most for flips in mine)

    def test_the_keys_of_a_hash_are_those_it_is_stored_under(self) -> None:
        """What is asked for and what is stored is cut in one way."""
        words = np.random.default_rng(3).integers(0, 2**63, (5, 4)).astype(np.uint64)
        asked = probes(17)

        for row in words:
            stored = [int(keys(row[np.newaxis], band, 17)[0]) for band in range(BANDS)]
            assert asked.of(row)[asked.flips == 0].tolist() == stored


class TestBands:
    def test_no_two_bands_share_a_bit(self) -> None:
        """A changed bit that counted in two bands would break the sum of the proof."""
        for bit in range(256):
            words = np.zeros((1, 4), np.uint64)
            words[0, bit // 64] = np.uint64(1) << np.uint64(bit % 64)
            assert sum(int(keys(words, b, WIDEST)[0]) != 0 for b in range(BANDS)) <= 1


class TestWidth:
    @pytest.mark.parametrize("rows", [1_000_000, 2_500_000, 5_000_000, 10_000_000, 40_000_000])
    def test_a_large_index_takes_three_times_its_hashes_at_most(self, rows: int) -> None:
        """Memory is what a host runs out of first."""
        assert size_of(rows, width_for(rows)) <= 3 * 32 * rows

    def test_a_small_index_has_small_tables(self) -> None:
        """They take 3 MB even if it is empty."""
        assert size_of(0, width_for(0)) < 4_000_000
