"""Chooses what runs the prompt model. A card that was asked for is used, or nothing starts."""

from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.prompt_engines import torch_engine
from classifiers.prompt_engines.batcher import Batcher
from classifiers.prompt_engines.by_text import by_text
from classifiers.prompt_engines.engine import Engine
from classifiers.prompt_engines.onnx_engine import OneByOne, Together
from classifiers.runtime import Session, runs_on


def open_engine(name: str, model: bytes, *, threads: int = 1, device: Device) -> Engine:
    """Open `model`, whose digest MUST have been checked before.

    Raises:
        ModelError: it does not load, or nothing that is installed can use the device.
    """
    if device is Device.CPU:
        return OneByOne(Session(name, model, threads=threads))
    return Batcher(name, on_card(name, model))


def on_card(name: str, model: bytes) -> Engine:
    """Open `model` on a card, without anything that collects questions in front.

    Raises:
        ModelError: it does not load, or nothing that is installed can use a card.
    """
    if runs_on(Device.CUDA):
        return Together(Session(name, by_text(model), device=Device.CUDA))
    if torch_engine.has_card():
        return torch_engine.TorchEngine(name, model, Device.CUDA)
    message = (
        f"{name}: expected a card that onnxruntime or torch can use, got none: install "
        "onnxruntime-gpu instead of onnxruntime, or torch for CUDA, or set device: cpu"
    )
    raise ModelError(message)
