"""Chooses what runs the prompt model. A card that was asked for is used, or nothing starts."""

from typing import Final

import numpy as np

from classifiers.batcher import MOST, Batcher
from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.prompt_engines import torch_engine
from classifiers.prompt_engines.by_text import by_text
from classifiers.prompt_engines.engine import Engine, Question
from classifiers.prompt_engines.onnx_engine import OneByOne, Together
from classifiers.prompt_pieces import PANE, PANES
from classifiers.runtime import Session, runs_on

LONGEST: Final = Question(
    np.ones((PANES, PANE), np.int64),
    np.zeros((PANES, 1), np.int64),
    np.zeros((PANES, 1), np.float32),
)
"""A window without a word that any vocabulary can ask about."""


def open_engine(name: str, model: bytes, *, threads: int = 1, device: Device) -> Engine:
    """Open `model`, whose digest MUST have been checked before.

    Raises:
        ModelError: it does not load, or nothing that is installed can use the device.
    """
    if device is Device.CPU:
        return OneByOne(Session(name, model, threads=threads))
    card = on_card(name, model)
    card.ask([LONGEST] * MOST)  # first runs take seconds, and too little memory shows at the start
    return Batcher(name, card)


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
