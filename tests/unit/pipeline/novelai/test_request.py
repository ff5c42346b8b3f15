import base64
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.content import Grammar, Image, Polarity, Purpose, Text
from pipeline.items import Json, Work
from pipeline.novelai.catalogue import MODELS, Family
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.parameters import PARAMETERS
from pipeline.novelai.request import SOURCE, parse, serialise
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
)
from tests.unit.pipeline.novelai.conftest import picture

Ask = Callable[..., dict[str, Json]]
Read = Callable[..., Work]

LIMITS = Limits()
V3, V4_5, V5 = "nai-diffusion-3", "nai-diffusion-4-5-full", "nai-diffusion-5-full"
PIXEL = base64.b64encode(b"pixels").decode()
DOT, CANVAS = picture(1, 1), picture(1024, 1536)


def captions(base: str, *characters: str) -> Json:
    return {
        "caption": {
            "base_caption": base,
            "char_captions": [{"char_caption": text} for text in characters],
        }
    }


def refusal(
    body: dict[str, Json], parts: dict[str, bytes] | None = None, limits: Limits = LIMITS
) -> RequestRefusedError:
    with pytest.raises(RequestRefusedError) as caught:
        parse(body, parts, limits=limits)
    return caught.value


def of(shape: Shape) -> st.SearchStrategy[Json]:
    """Give legal values of a shape."""
    match shape:
        case Number():
            whole = st.integers(int(shape.low), min(int(shape.high), 2**32 - 1))
            return whole if shape.whole else whole | st.floats(shape.low, shape.high)
        case Flag():
            return st.booleans()
        case Choice():
            return st.sampled_from(sorted(shape.names))
        case Words() | Picture() | Opaque():
            return st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
        case ListOf():
            return st.lists(of(shape.item), max_size=min(3, shape.most)).map(lambda items: [*items])
        case Object():
            needed = {key: of(inner) for key, inner in shape.fields.items() if key in shape.needed}
            other = {
                key: st.none() | of(inner)
                for key, inner in shape.fields.items()
                if key not in shape.needed
            }
            return st.fixed_dictionaries(needed, optional=other).map(lambda item: {**item})


def times(some: int, value: Json) -> list[Json]:
    return [value] * some


def references(family: Family) -> st.SearchStrategy[dict[str, Json]]:
    """Give reference pictures with all that describes them, where a family takes any."""
    if family is Family.V3:
        return st.integers(0, 3).map(
            lambda some: {
                "reference_image_multiple": times(some, DOT),
                "reference_strength_multiple": times(some, 0.5),
                "reference_information_extracted_multiple": times(some, 1),
            }
        )
    if family is Family.V4_5:
        return st.integers(0, 2).map(precise)
    return st.just({})


def precise(some: int, **others: Json) -> dict[str, Json]:
    """Give so many precise references."""
    caption: Json = {"caption": {"base_caption": "character", "char_captions": []}}
    return {
        "director_reference_images": times(some, CANVAS),
        "director_reference_descriptions": times(some, caption),
        "director_reference_strength_values": times(some, 1),
        "director_reference_secondary_strength_values": times(some, 0.25),
        "director_reference_information_extracted": times(some, 1),
        **others,
    }


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Json]:
    """Give bodies as clients might write them: any keys of the allow-list that fit together."""
    model = MODELS[draw(st.sampled_from(sorted(MODELS)))]
    free = {
        key: of(parameter.shape)
        for key, parameter in PARAMETERS.items()
        if model.family in parameter.families
        and key not in {"width", "height", "n_samples", "sm", "sm_dyn", "img2img", "noise_schedule"}
        and key not in {"image", "mask"}
        and "reference" not in key
    }
    parameters = draw(st.fixed_dictionaries({}, optional=free))
    if model.family is not Family.V3:
        parameters["v4_prompt"] = draw(of(PARAMETERS["v4_prompt"].shape))
    parameters |= {"width": 64 * draw(st.integers(1, 8)), "height": 64 * draw(st.integers(1, 8))}
    action = "infill" if model.inpaints else draw(st.sampled_from(["generate", "img2img"]))
    if action != "generate":
        parameters["image"] = DOT
    if action == "infill":
        parameters["mask"] = DOT
    parameters |= draw(references(model.family))
    text = draw(of(Words(Polarity.POSITIVE)))
    return {"input": text, "model": model.id, "action": action, "parameters": parameters}


