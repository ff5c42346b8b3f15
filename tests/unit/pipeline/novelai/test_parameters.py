from collections.abc import Iterator
from dataclasses import replace

import pytest

from classifiers.content import Polarity
from pipeline.items import Json
from pipeline.novelai.cached import inline
from pipeline.novelai.catalogue import MODELS, Family
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.parameters import NOT_SERVED, PARAMETERS
from pipeline.novelai.request import parse
from pipeline.novelai.shapes import (
    Choice,
    Flag,
    ListOf,
    Number,
    Object,
    Opaque,
    Picture,
    Shape,
    Words,
    checked,
    shown,
    words,
)
from tests.unit.pipeline.novelai.conftest import picture

LIMITS = Limits()
DOT = picture(1, 1)

# novelai-api.md 3.2, first paragraph: every field in the specification.
SPECIFIED = """
add_original_image cfg_rescale color_correct controlnet_condition controlnet_model
controlnet_strength deliberate_euler_ancestral_bug director_reference_descriptions
director_reference_images director_reference_information_extracted
director_reference_secondary_strength_values director_reference_strength_values
dynamic_thresholding extra_noise_seed height image image_format img2img legacy legacy_v3_extend mask
n_samples negative_prompt noise noise_schedule params_version prefer_brownian prompt qualityToggle
reference_image reference_image_multiple reference_information_extracted
reference_information_extracted_multiple reference_strength reference_strength_multiple sampler
scale seed skip_cfg_above_sigma sm sm_dyn steps straight_alpha stream strength tag_hint_qt
tag_hint_transparent_background tag_hint_uc_preset ucPreset upscale upscaled_enhance v4_prompt
v4_negative_prompt width
"""

# Its second paragraph: what real clients send beside them.
TOLERATED = """
characterPrompts use_coords legacy_uc autoSmea auto_smea
normalize_reference_strength_multiple inpaintImg2ImgStrength uncond_scale uc ucPresetId
qualityPresetId request_type
"""


def marked(shape: Shape, names: Iterator[int]) -> Json:
    """Give a value of `shape` with a marker of its own wherever any string is accepted."""
    match shape:
        case Object():
            return {key: marked(inner, names) for key, inner in shape.fields.items()}
        case ListOf():
            return [marked(shape.item, names) for _ in range(min(2, shape.most))]
        case Number():
            return shape.high
        case Flag():
            return True
        case Choice() if not shape.accepts("marker"):
            return min(shape.names)
        case Choice() | Words() | Picture() | Opaque():
            return f"marker{next(names)}"


def has_words(shape: Shape) -> bool:
    """Whether a text stands anywhere in `shape`."""
    match shape:
        case Words():
            return True
        case Object():
            return any(has_words(inner) for inner in shape.fields.values())
        case ListOf():
            return has_words(shape.item)
        case _:
            return False


