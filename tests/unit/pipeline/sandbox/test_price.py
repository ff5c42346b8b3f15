from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.sandbox import job, price
from pipeline.sandbox.body import Body
from pipeline.sandbox.job import Job

Asked = Callable[..., dict[str, Any]]


def _job(envelope: dict[str, Any], **outer: object) -> Job:
    return job.read(Body(envelope | outer, parts=None))


class TestPerPicture:
    @pytest.mark.parametrize(
        ("width", "height", "steps", "anlas"),
        [
            (832, 1216, 28, 20),
            (832, 1216, 23, 17),
            (1024, 1024, 28, 20),
            (64, 64, 1, 2),
        ],
    )
    def test_the_published_values_come_out(
        self, asked: Asked, width: int, height: int, steps: int, anlas: int
    ) -> None:
        """Section 2.7 gives three check values and a floor."""
        work = _job(asked(width=width, height=height, steps=steps))

        assert price.per_picture(work) == anlas

    @pytest.mark.parametrize(
        ("model", "switches", "anlas"),
        [
            ("nai-diffusion-3", {"sm": True}, 24),
            ("nai-diffusion-3", {"sm": True, "sm_dyn": True}, 28),
            ("nai-diffusion-5-full", {}, 30),
        ],
    )
    def test_some_models_and_switches_cost_more(
        self, asked: Asked, model: str, switches: dict[str, bool], anlas: int
    ) -> None:
        """Factors 1.2, 1.4 and 1.5."""
        work = _job(asked(width=832, height=1216, **switches), model=model)

        assert price.per_picture(work) == anlas

    def test_a_weaker_change_costs_less(self, asked: Asked, in_base64: Callable[..., str]) -> None:
        """The strength of an image-to-image request is a factor."""
        envelope = asked(width=832, height=1216, image=in_base64(), strength=0.5)

        assert price.per_picture(_job(envelope, action="img2img")) == 10


class TestTotal:
    def test_the_first_picture_may_be_free(self, asked: Asked) -> None:
        """Opus pays for the second picture only."""
        work = _job(asked(width=832, height=1216, n_samples=2))

        assert price.total(work, first_is_free=True) == 20
        assert price.total(work, first_is_free=False) == 40

    def test_references_cost_for_every_picture(
        self, asked: Asked, in_base64: Callable[..., str]
    ) -> None:
        """Five Anlas each, also where the picture is free."""
        precise = {
            "director_reference_images": [in_base64(1024, 1536)],
            "director_reference_strength_values": [1],
            "director_reference_information_extracted": [1],
            "director_reference_secondary_strength_values": [0],
            "director_reference_descriptions": [{}],
        }
        work = _job(asked(width=512, height=768, n_samples=2, **precise))

        assert price.total(work, first_is_free=True) == price.per_picture(work) + 10

    def test_vibes_beyond_the_fourth_cost(self, asked: Asked) -> None:
        """Two Anlas for each further one."""
        vibes = {
            "reference_image_multiple": [b64encode(b"encoding").decode()] * 6,
            "reference_strength_multiple": [0.6] * 6,
        }

        assert price.total(_job(asked(**vibes)), first_is_free=True) == 4


class TestMayBeFree:
    @pytest.mark.parametrize(
        ("width", "height", "steps", "free"),
        [(1024, 1024, 28, True), (1024, 1024, 29, False), (1088, 1024, 28, False)],
    )
    def test_only_ordinary_sizes_and_steps_are_free(
        self, asked: Asked, width: int, height: int, steps: int, free: bool
    ) -> None:
        """The limits are one megapixel and 28 steps, both included."""
        assert price.may_be_free(_job(asked(width=width, height=height, steps=steps))) is free
