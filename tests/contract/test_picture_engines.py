"""Every engine of image classifiers that runs without torch; `make check-gpu` asks the others."""

import pytest
from typing_extensions import override

from classifiers.batcher import Answering, Batcher
from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.picture_engines import Planes, open_engine
from classifiers.picture_engines.onnx_engine import OneByOne, Together
from classifiers.pins import Kind
from classifiers.pulled import opened_files
from classifiers.runtime import Session, runs_on
from tests.contract.picture_engine_contract import Given, PictureEngineContract
from tests.unit.classifiers.raters import classifier, write_rater


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    """A model of three labels, whose last one is brightness."""
    folder = write_rater(tmp_path_factory.mktemp("rater"), classifier((0.0, 0.5, 0.2), bright=0.5))
    return opened_files(folder, Kind.IMAGE_CLASSIFIER)


class TestChosen(PictureEngineContract):
    @staticmethod
    @override
    def opened(given: Given) -> Answering[Planes]:
        return open_engine(*given, device=Device.CPU)


class TestOneByOne(PictureEngineContract):
    @staticmethod
    @override
    def opened(given: Given) -> Answering[Planes]:
        pin, files = given
        return OneByOne(Session("one by one", files[pin.graph]))


class TestTogether(PictureEngineContract):
    @staticmethod
    @override
    def opened(given: Given) -> Answering[Planes]:
        pin, files = given
        return Together(Session("together", files[pin.graph]))


class TestBatcher(PictureEngineContract):
    @staticmethod
    @override
    def opened(given: Given) -> Answering[Planes]:
        pin, files = given
        return Batcher("batches", Together(Session("together", files[pin.graph])), most=16)


def test_a_card_that_nothing_can_use_starts_nothing(given: Given) -> None:
    """The processor never stands in for a card that was asked for."""
    assert not runs_on(Device.CUDA)  # else `make check-gpu` is the place to ask
    with pytest.raises(ModelError, match="expected a card"):
        open_engine(*given, device=Device.CUDA)
