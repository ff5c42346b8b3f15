from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.sandbox import job, price
from pipeline.sandbox.body import Body
from pipeline.sandbox.catalogue import MODELS, Action, Family
from pipeline.sandbox.errors import RefusedError
from pipeline.sandbox.job import Job

Asked = Callable[..., dict[str, Any]]
Answer = tuple[int, str]
_ENCODING = b64encode(b"an opaque encoding").decode("ascii")


def _read(envelope: dict[str, Any], **outer: object) -> Job:
    return job.read(Body(envelope | outer, parts=None))


def _refusal(envelope: dict[str, Any], **outer: object) -> Answer:
    with pytest.raises(RefusedError) as refusal:
        _read(envelope, **outer)
    return refusal.value.status, refusal.value.message


def _outcome(envelope: dict[str, Any], **outer: object) -> Job | RefusedError:
    try:
        return _read(envelope, **outer)
    except RefusedError as refusal:
        return refusal


_BROKEN: Answer = (500, "Error generating image, an internal error occurred")
_CHARACTERS = {"base_caption": "a quay", "char_captions": [{"char_caption": "a cat"}] * 7}


class TestRead:
    def test_a_request_in_order_is_read(self, asked: Asked) -> None:
        """What counts on V4 and later is the caption."""
        work = _read(asked(n_samples=2), input="something else")

        assert work.prompt.base == "a harbour at dawn"
        assert work.negative.base == "blurry"
        assert (work.width, work.height, work.samples, work.seed) == (128, 192, 2, 7)
        assert work.action is Action.GENERATE

    def test_older_models_read_the_plain_text(self, asked: Asked) -> None:
        """V3 knows no captions."""
        work = _read(asked(), model="nai-diffusion-3", input="a lighthouse")

        assert work.prompt.base == "a lighthouse"

    def test_a_missing_seed_follows_from_the_prompt(self, asked: Asked) -> None:
        """The sandbox throws no dice."""
        assert _read(asked(seed=None)) == _read(asked(seed=None))

    def test_an_unknown_model_is_named(self, asked: Asked) -> None:
        """The exact words are what clients show."""
        answer = _refusal(asked(), model="nai-diffusion-4-curated")

        assert answer == (400, "Validation error: model nai-diffusion-4-curated doesn't exist")

    def test_only_inpainting_models_infill(self, asked: Asked) -> None:
        """Section 6.6, item 6."""
        answer = _refusal(asked(), action="infill")

        assert answer == (400, "Model nai-diffusion-4-5-full doesn't support action infill")

    def test_a_plain_generation_takes_no_image(
        self, asked: Asked, in_base64: Callable[..., str]
    ) -> None:
        """Section 6.6, item 6."""
        answer = _refusal(asked(image=in_base64()))

        said = "image is not allowed for regular generations, use img2img or infill"
        assert answer == (400, f"Validation error: error validating request: {said}")

    def test_a_change_needs_its_image(self, asked: Asked) -> None:
        """The message is one that was seen."""
        assert _refusal(asked(), action="img2img") == (
            400,
            "Error verifying request: image is required",
        )

    @pytest.mark.parametrize(
        ("model", "parameters"),
        [
            ("nai-diffusion-4-full", {"v4_prompt": None}),
            ("nai-diffusion-5-full", {"v4_prompt": None}),
            ("nai-diffusion-4-5-full", {"v4_prompt": {"caption": _CHARACTERS}}),
            ("nai-diffusion-4-full", {"v4_prompt": {"caption": _CHARACTERS}}),
            ("nai-diffusion-4-5-full", {"sm": True}),
            ("nai-diffusion-5-full", {"sm_dyn": True}),
            (
                "nai-diffusion-5-full",
                {
                    "reference_image_multiple": [_ENCODING],
                    "reference_strength_multiple": [0.5],
                },
            ),
        ],
    )
    def test_what_chokes_the_models_is_an_inner_error(
        self, asked: Asked, model: str, parameters: dict[str, Any]
    ) -> None:
        """NovelAI answers 500 here, and clients retry it; so must a test see it."""
        assert _refusal(asked(**parameters), model=model) == _BROKEN

    def test_a_raw_picture_is_no_vibe(self, asked: Asked, in_base64: Callable[..., str]) -> None:
        """novelai-python sends it, and gets a 500."""
        vibes = {
            "reference_image_multiple": [in_base64()],
            "reference_strength_multiple": [0.5],
        }

        assert _refusal(asked(**vibes)) == _BROKEN
        assert _read(asked(**vibes), model="nai-diffusion-3").references.vibes == 1

    def test_seven_characters_are_fine_on_v5(self, asked: Asked) -> None:
        """The limit of six is V4's."""
        work = _read(asked(v4_prompt={"caption": _CHARACTERS}), model="nai-diffusion-5-full")

        assert len(work.prompt.characters) == 7

    @pytest.mark.parametrize(
        "parameters",
        [
            {"width": 100},
            {"width": 0},
            {"width": None},
            {"width": "128"},
            {"width": 128.5},
            {"width": 2048, "height": 2048},
            {"n_samples": 9},
            {"n_samples": 5, "width": 832, "height": 1216},
            {"steps": 0},
            {"steps": 51},
            {"steps": True},
            {"scale": 10.5},
            {"scale": -1},
            {"cfg_rescale": 1.5},
            {"uncond_scale": 2},
            {"seed": 2**32},
            {"seed": -1},
            {"sampler": "k_nothing"},
            {"noise_schedule": "native"},
            {"image_format": "gif"},
            {"v4_prompt": "a quay"},
            {"v4_prompt": {"caption": {"base_caption": 1}}},
            {"image": 1},
            {"reference_image_multiple": [_ENCODING]},
        ],
    )
    def test_what_is_out_of_range_is_refused(
        self, asked: Asked, parameters: dict[str, Any]
    ) -> None:
        """Section 2.4 states the ranges."""
        status, message = _refusal(asked(**parameters))

        assert status == 400
        assert message

    def test_whole_numbers_may_have_a_point(self, asked: Asked) -> None:
        """Clients in dynamic languages write 28.0."""
        assert _read(asked(steps=28.0)).dials.steps == 28

    def test_a_cache_key_without_bytes_is_a_miss(self, asked: Asked) -> None:
        """The official client resends the bytes when it reads these keys."""
        parameters = {
            "image_cache_secret_key": "k1",
            "reference_image_multiple_cached": [
                {"cache_secret_key": "k2"},
                {"cache_secret_key": "k3", "data": _ENCODING},
            ],
        }
        with pytest.raises(RefusedError) as refusal:
            _read(asked(**parameters))

        assert (refusal.value.status, refusal.value.message) == (400, "INVALID_CACHE_KEYS")
        assert refusal.value.details == {"invalidKeys": ["k1", "k2"]}

    def test_cached_references_with_bytes_count(self, asked: Asked) -> None:
        """A key that brings its bytes is a picture like any other."""
        work = _read(
            asked(
                reference_image_multiple_cached=[{"cache_secret_key": "k", "data": _ENCODING}],
                reference_strength_multiple=[0.5],
            )
        )

        assert work.references.vibes == 1

    @pytest.mark.parametrize(
        ("height", "strength", "message"),
        [
            (1024, 1, "Error encoding v4 director references: non-200 response: 400."),
            (1536, 0.5, "must be exactly 1.0 per entry"),
        ],
    )
    def test_precise_references_are_particular(
        self,
        asked: Asked,
        in_base64: Callable[..., str],
        height: int,
        strength: float,
        message: str,
    ) -> None:
        """The canvas and the strength are fixed."""
        precise = {
            "director_reference_images": [in_base64(1024, height)],
            "director_reference_strength_values": [strength],
            "director_reference_information_extracted": [1],
            "director_reference_secondary_strength_values": [0],
            "director_reference_descriptions": [{}],
        }
        status, said = _refusal(asked(**precise))

        assert status == 400
        assert message in said

    def test_only_v4_5_takes_precise_references(
        self, asked: Asked, in_base64: Callable[..., str]
    ) -> None:
        """V5 has none yet, and older models never had."""
        envelope = asked(director_reference_images=[in_base64(1024, 1536)])

        status, message = _refusal(envelope, model="nai-diffusion-5-full")

        assert (status, "takes no director references" in message) == (400, True)

    @pytest.mark.parametrize(
        "image",
        ["!!", "data:image/png;base64,AAAA", b64encode(b"\x89PNG\r\n\x1a\nnothing").decode()],
    )
    def test_an_image_that_is_none_is_refused(self, asked: Asked, image: str) -> None:
        """Before anything is paid."""
        status, message = _refusal(asked(image=image), action="img2img")

        assert status == 400
        assert image not in message

    def test_a_refusal_never_repeats_a_picture(self, asked: Asked) -> None:
        """In a form, base64 reads as the name of a part, of which a beginning is told."""
        body = Body(asked(image="A" * 500) | {"action": "img2img"}, parts={})

        with pytest.raises(RefusedError) as refusal:
            job.read(body)

        beginning = f'image field references unknown form part "{"A" * 64}"'
        assert refusal.value.message == beginning

    def test_a_form_part_is_found_by_its_name(
        self, asked: Asked, picture: Callable[..., bytes]
    ) -> None:
        """In a form, fields hold names and never pictures."""
        envelope = asked(image="image") | {"action": "img2img"}

        work = job.read(Body(envelope, parts={"image": picture()}))

        assert work.image == picture()

    def test_every_model_can_be_asked(self, asked: Asked) -> None:
        """A catalogue with a model nobody can use would be wrong."""
        sources = {_read(asked(), model=name).model.source for name in MODELS}

        assert "NovelAI Diffusion V5 DB276663" in sources
        assert {model.family for model in MODELS.values()} == set(Family)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    [
        "width", "height", "steps", "scale", "seed", "n_samples", "sampler", "noise_schedule",
        "v4_prompt", "v4_negative_prompt", "negative_prompt", "image", "mask", "sm", "strength",
        "reference_image", "reference_image_multiple", "reference_image_multiple_cached",
        "reference_strength_multiple", "director_reference_images", "image_cache_secret_key",
        "image_format", "uncond_scale", "cfg_rescale",
    ]
)  # fmt: skip


class TestReadAnything:
    @given(
        changes=st.dictionaries(_KEYS, _JSON, max_size=3),
        model=st.sampled_from(sorted(MODELS)),
        action=st.sampled_from(["generate", "img2img", "infill"]),
    )
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_change_is_read_or_refused(
        self, asked: Asked, changes: dict[str, Any], model: str, action: str
    ) -> None:
        """A fault in the sandbox would look like a fault of NovelAI's."""
        match _outcome(asked(**changes), model=model, action=action):
            case RefusedError(status=status, message=message):
                assert status == 400 or (status, message) == _BROKEN
            case Job() as work:
                assert price.total(work, first_is_free=False) >= 2

    @given(envelope=st.dictionaries(st.sampled_from(["model", "action", "parameters"]), _JSON))
    def test_any_object_is_refused(self, envelope: dict[str, Any]) -> None:
        """Nothing made up at random is a request."""
        assert _refusal(envelope)[0] == 400
