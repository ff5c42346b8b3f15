from collections.abc import Callable

import pytest

from pipeline.items import Json, Work
from pipeline.novelai.limits import Limits
from pipeline.novelai.price import Plan, Price, quote, where_included
from pipeline.novelai.tools import parse_augment, parse_upscale
from tests.unit.pipeline.novelai.conftest import picture

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

    def test_references_are_never_free(self, read: Read) -> None:
        """Five for each precise one and sample; two for each vibe beyond the fourth."""
        exact = {
            "director_reference_images": [picture(1024, 1536)] * 2,
            "director_reference_descriptions": [{"caption": {"base_caption": "style"}}] * 2,
            "director_reference_strength_values": [1] * 2,
            "director_reference_secondary_strength_values": [0] * 2,
            "director_reference_information_extracted": [1] * 2,
        }
        vibes = {
            "reference_image_multiple": [picture(1, 1)] * 6,
            "reference_strength_multiple": [1] * 6,
            "reference_information_extracted_multiple": [1] * 6,
        }
        assert quote(read(V4, n_samples=3, **exact), OPUS) == Price(17, 2, 30)
        assert quote(read(V3, **vibes), OPUS).total == 4

    def test_what_is_drawn_anew_of_an_infill_is_paid(self, read: Read) -> None:
        """All of it, unless the request says how much."""
        pictures = {"image": picture(1, 1), "mask": picture(1, 1)}
        model = f"{V4}-inpainting"
        assert quote(read(model, steps=28, **pictures), Plan()).total == 20
        some = read(model, steps=28, inpaintImg2ImgStrength=0.5, strength=0.1, **pictures)
        assert quote(some, Plan()).total == 10

    @pytest.mark.parametrize(
        ("tool", "plan", "expected"),
        [
            ("sketch", Plan(), 20),
            ("sketch", OPUS, 0),
            ("bg-removal", Plan(), 65),
            ("bg-removal", OPUS, 65),
        ],
    )
    def test_a_director_tool_costs_a_picture(self, tool: str, plan: Plan, expected: int) -> None:
        """Taking the background away costs three and a bit, and is never free."""
        asked: dict[str, Json] = {"req_type": tool, "width": 64, "height": 64}
        work = parse_augment({**asked, "image": picture(64, 64)}, None, limits=Limits())
        assert quote(work, plan).total == expected

    @pytest.mark.parametrize(
        ("width", "height", "expected"),
        [(1024, 1024, 1), (1024, 1025, 2), (2048, 1000, 3), (2048, 1536, 4)],
    )
    def test_upscaling_costs_by_what_goes_in(self, width: int, height: int, expected: int) -> None:
        """And is never free."""
        work = parse_upscale({"image": picture(width, height)}, None, limits=Limits())
        assert quote(work, OPUS).total == expected

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


@pytest.mark.parametrize(
    ("model", "samples", "expected"), [(V4, 1, (0, 0)), (V4, 2, (20, 20)), (V5, 1, (0, 30))]
)
def test_what_a_plan_includes_is_certain_but_for_the_newest(
    read: Read, model: str, samples: int, expected: tuple[int, int]
) -> None:
    """NovelAI alone reads the meter of V5."""
    assert where_included(read(model, steps=28, n_samples=samples)) == expected