def _sent(work: Work) -> dict[str, Json]:
    return _parameters(work.body)


def _parameters(body: Mapping[str, Json]) -> dict[str, Json]:
    parameters = body["parameters"]
    assert isinstance(parameters, dict)
    return parameters


class TestParse:
    def test_words_become_a_text_to_image(self, read: Read) -> None:
        """The plain request, with the defaults written out that its price depends on."""
        work = read(V4_5, seed=7, n_samples=2)

        assert work.images == ()
        assert (work.width, work.height, work.samples) == (832, 1216, 2)
        assert work.prompt.grammar is Grammar.V4
        assert work.prompt.texts == (
            Text("parameters.v4_prompt.caption.base_caption", "a harbour at dawn"),
        )
        assert work.body["parameters"] == {
            "width": 832,
            "height": 1216,
            "steps": 23,
            "seed": 7,
            "n_samples": 2,
            "scale": 5,
            "sampler": "k_euler_ancestral",
            "image_format": "png",
            "v4_prompt": {"caption": {"base_caption": "a harbour at dawn", "char_captions": []}},
        }

    def test_a_picture_becomes_an_image_to_image(self, read: Read) -> None:
        """Its bytes are an image to be judged, and leave the body."""
        work = read(V3, image=PIXEL)

        assert work.prompt.grammar is Grammar.V3
        assert work.images == (Image(SOURCE, 0, Purpose.SOURCE, b"pixels"),)
        assert PIXEL not in str(work.body)

    def test_a_mask_is_a_picture_of_its_own(self, read: Read) -> None:
        """How much is drawn anew is sent, and is what is paid for."""
        work = read("nai-diffusion-4-5-full-inpainting", image=DOT, mask=DOT)

        assert [(each.carrier, each.purpose) for each in work.images] == [
            (SOURCE, Purpose.SOURCE),
            ("parameters.mask", Purpose.MASK),
        ]
        assert work.body["action"] == "infill"
        assert _sent(work)["inpaintImg2ImgStrength"] == 1
        assert DOT not in str(work.body)

    def test_references_keep_their_order(self, read: Read) -> None:
        """What describes them stands in lists beside them."""
        first, second = picture(2, 2), picture(3, 3)
        work = read(
            V3,
            reference_image_multiple=[first, second],
            reference_strength_multiple=[0.1, 0.2],
            reference_information_extracted_multiple=[0.3, 0.4],
        )

        sent = _parameters(serialise(work, {(e.carrier, e.index): e.data for e in work.images}))
        assert [(each.carrier, each.index) for each in work.images] == [
            ("parameters.reference_image_multiple", 0),
            ("parameters.reference_image_multiple", 1),
        ]
        assert sent["reference_image_multiple"] == [first, second]
        assert sent["reference_strength_multiple"] == [0.1, 0.2]

    def test_the_older_single_reference_is_one_too(self, read: Read) -> None:
        """With its two numbers, which clients send even without it."""
        with_it = read(V3, reference_image=DOT, reference_strength=0.6)
        without = read(V3, reference_strength=0.6, reference_information_extracted=1)

        assert [each.purpose for each in with_it.images] == [Purpose.REFERENCE]
        assert _sent(with_it)["reference_strength"] == 0.6
        assert not {key for key in _sent(without) if "reference" in key}

    def test_precise_references_are_pictures(self, read: Read) -> None:
        """What they are for is one of three words: the service would draw from any."""
        work = read(V4_5, **precise(2))

        assert [each.index for each in work.images] == [0, 1]
        assert CANVAS not in str(work.body)
        assert _sent(work)["director_reference_secondary_strength_values"] == [0.25, 0.25]

    def test_a_picture_may_be_a_part_of_a_form(self, ask: Ask) -> None:
        """In a form, an image field holds the name of a part."""
        work = parse(ask(V4_5, image="image"), {"image": b"pixels"}, limits=LIMITS)
        assert work.images == (Image(SOURCE, 0, Purpose.SOURCE, b"pixels"),)

    def test_the_copies_are_read_and_then_overwritten(self, ask: Ask) -> None:
        """On V4 the captions count; a copy that says something else is read and never sent."""
        body = ask(
            V4_5,
            prompt="two",
            negative_prompt="three",
            uc="four",
            v4_prompt=captions("base", "somebody"),
            v4_negative_prompt=captions("bad"),
            characterPrompts=[{"prompt": "five", "uc": "six", "enabled": False}],
        )
        work = parse(body | {"input": "one"}, None, limits=LIMITS)
        sent = work.body["parameters"]

        assert [text.text for text in work.prompt.texts] == [
            "base", "somebody", "bad", "one", "two", "three", "four", "five", "six",
        ]  # fmt: skip
        assert isinstance(sent, dict)
        assert work.body["input"] == sent["prompt"] == "base"
        assert sent["negative_prompt"] == "bad"
        assert not sent.keys() & {"uc", "characterPrompts"}

    def test_an_empty_caption_counts_too(self, read: Read) -> None:
        """Empty is what was asked for; a longer copy must not take its place."""
        work = read(V4_5, v4_negative_prompt=captions(""), negative_prompt="much")
        sent = work.body["parameters"]
        assert isinstance(sent, dict)
        assert sent["negative_prompt"] == ""

    def test_on_v3_the_input_counts(self, read: Read) -> None:
        """And the older name of the negative prompt is sent under the newer one."""
        work = read(V3, prompt="another", uc="lowres")
        sent = work.body["parameters"]

        assert isinstance(sent, dict)
        assert work.body["input"] == sent["prompt"] == "a harbour at dawn"
        assert sent["negative_prompt"] == "lowres"
        assert {text.text for text in work.prompt.texts} == {
            "a harbour at dawn",
            "another",
            "lowres",
        }

    def test_what_clients_send_beside_it_is_dropped(self, ask: Ask) -> None:
        """The SDKs must work as they are."""
        body = ask(
            V4_5,
            stream="sse",
            use_coords=True,
            legacy_uc=False,
            autoSmea=True,
            uncond_scale=1.0,
            request_type="PromptGenerateRequest",
            ucPresetId="heavy",
            reference_image_multiple=[],
            mask=None,
            controlnet_strength=1,
            skip_cfg_above_sigma=None,
            sm=False,
        )
        envelope: dict[str, Json] = {
            "use_new_shared_trial": True,
            "recaptcha_token": "x",
            "url": None,
        }
        plain, full = parse(ask(V4_5, sm=False), None, limits=LIMITS), body | envelope

        work = parse(full, None, limits=LIMITS)
        assert replace(work, stream="") == plain
        assert work.stream == "sse"

    @pytest.mark.parametrize("name", ["width", "height", "steps", "n_samples", "seed", "ucPreset"])
    def test_a_whole_number_may_be_written_with_a_point(self, read: Read, name: str) -> None:
        """Two of the three SDKs do; a half is still no integer."""
        value = 64 if name in {"width", "height"} else 2
        sent = read(V4_5, **{name: float(value)}).body["parameters"]
        assert isinstance(sent, dict)
        assert repr(sent[name]) == repr(value)
        with pytest.raises(RequestRefusedError):
            read(V4_5, **{name: value + 0.5})


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"model": "nai-diffusion-9"}, "model nai-diffusion-9 doesn't exist"),
            ({"model": "nai\n\u202e" + "x" * 99}, r"model nai\n\u202exxx"),
            ({"model": None}, "model: expected a string"),
            ({"model": "nai-diffusion-2"}, "older than V3"),
            ({"model": "nai-diffusion-5-curated-inpainting"}, "doesn't exist"),
            ({"model": "nai-diffusion-4-5-full-inpainting"}, "action: expected infill with model"),
            ({"action": "infill"}, "doesn't support action infill"),
            ({"action": "paint"}, "expected generate, img2img or infill"),
            ({"action": None}, "expected generate, img2img or infill"),
            ({"input": 7}, "expected a string input"),
            ({"parameters": []}, "an object parameters"),
            ({"url": "http://x"}, "url: custom models"),
            ({"extra": 1}, "unknown keys: extra"),
        ],
    )
    def test_an_envelope_that_is_not_served(
        self, ask: Ask, change: dict[str, Json], message: str
    ) -> None:
        """Every refusal says what to change."""
        refused = refusal(ask(V4_5) | change)
        assert refused.status == 400
        assert message in refused.message

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"image": PIXEL, "mask": PIXEL}, "doesn't support action infill"),
            (
                {"reference_image_multiple": [DOT], "reference_strength_multiple": [1]},
                "a picture; V4 models take its encoding",
            ),
            ({"reference_image": PIXEL}, "not on V4.5 models: reference_image"),
            ({"upscale": {"declared_blur_sigma": 0}}, "within a generation is not served"),
            (precise(9), "a list of at most 8"),
            (precise(1, director_reference_images=[DOT]), "expected a canvas of 1024x1536"),
            (precise(2, director_reference_strength_values=[1]), "expected 2 entries"),
            (precise(1, director_reference_strength_values=[0.5]), "exactly 1.0 per entry"),
            (precise(1, director_reference_information_extracted=[0]), "exactly 1.0 per entry"),
            (
                precise(1, director_reference_descriptions=[{"caption": {"base_caption": "x"}}]),
                "base_caption: expected one of character, character&style, style",
            ),
            ({"controlnet_condition": PIXEL}, "controlnet is not served yet"),
            ({"extra_passthrough_testing": {}}, "unknown keys: extra_passthrough_testing"),
            ({"B\u202e": 1, "a": 2}, r"unknown keys: B\u202e, a"),
            ({"v4_prompt": {"caption": {"base_caption": "x", "y": 1}}}, "unknown keys: y"),
            ({"v4_prompt": {"caption": {}}}, "missing keys: base_caption"),
            ({"v4_prompt": None}, "V4.5 models need it"),
            ({"width": 833}, "multiples of 64"),
            ({"width": 64 * 99, "height": 64 * 99}, "resolution too high"),
            ({"width": None}, "missing keys: height, width"),
            ({"n_samples": 5}, "n_samples: expected at most 4"),
            ({"steps": 51}, "steps: expected an integer in 1..50, got a number"),
            ({"steps": True}, "got a boolean"),
            ({"scale": 0}, "scale: expected a number in 1..10"),
            ({"scale": 0.99}, "scale: expected a number in 1..10"),
            ({"sampler": "k_new"}, "sampler: expected one of"),
            ({"noise_schedule": "native"}, "noise_schedule: expected one of"),
            ({"image_format": "gif"}, "image_format: expected one of png, webp"),
            ({"sm": True}, "sm, sm_dyn: not on V4.5"),
            ({"v4_prompt": captions("x", *"abcdefg")}, "at most 6 characters"),
            ({"v4_negative_prompt": captions("x", *"abcdefg")}, "at most 6 characters"),
            ({"characterPrompts": [{}] * 7}, "at most 6 characters"),
            ({"strength": 0.5, "img2img": {"strength": 0.6}}, "expected the same as"),
            ({"image_cache_secret_key": "ab"}, "INVALID_CACHE_KEYS"),
        ],
    )
    def test_a_parameter_that_is_not_served(
        self, ask: Ask, parameters: dict[str, Json], message: str
    ) -> None:
        """NovelAI answers 500 to many of these, or does something that nobody judged."""
        refused = refusal(ask(V4_5, **parameters))
        assert refused.status == 400
        assert message in refused.message

    @pytest.mark.parametrize(
        ("model", "parameters", "message"),
        [
            (V5, {"noise_schedule": "exponential"}, "expected one of karras on V5"),
            (V5, {"skip_cfg_above_sigma": 19}, "not on V5 models: skip_cfg_above_sigma"),
            (V5, {"v4_prompt": captions("x", *["y"] * 23)}, "at most 22"),
            (V3, {"v4_prompt": captions("x")}, "not on V3 models: v4_prompt"),
            (V3, precise(1), "not on V3 models: director_reference_descriptions"),
            (V5, precise(1), "not on V5 models: director_reference_descriptions"),
            (V5, {"reference_image_multiple": [PIXEL]}, "not on V5 models: reference_image_mul"),
            (V3, {"reference_image_multiple": [DOT]}, "strength_multiple: expected 1 entries"),
        ],
    )
    def test_a_parameter_of_another_family(
        self, ask: Ask, model: str, parameters: dict[str, Json], message: str
    ) -> None:
        """What one model reads another may not."""
        assert message in refusal(ask(model, **parameters)).message

    @pytest.mark.parametrize("most", [22, 6])
    def test_as_many_characters_as_the_family_has_are_served(self, read: Read, most: int) -> None:
        """The limit itself is allowed."""
        model = V5 if most == 22 else V4_5
        work = read(model, v4_prompt=captions("x", *[f"c{i}" for i in range(most)]))
        assert len(work.prompt.texts) == most + 2

    @pytest.mark.parametrize(
        ("image", "message"),
        [
            ("", "got nothing"),
            ("data:image/png;base64,aGk=", "without a data: prefix"),
            ("aGk", "expected base64"),
            ("aG k=", "expected base64"),
            ("aGk=\n", "expected base64"),
            ("\u00e4Gk=", "expected base64"),
            (["aGk="], "expected a string, got a list"),
        ],
    )
    def test_an_image_that_is_not_plain_base64(self, ask: Ask, image: Json, message: str) -> None:
        """A lenient decoder skips characters: two readers would see two pictures."""
        refused = refusal(ask(V4_5) | {"action": "img2img"} | _with(ask(V4_5), image))
        assert message in refused.message

    def test_an_image_that_is_too_large(self, ask: Ask) -> None:
        """Its size is known before it is decoded, and again after."""
        large = base64.b64encode(bytes(12)).decode()
        for most in (2, 11):
            assert refusal(ask(V4_5, image=large), limits=Limits(image_bytes=most)).status == 413

    def test_an_image_and_its_action_go_together(self, ask: Ask) -> None:
        """The words are NovelAI's own: clients know them."""
        generate = refusal(ask(V4_5, image=PIXEL) | {"action": "generate"})
        img2img = refusal(ask(V4_5) | {"action": "img2img"})

        assert "image is not allowed for regular generations" in generate.message
        assert img2img.message == "Error verifying request: image is required"

    def test_an_infill_needs_both_its_pictures(self, ask: Ask) -> None:
        """And a mask is for nothing else."""
        model = "nai-diffusion-4-5-full-inpainting"
        unmasked = refusal(ask(model, image=DOT) | {"action": "infill"})
        without = refusal(ask(model, mask=DOT))
        beside = refusal(ask(V4_5, image=DOT, mask=DOT) | {"action": "img2img"})

        assert unmasked.message == "Error verifying request: mask is required"
        assert without.message == "Error verifying request: image is required"
        assert "with action infill alone" in beside.message

    def test_the_strength_of_an_infill_is_its_own(self, ask: Ask) -> None:
        """novelai-sdk sends a default of the plain one beside it: one that nobody chose."""
        body = ask(
            "nai-diffusion-4-5-full-inpainting",
            image=DOT,
            mask=DOT,
            strength=0.7,
            img2img={"strength": 0.4},
        )
        sent = _sent(parse(body, None, limits=LIMITS))
        assert sent["inpaintImg2ImgStrength"] == 0.4
        assert "strength" not in sent
        other: dict[str, Json] = {**sent, **_dots(), "inpaintImg2ImgStrength": 1}
        refused = refusal({**body, "parameters": other})
        assert "expected the same as parameters.inpaintImg2ImgStrength" in refused.message

    def test_all_pictures_together_are_bounded(self, ask: Ask) -> None:
        """Each stays decoded for as long as the request is carried; a flat file is a few bytes."""
        body = ask("nai-diffusion-4-5-full-inpainting", image=DOT, mask=DOT)
        parse(body, None, limits=Limits(pixels=2))
        refused = refusal(body, limits=Limits(pixels=1))

        assert (refused.status, "1 pixels in all" in refused.message) == (413, True)

    def test_a_form_and_its_fields_go_together(self, ask: Ask) -> None:
        """No part may be unread, and no field may bring bytes of its own."""
        unknown = refusal(ask(V4_5, image="image"), {})
        inline = refusal(ask(V4_5, image=PIXEL * 99), {})
        unread = refusal(ask(V4_5, image="image"), {"image": b"x", "more\u202e": b"y"})

        assert unknown.message == 'image field references unknown form part "image"'
        assert inline.message == 'image field references unknown form part "..."'
        assert unread.message == r"form: no field refers to the parts: more\u202e"
        assert refusal(ask(V4_5), {"image": b"x"}).status == 400

    def test_no_refusal_repeats_content(self, ask: Ask) -> None:
        """Messages go to logs; a wrong value may be a prompt in the wrong place."""
        for key in ("seed", "sampler", "sm", "v4_prompt", "characterPrompts", "image_format"):
            assert "cerulean" not in refusal(ask(V4_5, **{key: "cerulean"})).message


