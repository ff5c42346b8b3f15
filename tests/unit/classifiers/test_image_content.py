from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.canonical import Canonical
from classifiers.classifier import Capability, Classifier
from classifiers.content import Rendition
from classifiers.content_network import NAME, ContentNetwork
from classifiers.image_content import ImageContent
from classifiers.registry import Model, known_picture
from classifiers.signals import Finding, Picture, Reason, Signal, SignalName, Unavailable
from classifiers.training.reference import benign

Answering = Callable[[str, NDArray[np.float32]], Model]
LookedAt = Callable[[NDArray[np.uint8]], Canonical]


def scores(findings: list[Finding]) -> dict[SignalName, float]:
    return {one.name: one.score for one in findings if isinstance(one, Signal)}


@pytest.fixture
def told(answering: Answering, looked_at: LookedAt) -> Callable[..., list[Finding]]:
    """What is reported when the network answers so."""

    def tell(*likelihoods: float) -> list[Finding]:
        network = ContentNetwork(answering(NAME, np.asarray(likelihoods, np.float32)))
        return list(ImageContent(network).classify(looked_at(known_picture(64, 48))))

    return tell


class TestImageContent:
    def test_of_a_photograph_every_level_is_reported(
        self, told: Callable[..., list[Finding]]
    ) -> None:
        """This is what the network was trained for."""
        found = scores(told(0.01, 0.0, 0.39, 0.2, 0.4))

        assert found == {
            SignalName.IMAGE_PHOTOGRAPH: pytest.approx(0.99),
            SignalName.IMAGE_SEXUAL_ACT: pytest.approx(0.2),
            SignalName.IMAGE_SEXUAL_NUDITY: pytest.approx(0.2),
            SignalName.IMAGE_SEXUAL_SUGGESTIVE: pytest.approx(0.6),
        }

    @pytest.mark.parametrize(
        "likelihoods",
        [(0.95, 0.03, 0.02, 0.0, 0.0), (0.2, 0.3, 0.3, 0.1, 0.1)],
        ids=["drawing", "unsure"],
    )
    def test_of_anything_else_only_the_explicit_is_reported(
        self, told: Callable[..., list[Finding]], likelihoods: tuple[float, ...]
    ) -> None:
        """There is no class for suggestive drawings: a low score would be a lie."""
        findings = told(*likelihoods)

        assert scores(findings).keys() == {
            SignalName.IMAGE_PHOTOGRAPH,
            SignalName.IMAGE_SEXUAL_ACT,
        }
        assert {one.name: one.reason for one in findings if isinstance(one, Unavailable)} == {
            SignalName.IMAGE_SEXUAL_NUDITY: Reason.NOT_ASSESSED,
            SignalName.IMAGE_SEXUAL_SUGGESTIVE: Reason.NOT_ASSESSED,
        }

    def test_explicit_drawings_are_reported_as_acts(
        self, told: Callable[..., list[Finding]]
    ) -> None:
        """The one sexual thing that the network knows about drawings."""
        found = scores(told(0.1, 0.8, 0.0, 0.1, 0.0))

        assert found[SignalName.IMAGE_SEXUAL_ACT] == pytest.approx(0.9)

    def test_it_reports_exactly_what_it_emits_and_where(self, looked_at: LookedAt) -> None:
        """Silence about a required signal must be impossible."""
        content: Classifier[Canonical] = ImageContent(ContentNetwork.embedded())
        content.warm()

        findings = content.classify(looked_at(benign("astronaut")))

        assert sorted(one.name for one in findings) == sorted(content.emits)
        assert {one.where for one in findings} == {Picture("parameters.image", 3)}
        assert {one.source for one in findings} == {content.id}

    def test_it_claims_to_answer_what_it_can(self) -> None:
        """Admission believes these claims before anything is paid."""
        answers = ImageContent(ContentNetwork.embedded()).answers

        assert answers == {
            Capability(SignalName.IMAGE_PHOTOGRAPH),
            Capability(SignalName.IMAGE_SEXUAL_ACT),
            Capability(SignalName.IMAGE_SEXUAL_NUDITY, Rendition.PHOTOGRAPH),
            Capability(SignalName.IMAGE_SEXUAL_SUGGESTIVE, Rendition.PHOTOGRAPH),
        }

    def test_benign_pictures_score_low(self, looked_at: LookedAt) -> None:
        """General-audience work must flow with the embedded models alone."""
        content = ImageContent(ContentNetwork.embedded())
        pictures = [benign("astronaut"), benign("coffee"), known_picture(608, 416)]

        seen = [scores(list(content.classify(looked_at(picture)))) for picture in pictures]

        assert all(found[SignalName.IMAGE_SEXUAL_ACT] < 0.1 for found in seen)
