from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from classifiers.apparent_age import NAME, ApparentAge, FaceAge
from classifiers.canonical import Canonical
from classifiers.classifier import Classifier
from classifiers.content import Rendition
from classifiers.content_network import ContentNetwork
from classifiers.errors import ModelError
from classifiers.faces import Face, Faces
from classifiers.registry import Model
from classifiers.signals import Finding, Picture, Reason, Signal, SignalName, Unavailable
from classifiers.training.reference import benign

Answering = Callable[[str, NDArray[np.float32]], Model]
LookedAt = Callable[[NDArray[np.uint8]], Canonical]
AGE = FaceAge.embedded()


def photograph(_: Canonical) -> Rendition:
    return Rendition.PHOTOGRAPH


def harmless(_: Canonical) -> float:
    return 0.1


def suggestive(_: Canonical) -> float:
    """What the content network would say of a body; the pictures here show none."""
    return 0.2


def silent(findings: Sequence[Finding]) -> dict[SignalName, Reason]:
    return {each.name: each.reason for each in findings if isinstance(each, Unavailable)}


class TestWhereABodyMayBeShown:
    """Somebody is there: how old is only known of faces that can be judged."""

    def test_without_a_face_nobody_knows_who(self, looked_at: LookedAt) -> None:
        """A face that was cropped away would else stand for nobody."""
        whole = ApparentAge(photograph, suggestive, Faces.embedded(), AGE)

        findings = whole.classify(looked_at(benign("coffee")))

        assert silent(findings) == dict.fromkeys(whole.emits, Reason.NOT_ASSESSED)
        assert len(findings) == 2

    def test_a_face_that_can_be_judged_is_judged(self, looked_at: LookedAt) -> None:
        """That is what the tier is open for."""
        whole = ApparentAge(photograph, suggestive, Faces.embedded(), AGE)

        assert not silent(whole.classify(looked_at(benign("astronaut"))))

    def test_of_a_small_face_the_age_is_not_known(self, looked_at: LookedAt) -> None:
        """Enlarged from twenty pixels a child looks like anybody; what is seen still counts."""
        small = np.asarray(Image.fromarray(benign("astronaut")).resize((96, 96)))
        whole = ApparentAge(photograph, suggestive, Faces.embedded(), AGE)

        findings = whole.classify(looked_at(small))

        assert silent(findings) == {SignalName.IMAGE_MINOR_FACE: Reason.NOT_ASSESSED}
        assert {each.name for each in findings if isinstance(each, Signal)} == whole.emits

    def test_of_more_faces_than_are_looked_for_one_may_be_a_childs(
        self, looked_at: LookedAt
    ) -> None:
        """The seventeenth of a crowd would else be nobody."""
        faces = Faces.embedded()
        faces.most = 1
        whole = ApparentAge(photograph, suggestive, faces, AGE)

        findings = whole.classify(looked_at(benign("astronaut")))

        assert silent(findings) == {SignalName.IMAGE_MINOR_FACE: Reason.NOT_ASSESSED}


class TestApparentAge:
    def test_an_adult_photographed_raises_little(self, looked_at: LookedAt) -> None:
        """The whole chain, on the picture whose age the original gives as 33.3."""
        network = ContentNetwork.embedded()
        whole: Classifier[Canonical] = ApparentAge(
            network.rendition, network.suggestive, Faces.embedded(), AGE
        )
        whole.warm()

        person, minor = whole.classify(looked_at(benign("astronaut")))

        assert isinstance(person, Signal)
        assert isinstance(minor, Signal)
        assert (person.name, person.where) == (
            SignalName.IMAGE_PERSON,
            Picture("parameters.image", 3),
        )
        assert person.score > 0.9
        assert minor.name is SignalName.IMAGE_MINOR_FACE
        assert minor.score < 0.05
        assert isinstance(minor.where, Picture)
        assert minor.where.box is not None
        assert {person.source, minor.source} == {whole.id}

    @pytest.mark.parametrize("rendition", [Rendition.DRAWING, Rendition.UNSURE])
    def test_of_anything_not_surely_a_photograph_it_does_not_speak(
        self, looked_at: LookedAt, rendition: Rendition
    ) -> None:
        """On drawings the network answers at random, and a random adult would clear a child."""
        whole = ApparentAge(lambda _: rendition, harmless, Faces.embedded(), AGE)

        findings = whole.classify(looked_at(benign("astronaut")))

        assert {one.name for one in findings} == whole.emits
        assert all(isinstance(one, Unavailable) for one in findings)
        assert {one.reason for one in findings if isinstance(one, Unavailable)} == {
            Reason.NOT_ASSESSED
        }

    def test_a_photograph_without_a_face_raises_nothing(self, looked_at: LookedAt) -> None:
        """Zero raises no evidence; it is never evidence of an adult, for no signal says that."""
        whole = ApparentAge(photograph, harmless, Faces.embedded(), AGE)

        findings = whole.classify(looked_at(benign("coffee")))

        assert {one.name: one.score for one in findings if isinstance(one, Signal)} == {
            SignalName.IMAGE_PERSON: 0.0,
            SignalName.IMAGE_MINOR_FACE: 0.0,
        }
        assert not {name for name in whole.emits if "adult" in name}

    def test_each_face_is_reported_at_its_place(
        self, answering: Answering, looked_at: LookedAt
    ) -> None:
        """One child among adults must not be averaged away, and a reviewer must see which."""
        astronaut = benign("astronaut")
        picture = looked_at(np.concatenate([astronaut, astronaut], axis=1))
        young = FaceAge(answering(NAME, np.asarray([9.0], np.float32)))

        _, *minors = ApparentAge(photograph, harmless, Faces.embedded(), young).classify(picture)

        assert [one.name for one in minors] == [SignalName.IMAGE_MINOR_FACE] * 2
        assert all(isinstance(one, Signal) and one.score > 0.9 for one in minors)
        assert len({one.where for one in minors}) == 2
        assert {one.evidence for one in minors if isinstance(one, Signal)} == {"years:0-19"}