def _dots() -> dict[str, Json]:
    return {"image": DOT, "mask": DOT}


def _with(body: dict[str, Json], image: Json) -> dict[str, Json]:
    parameters = body["parameters"]
    assert isinstance(parameters, dict)
    return {"parameters": {**parameters, "image": image}}


class TestSerialise:
    @settings(max_examples=60)
    @given(bodies())
    def test_what_is_sent_reads_back_as_itself(self, body: dict[str, Json]) -> None:
        """Otherwise a retry, or a resumed job, would send something else than was judged."""
        first = parse(body, None, limits=LIMITS)
        sent = serialise(
            first, {(image.carrier, image.index): image.data for image in first.images}
        )
        second = parse(sent, None, limits=LIMITS)

        assert (second.body, second.images) == (first.body, first.images)
        assert (
            serialise(second, {(image.carrier, image.index): image.data for image in second.images})
            == sent
        )
        assert {(text.text, text.polarity) for text in second.prompt.texts} <= {
            (text.text, text.polarity) for text in first.prompt.texts
        }

    def test_other_bytes_may_take_an_image_s_place(self, read: Read) -> None:
        """What is sent is the picture without its metadata."""
        sent = serialise(read(V4_5, image=PIXEL), {(SOURCE, 0): b"clean"})["parameters"]
        assert isinstance(sent, dict)
        assert sent["image"] == base64.b64encode(b"clean").decode()

    @pytest.mark.parametrize("images", [{}, {("parameters.mask", 0): b"x"}, {(SOURCE, 1): b"x"}])
    def test_the_images_must_be_those_of_the_work(
        self, read: Read, images: dict[tuple[str, int], bytes]
    ) -> None:
        """An image too few or too many is a bug here, not a request."""
        with pytest.raises(ValueError, match="images: expected"):
            serialise(read(V4_5, image=PIXEL), images)

    def test_a_work_shows_no_content(self, read: Read) -> None:
        """A work may end up in a log line by accident."""
        shown = repr(read(V4_5, image=PIXEL, v4_prompt=captions("cerulean")))
        assert "cerulean" not in shown
        assert "pixels" not in shown
