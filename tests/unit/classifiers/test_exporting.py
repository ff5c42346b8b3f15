import json
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.errors import ModelError
from classifiers.exporting import LIMIT, export, furthest, pictures
from classifiers.pins import parse_registry
from classifiers.rendering import Pixels
from tests.unit.classifiers.raters import NAME, SIDE, card_of


@dataclass(frozen=True, slots=True)
class Said:
    """Says the same of everything, but for how much the picture's brightness counts."""

    numbers: tuple[float, ...]
    bright: float = 0.0

    def answer(self, view: Pixels, /) -> NDArray[np.float64]:
        """Say it."""
        return np.asarray(self.numbers, np.float64) + self.bright * float(view.mean()) / 255


def compared(original: Said, made: Said) -> float:
    return furthest("m", original, made, list(pictures(SIDE)))


class TestFurthest:
    def test_is_the_furthest_of_all_labels_and_pictures(self) -> None:
        """The card says how near a graph answers, at worst."""
        assert compared(Said((1, 2)), Said((1, 2 + LIMIT / 2))) == pytest.approx(LIMIT / 2)
        assert compared(Said((1, 2)), Said((1, 2))) == 0

    @pytest.mark.parametrize(
        "made",
        [
            Said((1, 2 + 2 * LIMIT)),
            Said((1, 2), bright=2 * LIMIT),
            Said((1, float("nan"))),
            Said((1, float("inf"))),
            Said((1, 2, 3)),
            Said((1,)),
        ],
        ids=["off", "off where it is bright", "nan", "infinite", "more", "fewer"],
    )
    def test_who_answers_otherwise_is_refused(self, made: Said) -> None:
        """A graph that is not its weights' is a model that nobody reviewed or measured."""
        with pytest.raises(ModelError, match="expected"):
            compared(Said((1, 2)), made)

    def test_an_original_that_says_nothing_is_not_met_by_the_same_nothing(self) -> None:
        """NaN beside NaN is no agreement."""
        nothing = Said((1, float("nan")))

        with pytest.raises(ModelError):
            compared(nothing, nothing)


def test_pictures_are_several_and_the_same_each_time() -> None:
    """Colours, sizes and a way up that are mixed up show; two hosts compare alike."""
    first, second = list(pictures(SIDE)), list(pictures(SIDE))

    assert len(first) == 8
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert all(view.shape[:2] != (SIDE, SIDE) for view in first)
    assert not np.array_equal(first[0][:, :, 0].mean(), first[0][:, :, 2].mean())


def test_without_torch_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default image has none: whoever pulls weights there is told what to install."""
    for name in ("torch", "transformers", "safetensors"):
        monkeypatch.setitem(sys.modules, name, None)
    files = {"model.safetensors": b"", "config.json": b"", "preprocessor_config.json": b""}
    pin = card_of(dict.fromkeys(files, "a" * 64))
    found = parse_registry(json.dumps({"models": [pin]}).encode())[NAME]

    with pytest.raises(ModelError, match=r"install `\.\[models\]`"):
        export(found, files)
