from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.errors import ModelError
from classifiers.registry import Model, known_picture, open_model
from classifiers.runtime import Array, Session

Answering = Callable[[str, NDArray[np.float32]], Model]
PIXELS = known_picture(224, 224)[np.newaxis]


class TestSession:
    def test_many_threads_get_the_same_answer(self) -> None:
        """Judges run in worker threads, all on one session."""
        session = open_model("nsfw_mobilenet_v2").session
        alone = session.run(PIXELS)[0]

        with ThreadPoolExecutor(4) as threads:
            together = list(threads.map(session.run, [PIXELS] * 8))

        assert all(np.array_equal(alone, answers[0]) for answers in together)

    def test_a_batch_answers_as_its_pictures_do_alone(self) -> None:
        """Views and faces are asked about together, and must not colour one another."""
        session = open_model("nsfw_mobilenet_v2").session
        dark = np.zeros_like(PIXELS)

        both = session.run(np.concatenate([PIXELS, dark]))[0]

        assert np.allclose(both[0], session.run(PIXELS)[0][0], atol=1e-4)
        assert np.allclose(both[1], session.run(dark)[0][0], atol=1e-4)

    @pytest.mark.parametrize(
        "wrong",
        [PIXELS.astype(np.float32), PIXELS[:, :100], PIXELS[0], np.asarray(["x"])],
        ids=["kind", "size", "rank", "words"],
    )
    def test_inputs_of_another_kind_are_a_model_error(self, wrong: Array) -> None:
        """Whatever the runtime raises, callers know one error."""
        session = open_model("nsfw_mobilenet_v2").session

        with pytest.raises(ModelError, match="expected an answer"):
            session.run(wrong)

    def test_too_many_inputs_are_a_model_error(self) -> None:
        """A model must not silently ignore what it was given."""
        session = open_model("nsfw_mobilenet_v2").session

        with pytest.raises(ModelError, match="expected 1 inputs, got 2"):
            session.run(PIXELS, PIXELS)

    def test_bytes_that_are_no_model_are_a_model_error(self) -> None:
        """A broken download must stop the start, with our error."""
        with pytest.raises(ModelError, match="junk: expected a model that loads"):
            Session("junk", b"no model")

    def test_a_closed_session_refuses(self) -> None:
        """After shut-down nobody may be told that a picture is clean."""
        session = open_model("face_age").session
        session.close()

        with pytest.raises(ModelError, match="got a closed one"):
            session.run(known_picture(112, 112)[np.newaxis])

    def test_nan_is_no_answer(self, answering: Answering) -> None:
        """NaN would pass any threshold test."""
        model = answering("face_age", np.asarray([np.nan], np.float32))

        with pytest.raises(ModelError, match="got NaN or infinity"):
            model.session.run(known_picture(112, 112)[np.newaxis])
