"""Which models may be fetched, and what they must be: a registry file, and the card of each.

Nothing is fetched or opened that is not wholly pinned: a revision, and the sha256 of every file.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files
from typing import Annotated, Final, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from classifiers.errors import ModelError
from classifiers.registry import Calibration, Digest, Licence, Pixels, Words
from classifiers.signals import SignalName
from classifiers.yaml_data import parse

SAFE_ENDINGS: Final = (".onnx", ".safetensors", ".csv", ".json")
"""What cannot run code when it is read."""
_FILE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
CARD: Final = "card.json"
EXPORTED: Final = "exported.onnx"
"""What is made here of weights that come without a graph."""
PREPARING: Final = "preprocessor_config.json"
"""In which file a classifier says how it wants its pixels."""
_WEIGHTS: Final = (".onnx", ".safetensors")
NAME: Final = re.compile(r"[a-z0-9_]{1,64}")


Weight = Annotated[float, Field(gt=0, le=1)]


class Kind(StrEnum):
    """By which code of ours a model is asked."""

    WD_TAGGER = "wd_tagger"
    HEAD_DETECTOR = "head_detector"
    IMAGE_CLASSIFIER = "image_classifier"


def _file_name(name: str) -> str:
    is_ours = name in {CARD, EXPORTED}
    if _FILE.fullmatch(name) is None or not name.endswith(SAFE_ENDINGS) or is_ours:
        message = f"expected a plain file name ending in {', '.join(SAFE_ENDINGS)}"
        raise ValueError(message)
    return name


class Exported(BaseModel):
    """The graph that was made here of a model's weights, and how near to them it answers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sha256: Digest
    by: Words
    """The programs that made it, with their versions."""
    pictures: Annotated[int, Field(gt=0)]
    """About how many it was compared."""
    furthest: Annotated[float, Field(ge=0)]
    """How far any of its answers about them was off, before they are made likelihoods."""


class Pin(BaseModel):
    """One model: whence it comes, what its files must be, and all that must be known about it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
    version: Annotated[str, Field(pattern=r"^\d{1,6}$")]
    kind: Kind
    repository: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$")
    ]
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None
    """A commit; None says that nobody has pinned it."""
    folder: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]*$", max_length=100)] = ""
    """Where in its repository the files lie, if not at its root."""
    files: Annotated[
        Mapping[Annotated[str, AfterValidator(_file_name)], Digest | None], Field(min_length=1)
    ]
    """Each file's sha256; None says that nobody has measured it."""
    licence: Licence
    pixels: Pixels
    labels: Words
    """The file with the order of the model's answers."""
    tag_map: Words | None
    """The reviewed file that says what a tagger's labels mean; it ships with this package."""
    tag_map_sha256: Digest | None
    signals: Mapping[SignalName, Mapping[Words, Weight]] | None = None
    """What the labels of an image classifier mean, each with its weight; of others nothing."""
    calibration: Calibration | None
    """None: never measured. Such a model may raise evidence, and answers no question."""
    exported: Exported | None = None
    """Of weights without a graph, once they are here; a registry says none."""
    published: Words
    blind_to: Annotated[tuple[Words, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _of_these_files(self) -> Self:
        if self.labels not in self.files or len(self._models) != 1:
            raise ValueError("files: expected one .onnx or .safetensors model and its labels")
        if self.has_weights_only and self.kind is not Kind.IMAGE_CLASSIFIER:
            raise ValueError("files: expected an .onnx model of this kind, got weights only")
        if self.exported is not None and not self.has_weights_only:
            raise ValueError("exported: expected none of a model that has its graph, got one")
        if (self.tag_map is None) == (self.kind is Kind.WD_TAGGER):
            raise ValueError("tag_map: expected one for a tagger, and for nothing else")
        if (self.signals is None) == (self.kind is Kind.IMAGE_CLASSIFIER):
            raise ValueError("signals: expected some for a classifier, and for nothing else")
        if self.calibration is not None and self.calibration.of != self.files[self.model]:
            raise ValueError("calibration: expected one of this model, got one of another")
        return self

    @property
    def _models(self) -> list[str]:
        return [name for name in self.files if name.endswith(_WEIGHTS)]

    @property
    def model(self) -> str:
        """The name of the file with the weights."""
        return self._models[0]

    @property
    def has_weights_only(self) -> bool:
        """Whether its graph is still to be made here, of `.safetensors`."""
        return self.model.endswith(".safetensors")

    @property
    def graph(self) -> str:
        """The name of the file that onnxruntime loads."""
        return EXPORTED if self.has_weights_only else self.model

    @property
    def pinned(self) -> bool:
        """Whether it is known exactly what must be fetched."""
        return self.revision is not None and all(self.files.values())

    @property
    def id(self) -> str:
        """Name, version and the start of the model's digest, as findings cite it."""
        return f"{self.name}@{self.version}+{(self.files[self.model] or 'unpinned')[:8]}"

    def write(self) -> bytes:
        """Write it as the card that lies beside its files; `parse_pin` reads it back."""
        return self.model_dump_json(indent=2).encode() + b"\n"


class _Registry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    models: tuple[Pin, ...]

    @model_validator(mode="after")
    def _before_anything_is_made_of_it(self) -> Self:
        if any(pin.exported is not None for pin in self.models):
            raise ValueError("exported: expected none in a registry, got one")
        return self


def parse_pin(name: str, card: bytes) -> Pin:
    """Read the card of the model called `name`.

    Raises:
        ModelError: it is no whole card, or another's.
    """
    try:
        pin = Pin.model_validate_json(card)
    except ValidationError as error:
        raise _faulty(name, error) from error
    if pin.name != name:
        message = f"card {name!r}: expected its own name, got {pin.name!r}"
        raise ModelError(message)
    return pin


def parse_registry(text: bytes) -> Mapping[str, Pin]:
    """Read a registry file: every model by its name.

    Raises:
        ModelError: it is no registry, or one name is there twice.
    """
    try:
        registry = _Registry.model_validate_json(json.dumps(parse(text)))
    except ValidationError as error:
        raise _faulty("registry", error) from error
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        message = f"registry: expected YAML, got {type(error).__name__}"
        raise ModelError(message) from error
    pins = {pin.name: pin for pin in registry.models}
    if len(pins) != len(registry.models):
        raise ModelError("registry: expected each name once, got one twice")
    return pins


def shipped_registry() -> bytes:
    """Return the registry file that ships with this package."""
    return (files("classifiers") / "tags" / "registry.yaml").read_bytes()


def check_file(pin: Pin, name: str, data: bytes) -> None:
    """Hold the bytes of one file against what was pinned.

    Raises:
        ModelError: they are others, or nobody pinned any.
    """
    made = pin.exported.sha256 if name == EXPORTED and pin.exported is not None else None
    expected, got = pin.files.get(name, made), hashlib.sha256(data).hexdigest()
    if expected != got:
        message = f"{pin.name}/{name}: expected sha256 {expected or 'to be pinned'}, got {got}"
        raise ModelError(message)


def _faulty(what: str, error: ValidationError) -> ModelError:
    places = sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()})
    return ModelError(
        f"card or registry {what!r}: expected all that must be said, got faults at {places!r}"
    )
