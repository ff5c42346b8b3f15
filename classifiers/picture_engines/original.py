"""A transformers classifier as its makers' code runs it, pixels included (the extra `models`).

Only weights that cannot run code are read, no code of the model's own is, and nothing is fetched.
"""

import io
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ModelError
from classifiers.pins import PREPARING, Pin
from classifiers.rendering import Pixels

Torch = Any  # torch and transformers are not installed where types are checked

_CONFIG: Final = "config.json"
_WEIGHTS: Final = "model.safetensors"
_OPSET: Final = 17
_INPUT: Final = "pixel_values"
_ODD: Final = 3
"""Pictures in the example by which a graph is traced: one alone would be taken for a constant."""


class Original:
    """One such classifier, on the processor, in the precision of its weights' own code."""

    def __init__(self, pin: Pin, files: Mapping[str, bytes]) -> None:
        """Load `files`, whose digests MUST have been checked before.

        Raises:
            ModelError: torch or transformers is missing or refuses, or a weight is missing: it
                would be made up by chance.
        """
        self.id = pin.id
        self._side = pin.pixels.width
        with as_model_errors(pin.id), TemporaryDirectory() as place:
            folder = Path(place)
            (folder / _CONFIG).write_bytes(files[pin.labels])
            (folder / _WEIGHTS).write_bytes(files[pin.model])
            (folder / PREPARING).write_bytes(files.get(PREPARING, b""))
            transformers: Any = import_module("transformers")
            import_module("transformers.utils.logging").disable_progress_bar()
            self.by = f"torch {_torch().__version__}, transformers {transformers.__version__}"
            self._processor = transformers.AutoImageProcessor.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, use_fast=False
            )
            self.network, told = transformers.AutoModelForImageClassification.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
                attn_implementation="eager",
                dtype=_torch().float32,
            )
        lacking = sorted(map(str, [*told["missing_keys"], *told["mismatched_keys"]]))
        if lacking:
            message = f"{pin.id}: expected every weight, got none for {lacking[:5]!r}"
            raise ModelError(message)
        self.network.eval()

    def answer(self, view: Pixels) -> NDArray[np.float64]:
        """Give what the model says of a picture, one number for each label.

        Raises:
            ModelError: it has no answer.
        """
        with as_model_errors(self.id), _torch().inference_mode():
            seen = self._processor(images=view, return_tensors="pt")[_INPUT]
            found: NDArray[np.float64] = self.network(pixel_values=seen).logits[0].double().numpy()
        return found

    def graph(self) -> bytes:
        """Write the model as ONNX, for any number of pictures at once.

        Raises:
            ModelError: torch cannot write it.
        """
        torch, model, written = _torch(), self.network, io.BytesIO()

        class Logits(torch.nn.Module):  # type: ignore[misc, name-defined]  # of an untyped module
            """The model with one input and one output."""

            def __init__(self) -> None:
                super().__init__()
                self.model = model

            def forward(self, pixel_values: Torch) -> Torch:
                """Answer about pictures."""
                return self.model(pixel_values=pixel_values).logits

        example = torch.zeros(_ODD, 3, self._side, self._side)
        with as_model_errors(self.id), torch.no_grad():
            torch.onnx.export(
                Logits().eval(),
                (example,),
                written,
                input_names=[_INPUT],
                output_names=["logits"],
                dynamic_axes={_INPUT: {0: "n"}, "logits": {0: "n"}},
                opset_version=_OPSET,
                dynamo=False,  # the other writer needs a package more
            )
        return written.getvalue()


def _torch() -> Any:  # noqa: ANN401  # see Torch
    return import_module("torch")


@contextmanager
def as_model_errors(who: str) -> Generator[None]:
    """Name what torch and transformers raise: they share no root, and warn of what is known."""
    try:
        unreadable: type[Exception] = import_module("safetensors").SafetensorError
    except ImportError as error:
        raise _not_installed(who) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ImportError as error:
        raise _not_installed(who) from error
    except (
        AssertionError,
        AttributeError,
        IndexError,
        KeyError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
        unreadable,
    ) as error:
        message = f"{who}: expected a model of transformers, got {type(error).__name__}"
        raise ModelError(message) from error


def _not_installed(who: str) -> ModelError:
    return ModelError(f"{who}: expected torch and transformers, got none: install `.[models]`")
