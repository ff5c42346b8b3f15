from collections.abc import Callable

import pytest

from pipeline.items import Work
from pipeline.novelai.price import Plan, Price, quote

Read = Callable[..., Work]
V3, V4, V5 = "nai-diffusion-3", "nai-diffusion-4-5-full", "nai-diffusion-5-full"
OPUS = Plan(opus=True)
PIXEL = "aGVsbG8="


class TestQuote:
    @pytest.mark.parametrize(
        ("width", "height", "steps", "expected"),
        [(832, 1216, 28, 20), (832, 1216, 23, 17), (1024, 1024, 28, 20), (64, 64, 1, 2)],
    )
    def test_the_published_prices_come_out(
        self, read: Read, width: int, height: int, steps: int, expected: int
    ) -> None:
        """A wrong price lets a tenant spend what it did not agree to."""
        work = read(V4, width=width, height=height, steps=steps)
        assert quote(work, Plan()).total == expected

    @pytest.mark.parametrize(
        ("model", "more", "expected"),
        [
            (V3, {"sm": True}, 24),
            (V3, {"sm": True, "sm_dyn": True}, 28),
            (V5, {}, 30),
            (V4, {"image": PIXEL, "strength": 0.5}, 10),
            (V4, {"image": PIXEL}, 14),
            (V4, {"image": PIXEL, "img2img": {"strength": 0.25}}, 5),
            (V4, {"image": PIXEL, "strength": 0.01}, 2),
            (V4, {"strength": 0.5}, 20),
        ],
    )
    def test_what_makes_it_dearer_or_cheaper(
        self, read: Read, model: str, more: dict[str, float], expected: int
    ) -> None:
        """SMEA and V5 multiply it; strength counts in img2img only."""
        assert quote(read(model, steps=28, **more), Plan()).per_image == expected

    def test_the_first_picture_is_free_with_opus(self, read: Read) -> None:
        """One, up to a megapixel and 28 steps."""
        assert quote(read(n_samples=3, steps=28), OPUS) == Price(20, 2)
        assert quote(read(n_samples=1, steps=28), OPUS).total == 0
        assert quote(read(n_samples=3, steps=28), Plan()).total == 60
        assert quote(read(steps=29), OPUS).billable == 1
        assert quote(read(width=1088, height=1024), OPUS).billable == 1

    def test_v5_is_free_only_while_its_meter_lasts(self, read: Read) -> None:
        """The meter is of V5 alone."""
        assert quote(read(V5), Plan(opus=True, meter_spent=True)).billable == 1
        assert quote(read(V5), OPUS).billable == 0
        assert quote(read(V4), Plan(opus=True, meter_spent=True)).billable == 0
