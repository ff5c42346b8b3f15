from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from classifiers.canonical import Canonical
from classifiers.content import Rendition
from classifiers.content_network import NAME, ContentNetwork, Likelihoods
from classifiers.errors import ModelError
from classifiers.registry import Model, known_picture
from classifiers.training.reference import benign

Answering = Callable[[str, NDArray[np.float32]], Model]
LookedAt = Callable[[NDArray[np.uint8]], Canonical]


def classes(
    drawing: float, hentai: float, neutral: float, porn: float, sexy: float
) -> NDArray[np.float32]:
    return np.asarray([drawing, hentai, neutral, porn, sexy], np.float32)


class TestLikelihoods:
    def test_each_counts_the_view_where_it_is_largest(self) -> None:
        """What shows on black only is shown all the same."""
        views = np.stack([classes(0.1, 0.0, 0.9, 0.0, 0.0), classes(0.0, 0.2, 0.0, 0.5, 0.3)])

        seen = Likelihoods.of(views)

        assert seen.drawn_at_least == pytest.approx(0.1)
        assert seen.drawn_at_most == pytest.approx(0.2)
        assert seen.explicit == pytest.approx(0.7)
        assert seen.suggestive == pytest.approx(1.0)

    @given(arrays.arrays(np.float32, (3, 5), elements=st.floats(0.0, 1.0, width=32)))
    def test_levels_are_cumulative_and_never_leave_their_range(
        self, raw: NDArray[np.float32]
    ) -> None:
        """Rounding must not push a sum past 1, nor a level below the one that includes it."""
        views = (raw + np.float32(1e-3)) / (raw + np.float32(1e-3)).sum(axis=1, keepdims=True)

        seen = Likelihoods.of(views)

        assert 0 <= seen.explicit <= seen.suggestive <= 1
        assert 0 <= seen.drawn_at_least <= seen.drawn_at_most <= 1

    @pytest.mark.parametrize(
        "answer",
        [
            classes(0.5, 0.5, 0.5, 0.0, 0.0)[np.newaxis],
            classes(-0.5, 0.5, 1.0, 0.0, 0.0)[np.newaxis],
            np.zeros((1, 5), np.float32),
            np.asarray([[0.5, 0.5]], np.float32),
        ],
        ids=["sum", "negative", "nothing", "two classes"],
    )
    def test_an_impossible_answer_is_a_model_error(self, answer: NDArray[np.float32]) -> None:
        """All zeros would otherwise read as clean."""
        with pytest.raises(ModelError):
            Likelihoods.of(answer)


class TestRendition:
    @pytest.mark.parametrize(
        ("drawing", "hentai", "rendition"),
        [
            (0.0, 0.0, Rendition.PHOTOGRAPH),
            (0.05, 0.029, Rendition.PHOTOGRAPH),
            (0.05, 0.031, Rendition.UNSURE),
            (0.5, 0.3, Rendition.UNSURE),
            (0.5, 0.41, Rendition.DRAWING),
            (0.0, 1.0, Rendition.DRAWING),
        ],
    )
    def test_it_is_sure_only_at_the_ends(
        self,
        answering: Answering,
        looked_at: LookedAt,
        drawing: float,
        hentai: float,
        rendition: Rendition,
    ) -> None:
        """In between, networks for photographs must not speak."""
        rest = 1 - drawing - hentai
        network = ContentNetwork(answering(NAME, classes(drawing, hentai, rest, 0.0, 0.0)))

        assert network.rendition(looked_at(known_picture(64, 48))) is rendition

    @pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee"])
    def test_photographs_are_photographs(self, looked_at: LookedAt, name: str) -> None:
        """The embedded network must be of use on what it was trained for."""
        picture = looked_at(benign(name))

        assert ContentNetwork.embedded().rendition(picture) is Rendition.PHOTOGRAPH

    def test_a_photograph_with_a_drawing_under_its_transparency_is_not_sure(
        self, looked_at: LookedAt
    ) -> None:
        """Else a sender could choose which network may speak."""
        cat = benign("chelsea")
        height, width = cat.shape[:2]
        striped = np.indices((height, width)).sum(axis=0) // 40 % 2 * 255
        picture = looked_at(np.dstack([cat, striped.astype(np.uint8)]))
        network = ContentNetwork.embedded()

        assert len(picture.views) > 1
        assert network.look(picture).drawn_at_most > network.look(picture).drawn_at_least


class TestLook:
    def test_the_same_pixels_are_looked_at_once(
        self, answering: Answering, looked_at: LookedAt
    ) -> None:
        """Two classifiers ask about each picture; the budget holds one look."""
        model = answering(NAME, classes(0.0, 0.0, 1.0, 0.0, 0.0))
        network = ContentNetwork(model)
        picture = looked_at(known_picture(64, 48))
        first = network.look(picture)
        model.session.close()

        with ThreadPoolExecutor(4) as threads:
            again = list(threads.map(network.look, [picture] * 8))

        assert all(answer is first for answer in again)

    def test_one_tenants_picture_is_no_quicker_for_another(
        self, answering: Answering, looked_at: LookedAt
    ) -> None:
        """Else the clock would tell a tenant what another had sent."""
        model = answering(NAME, classes(0.0, 0.0, 1.0, 0.0, 0.0))
        network, picture = ContentNetwork(model), looked_at(known_picture(64, 48))
        seen = network.look(replace(picture, tenant="harbour"))
        model.session.close()

        assert network.look(replace(picture, tenant="harbour")) is seen
        with pytest.raises(ModelError, match="closed"):
            network.look(replace(picture, tenant="lighthouse"))

    def test_other_pixels_are_never_answered_from_memory(self, looked_at: LookedAt) -> None:
        """A memory keyed too loosely would clear one picture with another's answer."""
        network = ContentNetwork.embedded()
        cat, dark = benign("chelsea"), np.zeros((300, 451, 3), np.uint8)

        assert network.look(looked_at(cat)) != network.look(looked_at(dark))

    def test_a_failure_is_not_remembered_as_an_answer(
        self, answering: Answering, looked_at: LookedAt
    ) -> None:
        """Not knowing stays not knowing, each time it is asked."""
        model = answering(NAME, classes(0.0, 0.0, 1.0, 0.0, 0.0))
        model.session.close()
        network = ContentNetwork(model)
        picture = looked_at(known_picture(64, 48))

        for _ in range(2):
            with pytest.raises(ModelError, match="closed"):
                network.look(picture)
