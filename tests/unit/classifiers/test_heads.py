from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.canonical import Canonical
from classifiers.content import Rendition
from classifiers.errors import ModelError
from classifiers.heads import MOST, Heads
from classifiers.signals import Picture, Signal
from classifiers.tag_map import YOUTH
from classifiers.tagger import Tagger
from tests.unit.classifiers.head_finders import Found, finder, write_finder
from tests.unit.classifiers.taggers import MEASURED, network, write_tagger

LookedAt = Callable[[NDArray[np.uint8]], Canonical]
LEFT: Found = (160.0, 160.0, 64.0, 96.0, 0.9)
RIGHT: Found = (480.0, 100.0, 32.0, 32.0, 0.6)


@pytest.fixture
def scene(looked_at: LookedAt) -> Canonical:
    """Twice as wide as high: 200 x 100, so that the square is 640 / 200 of it."""
    pixels = np.full((100, 200, 3), 220, np.uint8)
    pixels[30:70, 30:70] = (30, 60, 200)
    return looked_at(pixels)


def heads(folder: Path, *boxes: Found) -> Heads:
    return Heads.opened(write_finder(folder, finder(boxes)))


class TestFind:
    def test_a_head_is_told_in_the_pixels_of_the_picture(
        self, tmp_path: Path, scene: Canonical
    ) -> None:
        """A box elsewhere would cut out a wall."""
        (first, second) = heads(tmp_path, LEFT, RIGHT).find(scene)

        assert first.box == (40, 35, 20, 30)
        assert second.box == (145, 26, 10, 10)
        assert (first.score, second.score) == pytest.approx((0.9, 0.6))

    def test_one_head_is_found_once(self, tmp_path: Path, scene: Canonical) -> None:
        """Detectors of this shape answer for each head several times."""
        almost = (LEFT[0] + 3, LEFT[1] + 3, LEFT[2], LEFT[3], 0.8)

        assert [each.score for each in heads(tmp_path, almost, LEFT).find(scene)] == [
            pytest.approx(0.9)
        ]

    def test_what_is_hardly_a_head_and_what_is_outside_is_none(
        self, tmp_path: Path, scene: Canonical
    ) -> None:
        """Below the picture is the grey that fills the square."""
        unlikely = (*RIGHT[:4], 0.2)
        below = (100.0, 600.0, 40.0, 40.0, 0.9)

        assert heads(tmp_path, unlikely, below).find(scene) == ()

    def test_no_more_than_a_few_are_looked_at(self, tmp_path: Path, scene: Canonical) -> None:
        """Each costs as much as the whole picture: a crowd must not take minutes."""
        crowd = [(20.0 + 40 * at, 100.0, 20.0, 20.0, 0.5 + at / 100) for at in range(MOST + 3)]

        found = heads(tmp_path, *crowd).find(scene)

        assert len(found) == MOST
        assert found[0].score == pytest.approx(0.5 + (MOST + 2) / 100)

    def test_more_than_the_head_is_cut_out_as_far_as_there_is_more(
        self, tmp_path: Path, scene: Canonical
    ) -> None:
        """A neck and shoulders tell age too."""
        corner = (16.0, 16.0, 32.0, 32.0, 0.9)
        (inside,) = heads(tmp_path / "a", LEFT).find(scene)
        (outside,) = heads(tmp_path / "b", corner).find(scene)

        assert inside.cut_out(scene).shape == (48, 32, 3)
        assert outside.cut_out(scene).shape == (13, 13, 3)


class TestOpening:
    def test_it_warms(self, tmp_path: Path) -> None:
        """The refusals below would prove nothing if nothing were ever taken."""
        heads(tmp_path, LEFT).warm()

    @pytest.mark.parametrize(
        "model",
        [finder([LEFT], rows=6), finder([(*LEFT[:4], 1.5)]), finder([LEFT], blind=True)],
        ids=["another shape", "no likelihood", "blind"],
    )
    def test_a_model_that_answers_otherwise_does_not_warm(
        self, tmp_path: Path, model: bytes
    ) -> None:
        """What it says would be read as boxes that it never meant."""
        with pytest.raises(ModelError):
            Heads.opened(write_finder(tmp_path, model)).warm()

    def test_other_labels_are_refused(self, tmp_path: Path) -> None:
        """A detector of hands finds no head."""
        with pytest.raises(ModelError, match="labels"):
            Heads.opened(write_finder(tmp_path, finder([LEFT]), labels=b'["hand"]'))

    def test_one_changed_byte_is_refused(self, tmp_path: Path) -> None:
        """What was pinned is what looks."""
        folder = write_finder(tmp_path, finder([LEFT]))
        (folder / "model.onnx").write_bytes(finder([RIGHT]))

        with pytest.raises(ModelError, match="sha256"):
            Heads.opened(folder)

    def test_a_tagger_is_no_detector_of_heads(self, tmp_path: Path) -> None:
        """Two lines of the settings were exchanged."""
        with pytest.raises(ModelError, match="head_detector"):
            Heads.opened(write_tagger(tmp_path, network()))
        with pytest.raises(ModelError, match="wd_tagger"):
            Tagger.opened(write_finder(tmp_path, finder([LEFT])), lambda _: Rendition.DRAWING)


class TestTheTagger:
    """What it sees in a head by itself."""

    @staticmethod
    def opened(folder: Path, rendition: Rendition = Rendition.DRAWING) -> Tagger:
        tagger = write_tagger(folder, network({"child": 0.7}), measured=MEASURED)
        finds = heads(folder, LEFT, RIGHT)
        return Tagger.opened(tagger, lambda _: rendition, heads=finds)

    @pytest.mark.parametrize("rendition", [Rendition.DRAWING, Rendition.UNSURE])
    def test_says_youth_of_each_head_where_it_is(
        self, tmp_path: Path, scene: Canonical, rendition: Rendition
    ) -> None:
        """Among several people the whole picture hides the youngest."""
        found = self.opened(tmp_path, rendition).classify(scene)

        youth = [each for each in found if isinstance(each, Signal) and each.name is YOUTH]
        carrier, index = scene.carrier, scene.index
        assert [each.where for each in youth] == [
            Picture(carrier, index),
            Picture(carrier, index, (40, 35, 20, 30)),
            Picture(carrier, index, (145, 26, 10, 10)),
        ]
        assert all(each.score > 0.5 and each.evidence == "tag:child" for each in youth)

    def test_looks_at_no_head_of_a_photograph(self, tmp_path: Path, scene: Canonical) -> None:
        """The detector was shown drawings, and other networks look at those."""
        found = self.opened(tmp_path, Rendition.PHOTOGRAPH).classify(scene)

        assert all(isinstance(each.where, Picture) and each.where.box is None for each in found)

    def test_names_both_models(self, tmp_path: Path, scene: Canonical) -> None:
        """The log says who looked."""
        tagger = self.opened(tmp_path)

        assert "anime_head@1+" in tagger.id
        assert {each.source for each in tagger.classify(scene)} == {tagger.id}

    def test_does_not_answer_where_nobody_could_find_heads(
        self, tmp_path: Path, scene: Canonical
    ) -> None:
        """A detector that fails has found nobody, which is not that nobody is there."""
        broken = Heads.opened(write_finder(tmp_path, finder([LEFT], rows=6)))
        tagger = write_tagger(tmp_path, network(), measured=MEASURED)
        opened = Tagger.opened(tagger, lambda _: Rendition.DRAWING, heads=broken)

        with pytest.raises(ModelError):
            opened.classify(scene)
        with pytest.raises(ModelError):
            opened.warm()
