"""The layout of C2SP tlog-tiles: which files a tree has, and what is in them."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import MalformedError
from audit.export.tiles import Tiler, parse_tile, tile_path, tiles_of


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 67, 256, "tile/0/067"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (1, 1000, 256, "tile/1/x001/000"),
        (0, 273, 112, "tile/0/273.p/112"),
        (2, 0, 1, "tile/2/000.p/1"),
    ],
)
def test_a_tile_lies_where_the_specification_says(
    level: int, index: int, width: int, path: str
) -> None:
    """Another implementation asks for it there."""
    assert tile_path(level, index, width) == path
    assert parse_tile(path) == (level, index, width)


@given(st.text(max_size=40) | st.from_regex(r"tile/[0-9]/(x?[0-9]{3}/?){1,4}(\.p/[0-9]+)?"))
def test_a_path_is_read_in_its_one_spelling_or_not_at_all(path: str) -> None:
    """Two spellings of a tile would be two files in a cache, and one of them could lie."""
    try:
        read = parse_tile(path)
    except MalformedError:
        return
    assert tile_path(*read) == path


def test_the_specifications_own_example_has_its_tiles() -> None:
    """c2sp.org/tlog-tiles names them for a tree of 70,000."""
    named = dict(tiles_of(70_000))

    assert named["tile/0/273.p/112"] == 112
    assert named["tile/1/001.p/17"] == 17
    assert named["tile/2/000.p/1"] == 1
    assert len(named) == 273 + 1 + 1 + 1 + 1


@given(st.integers(0, 1200))
def test_the_tiles_that_are_given_away_are_those_of_the_size(size: int) -> None:
    """The reader knows from the size alone which files there have to be."""
    given_away: dict[str, bytes] = {}
    tiler = Tiler(given_away.__setitem__)
    for number in range(size):
        tiler.add(sha256(bytes([number % 256])).digest())
    tiler.finish()

    assert {name: len(tile) // 32 for name, tile in given_away.items()} == dict(tiles_of(size))
    assert tiler.edge.size == size
