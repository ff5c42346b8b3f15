"""What is added to a request for its tenant: once, where it counts, and nothing a gate minds."""

from re import findall
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import normalise
from classifiers.classifier import Classifier
from classifiers.normalise import Reading
from classifiers.readers import embedded_readers
from classifiers.signals import Signal, SignalName
from pipeline.items import NO_HELP, NOTHING, Added, PromptHelp, Undesired
from pipeline.lineage import LEAST
from pipeline.novelai import catalogue
from pipeline.novelai.helping import ANATOMY, helped, presets
from pipeline.novelai.limits import Limits
from pipeline.novelai.request import parse

V3, V4 = "nai-diffusion-3", "nai-diffusion-4-5-full"
ALL = PromptHelp(quality=True, undesired=Undesired.HEAVY, anatomy=True, nsfw=True)
QUALITY = "very aesthetic, masterpiece, no text"


def v4(prompt: str = "a harbour", negative: str | None = "rain", **more: Any) -> dict[str, Any]:
    """A request as SDKs send it, with its copies."""
    captions = {"v4_prompt": {"caption": {"base_caption": prompt, "char_captions": []}}}
    if negative is not None:
        inner = {"base_caption": negative, "char_captions": []}
        captions |= {"v4_negative_prompt": {"caption": inner}, "negative_prompt": negative}  # type: ignore[dict-item]
    parameters = {"width": 64, "height": 64, **captions, **more}
    return {"input": prompt, "model": V4, "action": "generate", "parameters": parameters}


def v3(prompt: str = "a harbour", **more: Any) -> dict[str, Any]:
    return {
        "input": prompt,
        "model": V3,
        "action": "generate",
        "parameters": {"width": 64, "height": 64, **more},
    }


def test_nothing_is_added_that_nobody_chose() -> None:
    """A platform that changes its base URL gets the pictures that it got before."""
    assert helped(v4(), NO_HELP, general=True) == (v4(), NOTHING)


@pytest.mark.parametrize("model", catalogue.MODELS)
def test_there_is_help_for_every_model(model: str) -> None:
    """Of quality tags, and of the two presets that each has."""
    known = presets()[model.removesuffix("-inpainting")]

    assert {"quality", "heavy", "light"} <= known.keys() <= {"quality", *Undesired}


def test_it_stands_where_it_counts_and_in_the_copies() -> None:
    """What is sent is one wording: that of the captions, on V4 and later."""
    asked, added = helped(v4(), PromptHelp(quality=True, anatomy=True), general=True)

    assert added == Added(QUALITY, ANATOMY)
    work = parse(asked, None, limits=Limits())
    sent: Any = work.body["parameters"]
    assert work.body["input"] == f"a harbour, {QUALITY}"
    assert sent["v4_prompt"]["caption"]["base_caption"] == work.body["input"]
    assert sent["negative_prompt"] == f"{ANATOMY}, rain"
    assert sent["v4_negative_prompt"]["caption"]["base_caption"] == sent["negative_prompt"]
    read = [text.text for text in work.prompt.texts]
    assert read == [f"a harbour, {QUALITY}", f"{ANATOMY}, rain"]


@pytest.mark.parametrize("more", [{}, {"uc": "rain"}, {"negative_prompt": "rain"}])
def test_earlier_models_have_theirs_beside_the_prompt(more: dict[str, str]) -> None:
    """Under either of its names, or where there was none at all."""
    asked, _ = helped(v3(**more), PromptHelp(anatomy=True, quality=True), general=True)

    body: Any = parse(asked, None, limits=Limits()).body
    assert body["input"] == "a harbour, best quality, amazing quality, very aesthetic, absurdres"
    assert body["parameters"]["negative_prompt"] == (f"{ANATOMY}, rain" if more else ANATOMY)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", QUALITY),
        ("a harbour, ", f"a harbour, {QUALITY}"),
        ("a harbour, text: open", f"a harbour, {QUALITY}, text: open"),
        ("a harbour | boats", f"a harbour, {QUALITY} | boats"),
        ("a harbour, Masterpiece", "a harbour, Masterpiece, very aesthetic, no text"),
        (f"a harbour, {QUALITY}", f"a harbour, {QUALITY}"),
    ],
)
def test_quality_tags_end_the_base_and_none_stands_twice(prompt: str, expected: str) -> None:
    """As NovelAI's client writes them; SDKs add them too, and then nothing is missing."""
    asked, _ = helped(v4(prompt), PromptHelp(quality=True), general=True)

    assert asked["input"] == expected


def test_nsfw_is_for_the_general_audience() -> None:
    """An adult who may ask for it is not steered away."""
    wanted = PromptHelp(nsfw=True)

    assert helped(v4(), wanted, general=True)[1] == Added("", "nsfw")
    assert helped(v4(), wanted, general=False) == (v4(), NOTHING)


def test_a_preset_that_a_model_has_not_is_its_heavy_one() -> None:
    """Nobody chooses a preset for each model."""
    _, furry = helped(v3(), PromptHelp(undesired=Undesired.FURRY), general=True)
    _, heavy = helped(v3(), PromptHelp(undesired=Undesired.HEAVY), general=True)

    assert furry == heavy != NOTHING


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_has_another_shape_is_left_to_be_refused(value: Any) -> None:
    """Help never makes a wrong request right, and never falls over one."""
    for key in ("v4_prompt", "v4_negative_prompt", "negative_prompt", "uc"):
        more: dict[str, Any] = {key: value}
        asked, _ = helped(v4("a harbour", None, **more), ALL, general=True)
        parameters: Any = asked["parameters"]
        assert parameters[key] == value or value is None or isinstance(value, str)
    odd: list[dict[str, Any]] = [{"model": value}, {"model": V4, "parameters": [value]}]
    assert all(helped(each, ALL, general=True) == (each, NOTHING) for each in odd)


@given(st.text(), st.text())
def test_help_is_given_once(prompt: str, negative: str) -> None:
    """And what its user wrote is all still there."""
    once, added = helped(v4(prompt, negative), ALL, general=True)
    captions: Any = once["parameters"]

    assert helped(once, ALL, general=True)[1].negative == ""
    assert captions["negative_prompt"].startswith("nsfw, ")
    assert captions["negative_prompt"].endswith(negative if negative.strip() else "pupils")
    assert all(
        word in captions["v4_prompt"]["caption"]["base_caption"] for word in findall(r"\w+", prompt)
    )
    assert added.negative


@pytest.fixture(scope="module")
def readers() -> list[Classifier[Reading]]:
    """Everything that reads texts in an installation."""
    return embedded_readers()


def found(readers: list[Classifier[Reading]], asked: dict[str, Any]) -> set[SignalName]:
    """What is seen in a request, but in which form it is written."""
    reading = normalise.read(parse(asked, None, limits=Limits()).prompt)
    signals = [each for reader in readers for each in reader.classify(reading)]
    seen = {each.name for each in signals if isinstance(each, Signal) and each.score >= LEAST}
    return seen - {SignalName.TEXT_READABLE, SignalName.TEXT_TAGS}


@pytest.mark.parametrize("model", [each for each in catalogue.MODELS if "-inp" not in each])
def test_no_gate_minds_what_is_added(model: str, readers: list[Classifier[Reading]]) -> None:
    """The real readers find in a helped request what they find in the same one without help."""
    plain = {**(v3() if "-3" in model else v4()), "model": model}
    for preset in Undesired:
        wanted = PromptHelp(quality=True, undesired=preset, anatomy=True, nsfw=True)
        asked, _ = helped(plain, wanted, general=True)
        assert found(readers, asked) <= found(readers, plain)