class TestFaceAge:
    def test_the_youngest_score_highest(self) -> None:
        """The scale that policies set their thresholds on."""
        scores = [AGE.minor(years) for years in (5, 12, 18, 22, 25, 30, 40)]

        assert [round(score, 2) for score in scores] == [0.98, 0.83, 0.5, 0.26, 0.13, 0.03, 0.0]

    @given(st.floats(-30, 150), st.floats(-30, 150))
    def test_the_score_never_rises_with_age(self, one: float, other: float) -> None:
        """A threshold must cut the ages in two, not in stripes."""
        younger, older = sorted((one, other))

        assert 1 >= AGE.minor(younger) >= AGE.minor(older) >= 0

    @given(st.floats(-30, 150))
    def test_whom_its_interval_leaves_younger_than_adult_it_does_not_clear(
        self, years: float
    ) -> None:
        """A reviewer reads the interval beside the score: they tell one story."""
        low, high = AGE.interval(years)

        assert 0 <= low <= high
        assert low <= max(0.0, years) <= high
        if low < 18:
            assert AGE.minor(years) > 0.04
        if high < 18:
            assert AGE.minor(years) > 0.9

    def test_the_astronaut_is_guessed_near_the_original(self, looked_at: LookedAt) -> None:
        """face-api gives 33.3 for its own cut, which differs from ours by less than a pixel."""
        picture = looked_at(benign("astronaut"))

        years = AGE.years(picture, Faces.embedded().find(picture))

        assert len(years) == 1
        assert years[0] == pytest.approx(33.3, abs=4)

    def test_a_turned_face_is_cut_out_upright(self, looked_at: LookedAt) -> None:
        """The network knows upright faces only; a face on its side would get any age."""
        upright = looked_at(benign("astronaut"))
        turned = looked_at(np.rot90(benign("astronaut"), 1).copy())
        x, y, wide, high = 163, 75, 115, 110

        as_it_was = AGE.years(upright, [Face(0, (x, y, wide, high), 0.9)])
        turned_back = AGE.years(turned, [Face(0, (y, 512 - x - wide, high, wide), 0.9, turn=3)])

        assert turned_back == as_it_was

    @pytest.mark.parametrize("box", [(0, 0, 1, 1), (500, 0, 12, 512), (0, 511, 512, 1)])
    def test_a_box_of_any_shape_is_cut_out(
        self, looked_at: LookedAt, box: tuple[int, int, int, int]
    ) -> None:
        """Faces at the edge are slivers; they must not raise."""
        picture = looked_at(benign("astronaut"))

        assert len(AGE.years(picture, [Face(0, box, 0.9)])) == 1

    def test_an_impossible_age_is_a_model_error(
        self, answering: Answering, looked_at: LookedAt
    ) -> None:
        """A thousand years would otherwise clear the face."""
        old = FaceAge(answering(NAME, np.asarray([1000.0], np.float32)))
        picture = looked_at(benign("astronaut"))

        with pytest.raises(ModelError, match="a possible age"):
            old.years(picture, [Face(0, (0, 0, 50, 50), 0.9)])
