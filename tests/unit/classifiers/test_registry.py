import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from classifiers.errors import ModelError
from classifiers.registry import WEIGHTS, Model, known_picture, load_card, open_model, parse_card

NAMES = ("nsfw_mobilenet_v2", "tiny_face_detector", "face_age")
Answering = Callable[[str, NDArray[np.float32]], Model]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """One model and its card, to be tampered with."""
    for ending in ("onnx", "card.json"):
        shutil.copy(WEIGHTS / f"face_age.{ending}", tmp_path)
    return tmp_path


def rewrite(folder: Path, **changes: Any) -> None:  # JSON
    path = folder / "face_age.card.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes), "utf-8")


class TestEmbedded:
    @pytest.mark.parametrize("name", NAMES)
    def test_each_model_opens_and_sees_what_it_must_see(self, name: str) -> None:
        """What lies in the repository is what was converted, and it works on this machine."""
        model = open_model(name)

        model.warm()

        assert model.id.startswith(f"{name}@1+")

    @pytest.mark.parametrize("name", NAMES)
    def test_each_card_names_licence_and_source_that_stand_in_the_notice(self, name: str) -> None:
        """The MIT licence asks for one thing: that its notice travels along."""
        card = load_card(name)
        notice = (WEIGHTS.parent.parent / "NOTICE").read_text("utf-8")

        assert card.licence.spdx == "MIT"
        assert f"{card.source.package} {card.source.version}" in notice
        assert all(holder in notice for holder in card.licence.holders)
        assert f"{name}.onnx" in notice

    def test_no_model_lies_in_the_folder_without_its_card(self) -> None:
        """Weights without provenance must not slip in."""
        models = {path.stem for path in WEIGHTS.glob("*.onnx")}

        assert models >= set(NAMES)
        assert all((WEIGHTS / f"{name}.card.json").exists() for name in models)


class TestOpenModel:
    def test_one_changed_byte_is_refused(self, copied: Path) -> None:
        """Whoever can write the weights could otherwise blind the gate."""
        path = copied / "face_age.onnx"
        bent = bytearray(path.read_bytes())
        bent[len(bent) // 2] ^= 1
        path.write_bytes(bent)

        with pytest.raises(ModelError, match="'face_age': expected sha256"):
            open_model("face_age", copied)

    def test_calibration_of_other_weights_is_refused(self, copied: Path) -> None:
        """Thresholds found for one model say nothing about the next."""
        card = json.loads((copied / "face_age.card.json").read_bytes())
        rewrite(copied, calibration=card["calibration"] | {"of": "0" * 64})

        with pytest.raises(ModelError, match="card 'face_age': expected a whole card"):
            open_model("face_age", copied)

    @pytest.mark.parametrize("missing", ["onnx", "card.json"])
    def test_a_missing_file_is_refused(self, copied: Path, missing: str) -> None:
        """Not installed is not the same as seeing nothing."""
        (copied / f"face_age.{missing}").unlink()

        with pytest.raises(ModelError, match=f"expected face_age.{missing}"):
            open_model("face_age", copied)

    def test_a_model_that_answers_otherwise_does_not_warm(self, answering: Answering) -> None:
        """A digest proves the bytes, not that this machine computes with them."""
        model = answering("face_age", np.asarray([55.0], np.float32))

        with pytest.raises(ModelError, match="expected the known answer"):
            model.warm()

    def test_a_model_with_too_few_answers_does_not_warm(self, answering: Answering) -> None:
        """Comparing nothing with nothing must not pass."""
        model = answering("nsfw_mobilenet_v2", np.asarray([1.0], np.float32))

        with pytest.raises(ModelError, match="expected the known answer"):
            model.warm()


class TestLoadCard:
    @pytest.mark.parametrize(
        "changes",
        [
            {"unheard_of": 1},
            {"sha256": "XY"},
            {"labels": []},
            {"version": 1},
            {"renditions": ["painting"]},
            {"name": "nsfw_mobilenet_v2"},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_a_card_that_is_not_exactly_a_card_is_refused(
        self, copied: Path, changes: dict[str, Any]
    ) -> None:
        """A misspelt threshold must not be a threshold that does not exist."""
        rewrite(copied, **changes)

        with pytest.raises(ModelError, match="card 'face_age'"):
            load_card("face_age", copied)

    @given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
    def test_bytes_that_are_no_card_are_a_model_error(self, junk: bytes) -> None:
        """A parser has one way to fail."""
        with pytest.raises(ModelError):
            parse_card("junk", junk)

    @pytest.mark.parametrize("name", ["../weights/face_age", "", "Face", "a/b", "x" * 65])
    def test_a_name_that_leads_elsewhere_is_refused(self, name: str) -> None:
        """A setting must not open files outside the folder."""
        with pytest.raises(ModelError, match="model name"):
            load_card(name)

    def test_a_number_that_the_card_lacks_is_a_model_error(self) -> None:
        """A missing threshold is never a default."""
        with pytest.raises(ModelError, match="expected the number 'absent'"):
            load_card("face_age").number("absent")


def test_the_known_picture_is_the_same_on_every_machine() -> None:
    """The cards hold answers about exactly these pixels."""
    picture = known_picture(4, 4)

    assert picture[0].tolist() == [[0, 0, 60], [63, 0, 60], [127, 0, 60], [191, 0, 60]]
    assert picture[2, 2].tolist() == [127, 127, 220]
