import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from typing_extensions import override

from classifiers.canonical import Canonical
from classifiers.errors import ModelError
from classifiers.picture_engines.onnx_engine import OneByOne
from classifiers.pins import Pin, parse_pin
from classifiers.rater import Rater
from classifiers.runtime import Array, Session
from classifiers.signals import Picture, Reason, Signal, SignalName, Unavailable
from tests.unit.classifiers.raters import NAME, SIDE, classifier, write_rater

LookedAt = Callable[[NDArray[np.uint8]], Canonical]
SUGGESTIVE, NUDITY = SignalName.IMAGE_SEXUAL_SUGGESTIVE, SignalName.IMAGE_SEXUAL_NUDITY
LOGITS = tuple(math.log(each) for each in (0.1, 0.3, 0.6))
"""As softmax reads them; the pictures below are nearly grey, so that they change little."""


@pytest.fixture
def picture(looked_at: LookedAt) -> Canonical:
    """Grey, with a disc."""
    pixels = np.full((40, 60, 3), 128, np.uint8)
    pixels[10:20, 10:20] = (30, 60, 220)
    return looked_at(pixels)


def opened(folder: Path, model: bytes, **changes: Any) -> Rater:
    return Rater.opened(write_rater(folder, model, **changes))


def scores(rater: Rater, picture: Canonical) -> dict[SignalName, float]:
    found = rater.classify(picture)
    return {each.name: each.score for each in found if isinstance(each, Signal)}


class TestScores:
    @pytest.mark.parametrize("closing", ["Gemm", "Softmax"])
    def test_of_labels_that_exclude_each_other_the_likelihoods_are_added(
        self, tmp_path: Path, picture: Canonical, closing: str
    ) -> None:
        """Suggestive or more is what either of two labels says."""
        seen = scores(opened(tmp_path, classifier(LOGITS, closing=closing)), picture)

        assert seen[SUGGESTIVE] == pytest.approx(0.9, abs=0.01)
        assert seen[NUDITY] == pytest.approx(0.54, abs=0.01)

    @pytest.mark.parametrize(
        ("closing", "config"),
        [("Gemm", {"problem_type": "multi_label_classification"}), ("Sigmoid", {})],
    )
    def test_of_labels_that_may_hold_at_once_the_highest_counts(
        self, tmp_path: Path, picture: Canonical, closing: str, config: dict[str, str]
    ) -> None:
        """Added up, two doubts would be a certainty."""
        rater = opened(tmp_path, classifier((2.0, 0.0, 0.4), closing=closing), config=config)

        seen = scores(rater, picture)

        assert seen[SUGGESTIVE] == pytest.approx(1 / (1 + math.exp(-0.4)), abs=0.01)
        assert seen[NUDITY] == pytest.approx(0.9 / (1 + math.exp(-0.4)), abs=0.01)

    def test_each_names_its_label_and_says_that_it_was_not_assessed(
        self, tmp_path: Path, picture: Canonical
    ) -> None:
        """A low score of it must not stand for an answer."""
        rater = opened(tmp_path, classifier(LOGITS))

        found = rater.classify(picture)

        where = Picture(picture.carrier, picture.index)
        assert {each.evidence for each in found if isinstance(each, Signal)} == {"label:nsfw"}
        assert [each for each in found if isinstance(each, Unavailable)] == [
            Unavailable(name, where, rater.id, Reason.NOT_ASSESSED) for name in (NUDITY, SUGGESTIVE)
        ]
        assert not rater.answers

    def test_a_measured_scale_is_applied(self, tmp_path: Path, picture: Canonical) -> None:
        """Of two models whose scores mean different things neither drowns the other."""
        numbers = {f"{NUDITY}.slope": 2.0, f"{NUDITY}.offset": -1.0}
        plain = scores(opened(tmp_path / "a", classifier(LOGITS)), picture)
        scaled = scores(opened(tmp_path / "b", classifier(LOGITS), numbers=numbers), picture)

        logit = math.log(plain[NUDITY] / (1 - plain[NUDITY]))
        assert scaled[NUDITY] == pytest.approx(1 / (1 + math.exp(1 - 2 * logit)))
        assert scaled[SUGGESTIVE] == plain[SUGGESTIVE]

    def test_pixels_are_squeezed_scaled_and_centred(
        self, tmp_path: Path, looked_at: LookedAt
    ) -> None:
        """What it was trained on, exactly: else its scores mean something else."""
        seen: list[Array] = []

        class Listening(Session):
            @override
            def run(self, *inputs: Array) -> tuple[Array, ...]:
                seen.extend(inputs)
                return super().run(*inputs)

        rater = opened(tmp_path, classifier(LOGITS))
        rater._engine = OneByOne(Listening("listening", classifier(LOGITS)))

        rater.classify(looked_at(np.full((10, 20, 3), (255, 0, 51), np.uint8)))

        assert seen[0].shape == (1, 3, SIDE, SIDE)
        assert seen[0][0, :, 5, 5].tolist() == pytest.approx([1.0, -1.0, -0.6], abs=1e-6)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Pin:
    """A card of a whole one."""
    place = write_rater(tmp_path_factory.mktemp("card"), classifier(LOGITS))
    return parse_pin(NAME, (place / "card.json").read_bytes())


