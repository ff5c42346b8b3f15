"""Answers of an image classifier through torch: on a card in half precision."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.picture_engines.original import Original, as_model_errors
from classifiers.pins import Pin
from classifiers.runtime import Array


class TorchEngine:
    """The makers' own network, many pictures at once; on the processor in full precision."""

    def __init__(self, pin: Pin, files: Mapping[str, bytes], device: Device) -> None:
        """Load `files`, whose digests MUST have been checked before.

        Raises:
            ModelError: torch or transformers is missing or refuses, or the card does.
        """
        self.id, self._device = pin.id, device.value
        network = Original(pin, files).network
        torch = import_module("torch")
        self._exact: Any = torch.float16 if device is Device.CUDA else torch.float32
        with as_model_errors(pin.id):
            self._network: Any = network.to(self._device, self._exact)

    def ask(self, pictures: Sequence[NDArray[np.float32]], /) -> Array:
        """Return a row of answers for each picture.

        Raises:
            ModelError: it is closed, the card failed or has no room, or an answer is no number.
        """
        network, torch = self._network, import_module("torch")
        if network is None:
            message = f"{self.id}: expected an open model, got a closed one"
            raise ModelError(message)
        with as_model_errors(self.id), torch.inference_mode():
            placed = torch.from_numpy(np.stack(pictures)).to(self._device, self._exact)
            rows: Array = network(pixel_values=placed).logits.float().cpu().numpy()
        if not np.isfinite(rows).all():  # half precision ends at 65,504
            message = f"{self.id}: expected finite numbers, got NaN or infinity"
            raise ModelError(message)
        return rows

    def close(self) -> None:
        """Free the weights; a batch in progress finishes."""
        self._network = None
