"""Weights of transformers, through `models pull`: exported, compared, and opened (they need torch).

    .venv-gpu/bin/python -m pytest tests/gpu/check_exporting.py

It needs no card. The models are tiny, made here by transformers itself, with weights by chance.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from classifiers.exporting import LIMIT, pictures
from classifiers.picture_engines.original import Original
from classifiers.pins import EXPORTED, Kind
from classifiers.pulled import opened_files
from classifiers.rater import Rater
from pipeline.cli.main import app
from tests.unit.classifiers.raters import NAME, SIDE
from tests.unit.classifiers.torch_raters import KINDS, registry_of, write_weights

Pull = Callable[[Path], Result]


@pytest.fixture
def pull(tmp_path: Path) -> Pull:
    """Pull what lies in a folder, as it is typed."""

    def typed(folder: Path) -> Result:
        registry = tmp_path / "models.yaml"
        registry.write_bytes(registry_of(folder))
        words = ["--data-dir", str(tmp_path / "var"), "models", "pull", NAME]
        return CliRunner().invoke(app, [*words, "--registry", str(registry), "--from", str(folder)])

    return typed


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_was_pulled_answers_as_its_weights_do(pull: Pull, tmp_path: Path, kind: str) -> None:
    """The card says how near, and of which programs."""
    said = pull(write_weights(tmp_path / "given", kind))

    assert said.exit_code == 0, said.output
    place = tmp_path / "var" / "models" / NAME
    pin, files = opened_files(place, Kind.IMAGE_CLASSIFIER)
    assert pin.exported is not None
    assert pin.exported.furthest <= LIMIT
    assert "torch" in pin.exported.by
    rater, original = Rater.opened(place), Original(pin, files)
    rater.warm()
    for view in pictures(SIDE):
        assert np.abs(rater.answer(view) - original.answer(view)).max() <= LIMIT


def test_the_same_weights_become_the_same_graph(pull: Pull, tmp_path: Path) -> None:
    """Two hosts that pull it have one card."""
    given = write_weights(tmp_path / "given")
    place = tmp_path / "var" / "models" / NAME
    pull(given)
    first = (place / EXPORTED).read_bytes(), (place / "card.json").read_bytes()
    place.rename(tmp_path / "first")
    pull(given)

    assert ((place / EXPORTED).read_bytes(), (place / "card.json").read_bytes()) == first


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"image_processor_type": "EfficientNetImageProcessor", "rescale_offset": True}, "within"),
        ({"size": {"height": SIDE * 2, "width": SIDE * 2}}, "size of its card"),
    ],
    ids=["offset", "size"],
)
def test_pixels_that_its_makers_prepare_otherwise_are_refused(
    pull: Pull, tmp_path: Path, more: dict[str, Any], why: str
) -> None:
    """A key that our code does not know must not be passed over."""
    said = pull(write_weights(tmp_path / "given", preparing=more))

    assert said.exit_code == 1, said.output
    assert why in said.output
    assert not (tmp_path / "var" / "models" / NAME).exists()


def test_a_weight_that_is_missing_is_not_made_up(pull: Pull, tmp_path: Path) -> None:
    """Its makers' code warns, and fills it by chance: such a head would say anything."""
    given = write_weights(tmp_path / "given")
    stored: Any = import_module("safetensors.torch")
    weights = stored.load_file(given / "model.safetensors")
    del weights["classifier.weight"]
    stored.save_file(weights, given / "model.safetensors", metadata={"format": "pt"})

    said = pull(given)

    assert said.exit_code == 1
    assert "classifier.weight" in said.output
    assert not (tmp_path / "var" / "models" / NAME).exists()


@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "acme", "auto_map": {"AutoConfig": "evil.Config"}},
        {"model_type": "bert"},
        {"hidden_size": 64},
    ],
    ids=["own code", "no pictures", "other sizes"],
)
def test_what_transformers_does_not_know_is_refused(
    pull: Pull, tmp_path: Path, config: dict[str, Any]
) -> None:
    """No code of a model's own is run, and no weight is taken for another."""
    said = pull(write_weights(tmp_path / "given", config=config))

    assert said.exit_code == 1, said.output
    assert not (tmp_path / "var" / "models" / NAME).exists()


def test_weights_that_are_none_are_a_model_error(pull: Pull, tmp_path: Path) -> None:
    """A digest may be of anything."""
    given = write_weights(tmp_path / "given")
    (given / "model.safetensors").write_bytes(b"none")

    said = pull(given)

    assert said.exit_code == 1
    assert "SafetensorError" in said.output