class TestOpening:
    def test_it_warms(self, tmp_path: Path) -> None:
        """The refusals below would prove nothing if nothing were ever taken."""
        opened(tmp_path, classifier(LOGITS)).warm()

    @pytest.mark.parametrize(
        "preparing",
        [
            {"do_center_crop": True},
            {"size": {"shortest_edge": 32}},
            {"size": {"height": 64, "width": 64}},
            {"resample": 1},
            {"do_normalize": False},
            {"image_std": [0.5, 0.5, 0.0]},
            {"rescale_factor": 1.0},
        ],
        ids=str,
    )
    def test_pixels_that_nobody_here_prepares_are_refused(
        self, tmp_path: Path, preparing: dict[str, Any]
    ) -> None:
        """Prepared otherwise than it was trained it would be blind, and nobody would know."""
        with pytest.raises(ModelError):
            opened(tmp_path, classifier(LOGITS), preparing=preparing)

    @pytest.mark.parametrize(
        "signals",
        [
            {},
            {"image.sexual.nudity": {"naked": 1.0}},
            {"hash.csam.exact": {"nsfw": 1.0}},
            {"image.mask": {"nsfw": 1.0}},
        ],
        ids=str,
    )
    def test_signals_that_are_not_its_own_are_refused(
        self, tmp_path: Path, signals: dict[str, Any]
    ) -> None:
        """A label that it does not have is never seen, and lists and masks are others' to tell."""
        with pytest.raises(ModelError):
            opened(tmp_path, classifier(LOGITS), signals=signals)

    @pytest.mark.parametrize(
        "config",
        [
            {"id2label": {"0": "sfw", "2": "suggestive", "3": "nsfw"}},
            {"id2label": {"0": "sfw"}},
            {"problem_type": "regression"},
        ],
        ids=str,
    )
    def test_labels_that_are_not_whole_are_refused(
        self, tmp_path: Path, config: dict[str, Any]
    ) -> None:
        """An answer whose label nobody knows may be the one that counts."""
        with pytest.raises(ModelError):
            opened(tmp_path, classifier(LOGITS), config=config)

    @pytest.mark.parametrize(
        "model",
        [
            classifier((0.0, 1.0)),
            classifier((0.2, 0.5, 0.9), closing="Relu"),
            classifier(LOGITS, blind=True),
            classifier((0.0, 0.0, float("nan"))),
        ],
        ids=["fewer answers", "another end", "blind", "no number"],
    )
    def test_a_model_that_answers_otherwise_does_not_warm(
        self, tmp_path: Path, model: bytes
    ) -> None:
        """Once it serves it would be too late."""
        with pytest.raises(ModelError):
            opened(tmp_path, model).warm()

    @pytest.mark.parametrize("name", ["model.onnx", "config.json", "preprocessor_config.json"])
    def test_one_changed_byte_of_any_file_is_refused(self, tmp_path: Path, name: str) -> None:
        """Other labels, or other pixels, are another model."""
        folder = write_rater(tmp_path, classifier(LOGITS))
        (folder / name).write_bytes((folder / name).read_bytes() + b" ")

        with pytest.raises(ModelError, match="sha256"):
            Rater.opened(folder)

    @pytest.mark.parametrize("name", ["model.safetensors", "exported.onnx"])
    def test_so_is_one_of_its_weights_or_of_what_was_made_of_them(
        self, tmp_path: Path, picture: Canonical, name: str
    ) -> None:
        """What was compared is what looks; without its line on the card nothing does."""
        folder = write_rater(tmp_path, classifier(LOGITS), weights=b"weights")
        assert scores(Rater.opened(folder), picture)[NUDITY] == pytest.approx(0.54, abs=0.01)

        card = json.loads((folder / "card.json").read_bytes())
        (folder / "card.json").write_text(json.dumps(card | {"exported": None}))
        with pytest.raises(ModelError, match="pinned"):
            Rater.opened(folder)
        (folder / "card.json").write_text(json.dumps(card))
        (folder / name).write_bytes((folder / name).read_bytes() + b" ")
        with pytest.raises(ModelError, match="sha256"):
            Rater.opened(folder)

    @given(junk=st.binary(max_size=40))
    def test_files_that_say_nothing_are_a_model_error(self, whole: Pin, junk: bytes) -> None:
        """Whoever wrote them, what comes of it is a refusal."""
        files = {"model.onnx": b"", "config.json": junk, "preprocessor_config.json": junk}

        with pytest.raises(ModelError):
            Rater(whole, files)
