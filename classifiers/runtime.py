"""Runs ONNX models through onnxruntime: one thread each unless told otherwise, nothing sent out."""

import os
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read on import: later it has made an id and a database

import onnxruntime as ort
from onnxruntime.capi import (
    onnxruntime_pybind11_state as ort_errors,  # pyright: ignore[reportAttributeAccessIssue]  # compiled
)

from classifiers.device import Device
from classifiers.errors import ModelError

Array = NDArray[Any]

_RUNTIME_ERRORS: Final = (
    ort_errors.DeviceReset,
    ort_errors.EPFail,
    ort_errors.EngineError,
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.ModelLoadCanceled,
    ort_errors.ModelLoaded,
    ort_errors.ModelRequiresCompilation,
    ort_errors.NoModel,
    ort_errors.NoSuchFile,
    ort_errors.NotFound,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
    RuntimeError,
    TypeError,
    ValueError,
)
"""onnxruntime's errors share no root; the last three are what its bindings raise on bad arrays."""
_ERRORS_ONLY: Final = 3


_PROVIDERS: Final = {Device.CPU: "CPUExecutionProvider", Device.CUDA: "CUDAExecutionProvider"}


def runs_on(device: Device) -> bool:
    """Whether the installed onnxruntime was built for a device."""
    return _PROVIDERS[device] in ort.get_available_providers()


class Session:
    """One loaded model. It may be run from several threads at once, until it is closed."""

    def __init__(
        self, name: str, model: bytes, *, threads: int = 1, device: Device = Device.CPU
    ) -> None:
        """Load `model`, whose digest MUST have been checked before.

        Raises:
            ModelError: onnxruntime cannot load it, or has no such device.
        """
        self.name = name
        provider = _PROVIDERS[device]
        if not runs_on(device):
            message = f"{name}: expected a runtime with {provider}, got one without"
            raise ModelError(message)
        try:
            loaded = ort.InferenceSession(model, _options(threads), providers=[provider])
        except _RUNTIME_ERRORS as error:
            message = f"{name}: expected a model that loads, got {type(error).__name__}"
            raise ModelError(message) from error
        if provider not in loaded.get_providers():  # it falls back to the processor by itself
            message = f"{name}: expected {provider} to start, got a runtime that could not start it"
            raise ModelError(message)
        self._inputs: tuple[str, ...] = tuple(part.name for part in loaded.get_inputs())
        self._session: ort.InferenceSession | None = loaded

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """Run the model on `inputs`, in the order of its graph, and give all its outputs.

        Raises:
            ModelError: it is closed, refuses the inputs, or answers with NaN or infinity.
        """
        session = self._session
        if session is None:
            message = f"{self.name}: expected an open model, got a closed one"
            raise ModelError(message)
        if len(inputs) != len(self._inputs):
            message = f"{self.name}: expected {len(self._inputs)} inputs, got {len(inputs)}"
            raise ModelError(message)
        try:
            answers = session.run(None, dict(zip(self._inputs, inputs, strict=True)))
        except _RUNTIME_ERRORS as error:
            message = f"{self.name}: expected an answer, got {type(error).__name__}"
            raise ModelError(message) from error
        outputs = tuple(np.asarray(answer) for answer in answers)
        if not all(np.isfinite(output).all() for output in outputs):
            message = f"{self.name}: expected finite numbers, got NaN or infinity"
            raise ModelError(message)
        return outputs

    def close(self) -> None:
        """Free the model's memory; a run in progress finishes, the next one is refused."""
        self._session = None


def _options(threads: int) -> Any:  # noqa: ANN401  # onnxruntime ships no types
    ort.disable_telemetry_events()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    return options
