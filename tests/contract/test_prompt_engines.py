"""Every engine that runs without a card and without torch; `make check-gpu` asks the others."""

from typing_extensions import override

from classifiers.batcher import Batcher
from classifiers.prompt_engines import Engine
from classifiers.prompt_engines.by_text import by_text
from classifiers.prompt_engines.onnx_engine import OneByOne, Together
from classifiers.runtime import Session
from tests.contract.engine_contract import EngineContract


class TestOneByOne(EngineContract):
    @staticmethod
    @override
    def opened(model: bytes) -> Engine:
        return OneByOne(Session("one by one", model))


class TestTogether(EngineContract):
    @staticmethod
    @override
    def opened(model: bytes) -> Engine:
        return Together(Session("together", by_text(model)))


class TestBatcher(EngineContract):
    @staticmethod
    @override
    def opened(model: bytes) -> Engine:
        return Batcher("batches", Together(Session("together", by_text(model))), most=16)
