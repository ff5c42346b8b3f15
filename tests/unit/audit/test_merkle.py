import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import UntrustedError
from audit.merkle import (
    EMPTY_ROOT,
    Edge,
    consistency_spans,
    inclusion_spans,
    leaf_hash,
    node_hash,
    perfect_subtrees,
    span_root,
    verify_consistency,
    verify_inclusion,
)

VECTORS = json.loads(Path(__file__).parents[2].joinpath("vectors/merkle.json").read_text("utf-8"))
LEAVES = [bytes([number]) for number in range(70)]


def largest_power_below(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def mth(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word: the oracle for everything iterative."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = largest_power_below(len(leaves))
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def node_at(level: int, index: int) -> bytes:
    return mth(LEAVES[index << level : (index + 1) << level])


def b64(text: str) -> bytes:
    return base64.b64decode(text)


def inclusion(vector: dict[str, Any]) -> tuple[bytes, int, int, list[bytes], bytes]:
    return (
        b64(vector["leafHash"]),
        vector["leafIdx"],
        vector["treeSize"],
        [b64(step) for step in vector["proof"]],
        b64(vector["root"]),
    )


def consistency(vector: dict[str, Any]) -> tuple[int, int, list[bytes], bytes, bytes]:
    return (
        vector["size1"],
        vector["size2"],
        [b64(step) for step in vector["proof"]],
        b64(vector["root1"]),
        b64(vector["root2"]),
    )


def spoiled_proofs(proof: list[bytes], *roots: bytes) -> list[list[bytes]]:
    """The kinds of damage that upstream's own probes do to a proof."""
    garbage = bytes(32)
    spoiled = [[garbage, *proof], [*proof, garbage], [b"", *proof], [*proof, b""]]
    spoiled += [[root, *proof] for root in roots] + [[*proof, root] for root in roots]
    for place, step in enumerate(proof):
        flipped = bytes([step[0] ^ 16]) + step[1:]
        spoiled.append([*proof[:place], flipped, *proof[place + 1 :]])
        spoiled.append([*proof[:place], step[:-1], *proof[place + 1 :]])
    return spoiled + ([proof[:-1], proof[1:]] if proof else [])


class TestPublishedVectors:
    def test_the_well_known_tree_has_its_well_known_nodes(self) -> None:
        """Another hash anywhere and no other verifier could check our log."""
        level = [leaf_hash(bytes.fromhex(leaf)) for leaf in VECTORS["leaves"]]
        for expected in VECTORS["nodes"]:
            assert [node.hex() for node in level] == expected
            level = [node_hash(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)]

    def test_the_well_known_tree_has_its_well_known_roots(self) -> None:
        hashes = [leaf_hash(bytes.fromhex(leaf)) for leaf in VECTORS["leaves"]]
        roots = [Edge().extended(hashes[:size])[0].root().hex() for size in range(9)]
        assert roots == VECTORS["roots"]

    @pytest.mark.parametrize("vector", VECTORS["inclusion"])
    def test_published_inclusion_proofs_hold_and_damaged_ones_do_not(
        self, vector: dict[str, Any]
    ) -> None:
        leaf, index, size, proof, root = inclusion(vector)
        verify_inclusion(leaf, index, size, proof, root)

        bad = [(leaf, index, size, each, root) for each in spoiled_proofs(proof, root, leaf)]
        bad += [(leaf, index + 1, size, proof, root), (leaf, index - 1, size, proof, root)]
        bad += [(leaf, index ^ 2, size, proof, root), (leaf, index, size * 2, proof, root)]
        bad += [(leaf, index, size // 2, proof, root), (bytes(32), index, size, proof, root)]
        bad += [(leaf, index, size, proof, EMPTY_ROOT), (leaf, index, size, proof, bytes(32))]
        bad += [(leaf, index, size, proof, b""), (b"", index, size, proof, root)]
        for each in bad:
            with pytest.raises(UntrustedError):
                verify_inclusion(*each)

    @pytest.mark.parametrize("vector", VECTORS["consistency"])
    def test_published_consistency_proofs_hold_and_damaged_ones_do_not(
        self, vector: dict[str, Any]
    ) -> None:
        first, second, proof, old, new = consistency(vector)
        verify_consistency(first, second, proof, old, new)

        bad = [(first, second, each, old, new) for each in spoiled_proofs(proof, old, new)]
        bad += [(first + 1, second, proof, old, new), (first - 1, second, proof, old, new)]
        bad += [(first ^ 2, second, proof, old, new), (first, second * 2, proof, old, new)]
        bad += [(first, second // 2, proof, old, new), (second + 1, second, proof, old, new)]
        bad += [(first, second, proof, bytes(32), new), (first, second, proof, old, bytes(32))]
        bad += [(first, second, proof, new, old)] if old != new else []
        bad += [(0, second, proof, EMPTY_ROOT, new), (0, 0, [], EMPTY_ROOT, EMPTY_ROOT)]
        for each in bad:
            with pytest.raises(UntrustedError):
                verify_consistency(*each)


class TestAgainstTheRecursion:
    @pytest.mark.parametrize("size", range(1, 71))
    def test_every_proof_is_the_one_that_the_rfc_defines(self, size: int) -> None:
        leaves = LEAVES[:size]
        root = mth(leaves)
        assert Edge().extended(map(leaf_hash, leaves))[0].root() == root
        for index in range(size):
            proof = [span_root(span, node_at) for span in inclusion_spans(index, size)]
            assert proof == path(index, leaves)
            verify_inclusion(leaf_hash(leaves[index]), index, size, proof, root)
        for first in range(1, size + 1):
            proof = [span_root(span, node_at) for span in consistency_spans(first, size)]
            assert proof == subproof(first, leaves, whole=True)
            verify_consistency(first, size, proof, mth(leaves[:first]), root)

    @given(st.lists(st.binary(max_size=4), max_size=80), st.integers(0, 80))
    def test_the_edge_does_not_remember_where_batches_ended(
        self, leaves: list[bytes], cut: int
    ) -> None:
        """Group commit cuts anywhere; the tree must not show it."""
        hashes = [leaf_hash(leaf) for leaf in leaves]
        first, early = Edge().extended(hashes[:cut])
        both, late = first.extended(hashes[cut:])
        assert (both, early + late) == Edge().extended(hashes)

    def test_nodes_are_kept_at_tile_borders_only(self) -> None:
        hashes = [leaf_hash(b"")] * 600
        _, nodes = Edge().extended(hashes)
        assert [(node.level, node.index) for node in nodes] == [(8, 0), (8, 1)]
        assert nodes[0].hash == nodes[1].hash == Edge().extended(hashes[:256])[0].root()

    @given(st.integers(1, 2**63 - 1), st.data())
    def test_spans_of_huge_trees_are_few_and_cover_everything(
        self, size: int, data: st.DataObject
    ) -> None:
        """Nothing may recurse or loop with the size of the tree."""
        index = data.draw(st.integers(0, size - 1))
        spans = inclusion_spans(index, size)
        assert len(spans) <= 63
        assert sum(end - start for start, end in spans) == size - 1
        for span in spans:
            assert sum(1 << level for level, _ in perfect_subtrees(span)) == span[1] - span[0]


@pytest.mark.parametrize(
    "ask",
    [
        lambda: inclusion_spans(5, 5),
        lambda: inclusion_spans(-1, 5),
        lambda: consistency_spans(0, 5),
        lambda: consistency_spans(6, 5),
    ],
)
def test_proofs_that_cannot_exist_are_a_bug_of_the_caller(ask: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="5"):
        ask()
