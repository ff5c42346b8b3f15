"""Chooses what runs an image classifier. A card that was asked for is used, or nothing starts."""

from collections.abc import Mapping

import numpy as np

from classifiers.batcher import MOST, Answering, Batcher
from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.picture_engines.onnx_engine import OneByOne, Planes, Together
from classifiers.picture_engines.torch_engine import TorchEngine
from classifiers.pins import Pin
from classifiers.prompt_engines.torch_engine import has_card
from classifiers.runtime import Session, runs_on


def open_engine(
    pin: Pin, files: Mapping[str, bytes], *, threads: int = 1, device: Device
) -> Answering[Planes]:
    """Open what is in `files`, whose digests MUST have been checked before.

    Raises:
        ModelError: it does not load, or nothing that is installed can use the device.
    """
    if device is Device.CPU:
        return OneByOne(Session(pin.id, files[pin.graph], threads=threads))
    card = on_card(pin, files)
    nothing = np.zeros((3, pin.pixels.height, pin.pixels.width), np.float32)
    card.ask([nothing] * MOST)  # first runs take seconds, and too little memory shows at the start
    return Batcher(pin.id, card)


def on_card(pin: Pin, files: Mapping[str, bytes]) -> Answering[Planes]:
    """Open it on a card, without anything that collects pictures in front.

    Raises:
        ModelError: it does not load, or nothing that is installed can use a card.
    """
    if runs_on(Device.CUDA):
        return Together(Session(pin.id, files[pin.graph], device=Device.CUDA))
    if pin.has_weights_only and has_card():
        return TorchEngine(pin, files, Device.CUDA)
    message = (
        f"{pin.id}: expected a card that onnxruntime can use, or weights and one that torch can, "
        "got none: install onnxruntime-gpu instead of onnxruntime, or set device: cpu"
    )
    raise ModelError(message)