def strings(value: Json) -> Iterator[str]:
    """Give every string below `value`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)


class TestTheAllowList:
    def test_every_field_of_the_specification_has_its_answer(self) -> None:
        """A field that nobody thought of is a field that nobody reads."""
        known = PARAMETERS.keys() | NOT_SERVED.keys()
        assert known == {*SPECIFIED.split(), *TOLERATED.split()}
        assert not PARAMETERS.keys() & NOT_SERVED.keys()

    @pytest.mark.parametrize("key", sorted(PARAMETERS))
    def test_any_free_string_that_is_sent_is_looked_at(self, key: str) -> None:
        """A text or picture that reaches NovelAI and no gate is a way around all of them."""
        parameter = PARAMETERS[key]
        value = checked(parameter.shape, key, marked(parameter.shape, iter(range(1000))))
        read = {text.text for text in words(parameter.shape, key, value)}
        read |= {says for *_, says in shown(parameter.shape, key, value)}
        free = {string for string in strings(value) if string.startswith("marker")}

        assert free == read or (not parameter.sent and not read)

    @pytest.mark.parametrize("model", sorted(MODELS))
    def test_a_marker_in_every_text_field_of_a_request_is_read(self, model: str) -> None:
        """The same, through the whole reader: each carrier of 3.4 reaches the prompt."""
        names = iter(range(1000))
        family = MODELS[model].family
        parameters: dict[str, Json] = {
            key: marked(parameter.shape, names)
            for key, parameter in PARAMETERS.items()
            if family in parameter.families and has_words(parameter.shape)
        }
        infills = MODELS[model].inpaints
        if infills:
            parameters |= {"image": DOT, "mask": DOT}
        body: dict[str, Json] = {
            "input": "marker-input",
            "model": model,
            "action": "infill" if infills else "generate",
            "parameters": {**parameters, "width": 64, "height": 64},
        }

        work = parse(body, None, limits=LIMITS)
        read = {text.text for text in work.prompt.texts}

        assert len(read) == (8 if family is Family.V3 else 14)
        assert {text for text in strings(body) if text.startswith("marker")} == read
        assert {text for text in strings(dict(work.body)) if text.startswith("marker")} <= read

    def test_negative_carriers_are_negative(self) -> None:
        """The same words mean the opposite there."""
        for key in ("negative_prompt", "uc", "v4_negative_prompt"):
            shape = PARAMETERS[key].shape
            found = [text.polarity for text in words(shape, key, marked(shape, iter(range(99))))]
            assert found
            assert set(found) == {Polarity.NEGATIVE}

    @pytest.mark.parametrize("key", sorted(PARAMETERS))
    @pytest.mark.parametrize("wrong", [[[]], {"x": 1}, "\u2603", -1, 1e300, True, [1]])
    def test_a_value_of_another_kind_is_refused(self, key: str, wrong: Json) -> None:
        """Upstream coerces; here a value is what it says, or is refused without being repeated."""
        shape = PARAMETERS[key].shape
        if isinstance(shape, Flag) and wrong is True:
            return
        if isinstance(shape, Words | Opaque | Picture) and wrong == "\u2603":
            return
        if isinstance(shape, ListOf) and isinstance(shape.item, Number) and wrong == [1]:
            return
        with pytest.raises(RequestRefusedError) as caught:
            checked(shape, f"parameters.{key}", wrong)
        assert "\u2603" not in caught.value.message


class TestInline:
    def test_a_key_without_data_is_named_so_that_the_client_sends_the_bytes(self) -> None:
        """Nobody here has seen what a key stands for."""
        with pytest.raises(RequestRefusedError) as caught:
            inline(
                {
                    "image_cache_secret_key": "ab12",
                    "reference_image_multiple_cached": [{"cache_secret_key": "cd34"}],
                }
            )

        assert caught.value.message == "INVALID_CACHE_KEYS"
        assert caught.value.details == {"invalidKeys": ["ab12", "cd34"]}

    def test_a_key_beside_its_data_is_dropped(self) -> None:
        """The data are judged like any others; the key is never forwarded."""
        plain = inline(
            {
                "image": "aGk=",
                "image_cache_secret_key": "ab12",
                "director_reference_images_cached": [{"cache_secret_key": "cd", "data": "aGk="}],
            }
        )
        assert plain == {"image": "aGk=", "director_reference_images": ["aGk="]}

    @pytest.mark.parametrize(
        "parameters",
        [
            {"image_cache_secret_key": "not hexadecimal"},
            {"image_cache_secret_key": 7},
            {"image_cache_secret_key": "ab" * 100},
            {"reference_image_multiple_cached": "ab"},
            {"reference_image_multiple_cached": ["ab"]},
            {"reference_image_multiple_cached": [{}]},
            {"reference_image_multiple_cached": [{"cache_secret_key": "ab", "more": 1}]},
            {
                "reference_image_multiple_cached": [{"cache_secret_key": "ab", "data": "x"}],
                "reference_image_multiple": ["y"],
            },
        ],
    )
    def test_what_is_no_key_is_not_sent_back(self, parameters: dict[str, Json]) -> None:
        """An error that repeats whatever it was given lets anybody write into our logs."""
        with pytest.raises(RequestRefusedError) as caught:
            inline(parameters)
        assert caught.value.details is None


def test_limits_count_every_text_together() -> None:
    """Two halves of a text that is too long are a text that is too long."""
    tight = replace(LIMITS, text_characters=20)
    body: dict[str, Json] = {
        "input": "x" * 12,
        "model": "nai-diffusion-3",
        "action": "generate",
        "parameters": {"width": 64, "height": 64, "negative_prompt": "y" * 8},
    }
    assert len(parse(body, None, limits=tight).prompt.texts) == 2
    with pytest.raises(RequestRefusedError, match="19 characters"):
        parse(body, None, limits=replace(tight, text_characters=19))
