"""The Merkle tree of RFC 6962, section 2.1: appending, proofs, and strict verifiers.

A tree is never held whole. Its right edge (the roots of the perfect subtrees that make it up,
largest first) is enough to append; any other hash is asked for by `(level, index)`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from audit.errors import UntrustedError

HASH_BYTES = 32
TILE_LEVELS = 8  # a tile is 256 wide: nodes are kept at levels 8, 16, 24 ...
EMPTY_ROOT = sha256(b"").digest()

Span = tuple[int, int]  # the leaves [start, end)
NodeAt = Callable[[int, int], bytes]  # (level, index) -> hash of that perfect subtree


def leaf_hash(leaf: bytes) -> bytes:
    """Hash a leaf: RFC 6962's 0x00 prefix keeps it apart from any inner node."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node: RFC 6962's 0x01 prefix."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Node:
    """One hash at the border of a tile."""

    level: int
    index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge of a tree: as many hashes as `size` has one bits, largest subtree first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def extended(self, leaf_hashes: Iterable[bytes]) -> "tuple[Edge, list[Node]]":
        """Return the edge after these leaves, and the tile-border nodes they completed.

        Level by level: of many leaves at once each costs little more than its one inner node.
        """
        row, left, right, nodes = [*leaf_hashes], [*self.hashes], list[bytes](), list[Node]()
        size, index, level = self.size + len(row), self.size, 0
        while row:
            if index & 1:  # the first has its left neighbour in the edge
                row.insert(0, left.pop())
            if len(row) & 1:  # the last has no right neighbour yet
                right.append(row.pop())
            pairs = iter(row)
            row = [sha256(b"\x01" + each + next(pairs)).digest() for each in pairs]
            index, level = index >> 1, level + 1
            if level % TILE_LEVELS == 0:
                nodes += [Node(level, place, each) for place, each in enumerate(row, index)]
        return Edge(size, (*left, *reversed(right))), nodes

    def root(self) -> bytes:
        """Return the root of the tree with this edge."""
        return fold(self.hashes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """Join the roots of neighbouring perfect subtrees, largest first, into one root."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Return the spans whose roots prove leaf `index` in a tree of `size` (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(index, size)
    start, end, spans = 0, size, list[Span]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(first: int, second: int) -> list[Span]:
    """Return the spans whose roots prove tree `first` a prefix of `second` (RFC 6962, 2.1.2)."""
    if not 0 < first <= second:
        raise ValueError(first, second)
    start, end, spans = 0, second, list[Span]()
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    if start > 0:  # the old tree is not itself one of the subtrees: its last part is needed
        spans.append((start, end))
    return spans[::-1]


def span_root(span: Span, node_at: NodeAt) -> bytes:
    """Return the root over `span`, which MUST start at a multiple of its largest subtree."""
    return fold([node_at(level, index) for level, index in perfect_subtrees(span)])


def perfect_subtrees(span: Span) -> list[tuple[int, int]]:
    """Return the perfect subtrees of `span` as (level, index), largest first."""
    start, end = span
    subtrees: list[tuple[int, int]] = []
    while start < end:
        level = (end - start).bit_length() - 1
        subtrees.append((level, start >> level))
        start += 1 << level
    return subtrees


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that the leaf hash `leaf` is at `index` of the tree with this size and root.

    Index and size alone say which hashes a proof has, and on which side each stands: the prover
    decides nothing (pymerkle up to 6.1.0 let it, and accepted a forged history).

    Raises:
        UntrustedError: it does not hold, for whatever reason.
    """
    if not 0 <= index < size:
        raise UntrustedError("inclusion proof", f"index {index} is not inside a tree of {size}")
    spans = inclusion_spans(index, size)
    _require_hashes([leaf, root, *proof])
    if len(proof) != len(spans):
        raise UntrustedError("inclusion proof", f"{len(proof)} hashes, not {len(spans)}")
    current = leaf
    for (start, _), step in zip(spans, proof, strict=True):
        current = node_hash(current, step) if start > index else node_hash(step, current)
    if current != root:
        raise UntrustedError("inclusion proof", "it leads to another root")


def verify_consistency(
    first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """Check that the tree of size `first` is a prefix of the tree of size `second`.

    Sizes start at 1: the empty tree is a prefix of everything, which proves nothing.

    Raises:
        UntrustedError: it does not hold, for whatever reason.
    """
    if not 0 < first <= second:
        raise UntrustedError("consistency proof", f"none from size {first} to {second}")
    spans = consistency_spans(first, second)
    _require_hashes([first_root, second_root, *proof])
    if len(proof) != len(spans):
        raise UntrustedError("consistency proof", f"{len(proof)} hashes, not {len(spans)}")
    steps = list(zip(spans, proof, strict=True))
    # Both trees share their last perfect subtree: the old tree itself, or else the first hash.
    shared = steps.pop(0)[1] if first & (first - 1) and first != second else first_root
    old = new = shared
    for (start, _), step in steps:
        if start >= first:
            new = node_hash(new, step)
        else:
            old, new = node_hash(step, old), node_hash(step, new)
    if old != first_root or new != second_root:
        raise UntrustedError("consistency proof", "it leads to other roots")


def _split(count: int) -> int:
    """Return the largest power of two below `count`, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _require_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(each) != HASH_BYTES for each in hashes):
        raise UntrustedError("proof", f"a hash is not {HASH_BYTES} bytes long")
