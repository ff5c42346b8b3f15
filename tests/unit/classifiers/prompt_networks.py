"""Makes a network of the served shape with random weights, small enough for a test."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.prompt_grams import BUCKETS
from classifiers.prompt_heads import HEADS
from classifiers.prompt_network import NAME, PromptNetwork
from classifiers.training.prompts import graph

PIECES = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "light",
    "##house",
    "cat",
    "a",
    "at",
    "dawn",
    ",",
    "s",
)
WIDTH = 24
KNOWN = "a lighthouse at dawn"


def random_weights(
    seed: int = 5, wide: Sequence[int] = (WIDTH * 2,)
) -> dict[str, NDArray[np.float32]]:
    """A narrow MiniLM; `wide`: the inner width of each of its layers."""
    random = np.random.default_rng(seed)

    def some(*shape: int) -> NDArray[np.float32]:
        return random.normal(scale=0.4, size=shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": some(len(PIECES), WIDTH),
        "embeddings.position_embeddings.weight": some(512, WIDTH),
        "embeddings.token_type_embeddings.weight": some(2, WIDTH),
        "heads.weight": some(len(HEADS), WIDTH),
        "heads.bias": some(len(HEADS)),
    }
    for layer, inner in enumerate(wide):
        for part, (out, into) in _matrices(inner).items():
            matrix = f"encoder.layer.{layer}.{part}"
            weights |= {f"{matrix}.weight": some(out, into), f"{matrix}.bias": some(out)}
            weights[f"{matrix}.peak"] = np.full(into, 2.0, np.float32)
    layers = [f"encoder.layer.{layer}" for layer in range(len(wide))]
    norms = [f"{layer}.{part}" for layer in layers for part in ("attention.output", "output")]
    for norm in ("embeddings", *norms):
        weights[f"{norm}.LayerNorm.weight"] = np.ones(WIDTH, np.float32)
        weights[f"{norm}.LayerNorm.bias"] = some(WIDTH)
    return weights


def _matrices(inner: int) -> dict[str, tuple[int, int]]:
    return {
        "attention.self.query": (WIDTH, WIDTH),
        "attention.self.key": (WIDTH, WIDTH),
        "attention.self.value": (WIDTH, WIDTH),
        "attention.output.dense": (WIDTH, WIDTH),
        "intermediate.dense": (inner, WIDTH),
        "output.dense": (WIDTH, inner),
    }


def random_table(seed: int = 6) -> NDArray[np.float32]:
    """Weights of runs of letters."""
    return np.random.default_rng(seed).normal(size=(BUCKETS, len(HEADS))).astype(np.float32)


@cache
def tiny_model(wide: tuple[int, ...] = (WIDTH * 2,)) -> bytes:
    """A model with random weights that combines both parts."""
    ones = np.ones(len(HEADS), np.float32)
    shares = (ones, ones, ones * 0)
    return graph.calibrated(random_weights(wide=wide), random_table(), ones * 0, shares)


def write_network(folder: Path) -> PromptNetwork:
    """Write a tiny network with its card to `folder`, and open it."""
    model, listed = tiny_model(), ("\n".join(PIECES) + "\n").encode()
    (folder / f"{NAME}.onnx").write_bytes(model)
    (folder / f"{NAME}.vocab.txt").write_bytes(listed)
    card: dict[str, object] = {
        "name": NAME,
        "version": "1",
        "sha256": hashlib.sha256(model).hexdigest(),
        "vocabulary_sha256": hashlib.sha256(listed).hexdigest(),
        "heads": list(HEADS),
        "licence": {"spdx": "Apache-2.0", "holders": ["nobody"]},
        "thresholds": {
            "of": hashlib.sha256(model).hexdigest(),
            "numbers": dict.fromkeys(HEADS, 0.5),
            "found": "nowhere",
        },
        "known": {"text": KNOWN, "answer": [0.5] * len(HEADS), "tolerance": 1.0},
        "blind_to": ["everything"],
        "trained": {},
        "measured": {},
    }
    write_card(folder, card)
    network = PromptNetwork.open(folder)
    answer = network.answer(KNOWN, next(network.pieces.windows(KNOWN)))
    card["known"] = {
        "text": KNOWN,
        "answer": [float(one) for one in answer],
        "tolerance": 0.001,
    }
    write_card(folder, card)
    return PromptNetwork.open(folder)


def write_card(folder: Path, card: dict[str, object]) -> None:
    """Write a card."""
    (folder / f"{NAME}.card.json").write_text(json.dumps(card), "utf-8")


def read_card(folder: Path) -> dict[str, object]:
    """Read a card as JSON data."""
    read: dict[str, object] = json.loads((folder / f"{NAME}.card.json").read_bytes())
    return read
