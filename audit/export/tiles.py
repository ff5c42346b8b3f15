"""The tree as C2SP tlog-tiles lays it out: 256 hashes to a file, fewer in the last of a level."""

import re
from collections.abc import Callable, Iterator

from audit.errors import MalformedError
from audit.merkle import TILE_LEVELS, Edge

WIDTH = 1 << TILE_LEVELS
_THOUSAND = 1000
_MOST_PATH = 64
_PATH = re.compile(
    r"tile/([0-7])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)
"""A tile of level 7 is over 2 ** 56 entries."""


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Return where a tile lies: `tile/0/x001/067`, or `tile/0/x001/067.p/8` if it is partial."""
    parts = [f"{index % _THOUSAND:03}"]
    while index := index // _THOUSAND:
        parts.insert(0, f"x{index % _THOUSAND:03}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(parts)}{partial}"


def parse_tile(path: str) -> tuple[int, int, int]:
    """Return the level, index and width of the tile that lies at `path`.

    Raises:
        MalformedError: no tile lies there.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise MalformedError("tile", "tile/<level>/<index>, partial or not", path[:_MOST_PATH])
    level, index = int(found[1]), int(found[2].replace("x", "").replace("/", ""))
    width = WIDTH if found[3] is None else int(found[3])
    if tile_path(level, index, width) != path or not 0 < width <= WIDTH:
        raise MalformedError("tile", "its one spelling", path[:_MOST_PATH])
    return level, index, width


def tiles_of(size: int) -> Iterator[tuple[str, int]]:
    """Yield every tile of a tree of this size: its path, and how many hashes it holds."""
    level = 0
    while size:
        full, rest = divmod(size, WIDTH)
        yield from ((tile_path(level, index), WIDTH) for index in range(full))
        if rest:
            yield tile_path(level, full, rest), rest
        level, size = level + 1, full


class Tiler:
    """Takes leaf hashes in order, and gives each tile away as soon as it is whole."""

    def __init__(self, give: Callable[[str, bytes], object]) -> None:
        self.edge = Edge()
        self._give = give
        self._open: list[list[bytes]] = [[]]

    def add(self, leaf_hash: bytes) -> None:
        """Take one leaf hash."""
        index = self.edge.size
        self.edge, nodes = self.edge.extended([leaf_hash])
        self._put(0, index, leaf_hash)
        for node in nodes:
            self._put(node.level // TILE_LEVELS, node.index, node.hash)

    def finish(self) -> None:
        """Give away the tiles that stay partial; take nothing afterwards."""
        for level, hashes in enumerate(self._open):
            if hashes:
                index = self.edge.size >> (TILE_LEVELS * (level + 1))
                self._give(tile_path(level, index, len(hashes)), b"".join(hashes))

    def _put(self, level: int, index: int, hashed: bytes) -> None:
        if level == len(self._open):
            self._open.append([])
        hashes = self._open[level]
        hashes.append(hashed)
        if len(hashes) == WIDTH:
            self._give(tile_path(level, index >> TILE_LEVELS), b"".join(hashes))
            hashes.clear()
