"""The engines of image classifiers that need torch or a card, on models that torch exported.

    IMPRIMATUR_DEVICE=cpu .venv-gpu/bin/python -m pytest tests/gpu/check_picture_engines.py

asks torch on the processor, in full precision.
"""

import os
from pathlib import Path

import pytest
from typing_extensions import override

from classifiers.batcher import Answering, Batcher
from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.exporting import export
from classifiers.picture_engines import Planes, open_engine
from classifiers.picture_engines.torch_engine import TorchEngine
from classifiers.pins import EXPORTED, parse_registry
from tests.contract.picture_engine_contract import Given, PictureEngineContract
from tests.unit.classifiers.raters import NAME
from tests.unit.classifiers.torch_raters import registry_of, write_weights

DEVICE = Device(os.environ.get("IMPRIMATUR_DEVICE", "cuda"))


def made(folder: Path) -> Given:
    """A tiny ViT, exported as pulling does it."""
    write_weights(folder)
    pin = parse_registry(registry_of(folder))[NAME]
    files = {name: (folder / name).read_bytes() for name in pin.files}
    pin, graph = export(pin, files)
    return pin, {**files, EXPORTED: graph}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    """The card and files of one."""
    return made(tmp_path_factory.mktemp("weights"))


class TestTorch(PictureEngineContract):
    @staticmethod
    @override
    def opened(given: Given) -> Answering[Planes]:
        return TorchEngine(*given, DEVICE)


class TestTorchInBatches(PictureEngineContract):
    @staticmethod
    @override
    def opened(given: Given) -> Answering[Planes]:
        return Batcher("batches", TorchEngine(*given, DEVICE), most=16)


class TestChosen(PictureEngineContract):
    """Whatever is taken when the device is asked for."""

    @staticmethod
    @override
    def opened(given: Given) -> Answering[Planes]:
        return open_engine(*given, device=DEVICE)


def test_torch_takes_weights_that_are_whole(tmp_path: Path) -> None:
    """A model of other parts would be run by halves."""
    pin, files = made(tmp_path)

    with pytest.raises(ModelError):
        TorchEngine(pin, {**files, pin.model: b"none"}, DEVICE)
