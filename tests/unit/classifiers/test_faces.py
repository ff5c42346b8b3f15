from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image

from classifiers.canonical import Canonical
from classifiers.errors import ModelError
from classifiers.faces import NAME, Faces, apart, decode
from classifiers.registry import Model
from classifiers.training.reference import benign

Answering = Callable[[str, NDArray[np.float32]], Model]
LookedAt = Callable[[NDArray[np.uint8]], Canonical]
ANSWERS = arrays.arrays(np.float32, (2, 2, 25), elements=st.floats(-100, 100, width=32))


def overlap(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    wide = max(0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    high = max(0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    return wide * high / (a[2] * a[3] + b[2] * b[3] - wide * high)


class TestFaces:
    def test_the_astronaut_has_one_face_where_the_original_found_it(
        self, looked_at: LookedAt
    ) -> None:
        """face-api itself gives x 163.3 y 75.7 w 116.0 h 111.0 and .9755 for this picture."""
        faces = Faces.embedded().find(looked_at(benign("astronaut")))

        assert len(faces) == 1
        assert overlap(faces[0].box, (163, 76, 116, 111)) > 0.95
        assert faces[0].score == pytest.approx(0.9755, abs=0.02)

    @pytest.mark.parametrize("axis", [0, 1], ids=["high", "wide"])
    def test_a_picture_that_is_no_square_keeps_its_places(
        self, looked_at: LookedAt, axis: int
    ) -> None:
        """Boxes are shown to reviewers and cut out for the age: they must be where the face is."""
        astronaut = benign("astronaut")
        picture = np.concatenate([np.zeros_like(astronaut), astronaut], axis=axis)

        faces = Faces.embedded().find(looked_at(picture))

        moved = (163, 76 + 512, 116, 111) if axis == 0 else (163 + 512, 76, 116, 111)
        assert len(faces) == 1
        assert overlap(faces[0].box, moved) > 0.7

    @pytest.mark.parametrize("turns", [1, 2, 3])
    def test_turning_a_photograph_hides_nobody(self, looked_at: LookedAt, turns: int) -> None:
        """Whoever wants to hide a child's face would try this first."""
        upright = benign("astronaut")[:400]
        places = np.zeros(upright.shape[:2], np.uint8)
        places[76:187, 163:279] = 1
        rows, columns = np.nonzero(np.rot90(places, turns))
        x, y = int(columns.min()), int(rows.min())
        there = (x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y)

        faces = Faces.embedded().find(looked_at(np.rot90(upright, turns).copy()))

        assert len(faces) == 1
        assert (faces[0].turn + turns) % 4 == 0
        assert overlap(faces[0].box, there) > 0.7

    def test_a_face_hidden_by_transparency_is_found(self, looked_at: LookedAt) -> None:
        """A viewer on another background would see it."""
        astronaut = benign("astronaut")
        clear = np.zeros(astronaut.shape[:2], np.uint8)
        clear[400:] = 255
        picture = looked_at(np.dstack([astronaut, clear]))

        faces = Faces.embedded().find(picture)

        assert [face.view for face in faces] == [len(picture.views) - 1]
        assert overlap(faces[0].box, (163, 76, 116, 111)) > 0.8

    @pytest.mark.parametrize("name", ["chelsea", "coffee", "brick"])
    def test_no_face_is_found_where_there_is_none(self, looked_at: LookedAt, name: str) -> None:
        """A detector that sees people everywhere would hold everything."""
        assert Faces.embedded().find(looked_at(benign(name))) == ()

    def test_a_crowd_is_cut_at_the_likeliest(
        self, answering: Answering, looked_at: LookedAt
    ) -> None:
        """The time a picture takes must have a bound."""
        cells = np.full((13, 13, 5, 5), -3.0, np.float32)
        cells[..., 4] = np.linspace(0, 3, 13 * 13 * 5).reshape(13, 13, 5)
        faces = Faces(answering(NAME, cells.reshape(13, 13, 25)))

        found = faces.find(looked_at(benign("astronaut")))

        assert len(found) == 16
        assert [face.score for face in found] == sorted((f.score for f in found), reverse=True)
        assert found[0].score == pytest.approx(1 / (1 + np.exp(-3)))

    def test_boxes_stay_inside_the_picture(self, answering: Answering, looked_at: LookedAt) -> None:
        """A box beyond the edge would cut out nothing, or raise."""
        cells = np.full((13, 13, 5, 5), 80.0, np.float32)
        faces = Faces(answering(NAME, cells.reshape(13, 13, 25)))

        found = faces.find(looked_at(benign("coffee")))

        assert {face.box for face in found} == {(0, 0, 600, 400)}


class TestDecode:
    def test_the_middle_of_a_cell_is_the_centre_of_a_box(self) -> None:
        """Worked by hand: all zeros is half a cell in, one anchor wide, half likely."""
        boxes, scores = decode(np.zeros((2, 2, 25), np.float32))

        assert boxes[0] == pytest.approx(
            [0.25 - 1.603231 / 4, 0.25 - 2.094468 / 4, 0.25 + 1.603231 / 4, 0.25 + 2.094468 / 4]
        )
        assert boxes[5].reshape(2, 2).mean(axis=0) == pytest.approx([0.75, 0.25])
        assert boxes[10].reshape(2, 2).mean(axis=0) == pytest.approx([0.25, 0.75])
        assert set(scores) == {0.5}

    def test_of_two_boxes_that_overlap_the_likelier_stays(self) -> None:
        """Worked by hand: the second lies over half of the first, the third apart."""
        boxes = np.asarray([[0.0, 0.0, 2.0, 1.0], [0.0, 0.0, 1.0, 1.0], [2.0, 0.0, 3.0, 1.0]])
        scores = np.asarray([0.5, 0.9, 0.7])

        assert apart(boxes, scores, overlap=0.4, most=9) == [1, 2]
        assert apart(boxes, scores, overlap=0.5, most=9) == [1, 2, 0]
        assert apart(boxes, scores, overlap=0.5, most=2) == [1, 2]

    def test_an_answer_of_another_shape_is_a_model_error(self) -> None:
        """Another detector's answer must not be read as this one's."""
        with pytest.raises(ModelError, match="n x n x 25"):
            decode(np.zeros((2, 3, 25), np.float32))

    @given(ANSWERS)
    def test_every_answer_gives_finite_boxes_and_chosen_ones_lie_apart(
        self, cells: NDArray[np.float32]
    ) -> None:
        """Whatever the network answers, arithmetic must not fail or let a NaN through."""
        boxes, scores = decode(cells)
        chosen = apart(boxes, scores, overlap=0.4, most=5)

        assert np.isfinite(boxes).all()
        assert ((scores >= 0) & (scores <= 1)).all()
        assert 1 <= len(chosen) <= 5
        assert scores[chosen[0]] == scores.max()
        assert (np.diff(scores[chosen]) <= 0).all()


def test_a_small_face_is_found_by_whoever_looks_closely(looked_at: LookedAt) -> None:
    """A face of a twentieth of the picture's side is overlooked in the whole of it."""
    small = Image.fromarray(benign("astronaut")).resize((283, 283))
    scene = Image.fromarray(benign("coffee")).resize((1216, 832))
    scene.paste(small, (547, 333))
    picture = looked_at(np.asarray(scene))

    (found,) = Faces.embedded().find(picture, closely=True)

    left, top, wide, high = found.box
    assert Faces.embedded().find(picture) == ()
    assert left < 547 + 122 < left + wide
    assert top < 333 + 72 < top + high
    assert 40 < wide < 80


def test_who_looks_closely_finds_a_large_face_once(looked_at: LookedAt) -> None:
    """A face that lies over several parts is one face, and would else be several ages."""
    picture = looked_at(benign("astronaut"))

    assert len(Faces.embedded().find(picture, closely=True)) == 1
