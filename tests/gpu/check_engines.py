"""The engines that need torch or a card: `make check-gpu` asks them; plain machines do not.

    IMPRIMATUR_DEVICE=cpu python -m pytest tests/gpu/check_engines.py

asks torch on the processor, which needs torch only.
"""

import os
from collections.abc import Sequence

import numpy as np
import pytest
from typing_extensions import override

from classifiers.batcher import Batcher
from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.prompt_engines import Engine, Question, open_engine
from classifiers.prompt_engines.onnx_engine import OneByOne
from classifiers.prompt_engines.torch_engine import TorchEngine
from classifiers.prompt_grams import grams_of_each
from classifiers.prompt_network import NAME, PromptNetwork
from classifiers.prompt_network import question as as_asked
from classifiers.registry import WEIGHTS
from classifiers.runtime import Session
from tests.contract.engine_contract import ALIKE, TOLERANCE, EngineContract, question
from tests.evasion.ordinary import ORDINARY
from tests.unit.classifiers.prompt_networks import tiny_model

DEVICE = Device(os.environ.get("IMPRIMATUR_DEVICE", "cuda"))
FURTHEST = 0.05
"""How far a single text may be off: last bits decide how an input is rounded (ADR 15)."""
AT_HOME = 0.99
"""The share of texts that must be within the tolerance."""


class TestTorch(EngineContract):
    @staticmethod
    @override
    def opened(model: bytes) -> Engine:
        return TorchEngine("torch", model, DEVICE)


class TestTorchInBatches(EngineContract):
    @staticmethod
    @override
    def opened(model: bytes) -> Engine:
        return Batcher("batches", TorchEngine("torch", model, DEVICE), most=16)


class TestChosen(EngineContract):
    """Whatever is taken when the device is asked for."""

    @staticmethod
    @override
    def opened(model: bytes) -> Engine:
        return open_engine("chosen", model, device=DEVICE)


def test_torch_takes_our_file_only() -> None:
    """A model of other parts would be run by halves."""
    for model in (b"no model", b""):
        with pytest.raises(ModelError):
            TorchEngine("torch", model, DEVICE)


@pytest.mark.skipif(DEVICE is Device.CUDA, reason="a card cannot go on after such a fault")
def test_a_fault_of_torch_is_a_model_error_and_the_next_question_is_answered() -> None:
    """Whatever torch raises, callers know one error."""
    engine = TorchEngine("torch", tiny_model(), DEVICE)
    wrong = Question(np.asarray([[10_000]], np.int64), *grams_of_each(["a cat"]))

    with pytest.raises(ModelError, match="expected an answer"):
        engine.ask([wrong])
    assert engine.ask([question("a cat")]).shape == (1, 10)


@pytest.fixture(scope="module")
def network() -> PromptNetwork:
    return PromptNetwork.open()


@pytest.fixture(scope="module")
def asked(network: PromptNetwork) -> Sequence[Question]:
    """Ordinary prompts, alone and in threes."""
    texts = [*ORDINARY, *map(", ".join, zip(*[iter(ORDINARY)] * 3, strict=False))]
    windows = [(text, window) for text in texts for window in network.pieces.windows(text)]
    return [as_asked(text, window) for text, window in windows]


class TestShipped:
    @pytest.mark.parametrize("kind", ["torch", "chosen"])
    def test_it_is_near_what_is_served_and_on_the_same_side(
        self, kind: str, network: PromptNetwork, asked: Sequence[Question]
    ) -> None:
        """Policies judge by thresholds, which were chosen for the answers of a processor."""
        model = (WEIGHTS / f"{NAME}.onnx").read_bytes()
        engine = (
            TorchEngine("torch", model, DEVICE)
            if kind == "torch"
            else open_engine("chosen", model, device=DEVICE)
        )
        served = OneByOne(Session("served", model)).ask(asked)
        found = np.concatenate([engine.ask(asked[at : at + 16]) for at in range(0, len(asked), 16)])
        engine.close()

        off = np.abs(found - served).max(axis=1)
        limits = np.asarray([network.card.thresholds.numbers[head] for head in network.card.heads])
        furthest, p95 = off.max(), np.quantile(off, 0.95)
        print(f"{kind}: {len(off)} texts, furthest {furthest:.4f}, p95 {p95:.4f}")  # noqa: T201  # whoever has a card wants to know
        assert (off < TOLERANCE).mean() >= AT_HOME
        assert off.max() < FURTHEST
        assert np.array_equal(found >= limits, served >= limits)
        assert np.median(off) < ALIKE

    def test_it_opens_on_the_device_and_knows_its_text(self) -> None:
        """The start of the gateway, as far as the prompt model goes."""
        network = PromptNetwork.open(device=DEVICE)
        network.warm()
        network.close()
