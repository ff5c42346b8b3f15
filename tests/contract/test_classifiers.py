"""Every classifier of the installation answers the same questions, whatever it is shown."""

import asyncio
import io
import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from skimage import data as photographs
from typing_extensions import override

from classifiers import canonical, normalise
from classifiers.canonical import Canonical
from classifiers.classifier import Classifier
from classifiers.content import Grammar, Polarity, Prompt, Purpose, Text
from classifiers.content import Image as Received
from classifiers.content_network import ContentNetwork
from classifiers.errors import ClassifierError
from classifiers.hash_bank import Bank, Entry, HashType, Kind, Status
from classifiers.hash_bank_set import BankSet
from classifiers.hash_match import HashMatch
from classifiers.heads import Heads
from classifiers.normalise import Reading
from classifiers.plugins import RAISING, Pinned, Plugin
from classifiers.rater import Rater
from classifiers.remote_list import Known, RemoteList, Said
from classifiers.signals import Field, Finding, Picture, Signal
from classifiers.tagger import Tagger
from pipeline.app import _judge
from pipeline.changes.cards import Cards
from pipeline.settings import first_start, load
from pipeline.unsafe import UnsafeSwitch
from tests.unit.classifiers.head_finders import finder, write_finder
from tests.unit.classifiers.raters import classifier as rating
from tests.unit.classifiers.raters import write_rater
from tests.unit.classifiers.taggers import MEASURED, network, write_tagger
from tests.unit.pipeline.lookers import CANARY, Moody, Reader, Viewer

DAY = datetime(2031, 5, 4, tzinfo=UTC)
BANK = Bank(
    "partner",
    Kind.BLOCKED,
    (Entry("partner", "1", HashType.PDQ, b"\x55" * 32, "", 1, (), Status.ACTIVE, DAY),),
    DAY,
)
READERS = ["prompt_terms", "characters", "readability", "prompt_model"]
VIEWERS = ["mask", "hash_match", "nsfw_mobilenet_v2", "tiny_face_detector"]
"""Everything that app.py builds. A new one is added here, and answers these questions."""
OURS = ["reader", "moody reader", "switched reader"]
OTHERS = [
    "viewer",
    "moody viewer",
    "hash_match with a bank",
    "a tagger",
    "a measured tagger",
    "a tagger of heads",
    "a rater",
    "a plugin",
    "a remote list",
]
"""What tests put in their place keeps the same contract."""
UNMEASURED = {"a tagger", "a rater", "a plugin", "a remote list"}
"""They raise evidence, and answer nothing."""


class Raising(Viewer):
    """The tests' viewer, as somebody would make it a plugin."""

    @override
    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report what a plugin may."""
        return [each for each in super().classify(content) if each.name in self.emits]


FINDER = finder([(160.0, 160.0, 200.0, 200.0, 0.9)])
ACTS = Raising(emits=RAISING & Viewer().emits)


@cache
def installed() -> Mapping[str, Classifier[Any]]:
    """Every classifier that app.py builds, by name."""

    async def build() -> Sequence[Classifier[Any]]:
        with TemporaryDirectory() as folder:
            data_dir = Path(folder) / "data"
            first_start(data_dir, os.urandom)
            env = {
                "IMPRIMATUR_DEVELOPMENT": "true",
                "IMPRIMATUR_NOVELAI_TOKENS": "pst-" + "a" * 64,
            }
            house = load(data_dir, env)
            judge = _judge(house, BankSet(()), Cards.of(house.pulled))
        judge.close()
        return [watched.classifier for watched in judge._watched()]

    return {each.id.partition("@")[0]: each for each in asyncio.run(build())}


def tagger(measured: Mapping[str, float] | None = None, *, heads: bool = False) -> Tagger:
    """A tiny tagger, asked with the network that tells drawings from photographs."""
    with TemporaryDirectory() as folder:
        place = write_tagger(Path(folder), network({"sky": 0.8}), measured=measured)
        found = Heads.opened(write_finder(Path(folder), FINDER)) if heads else None
        return Tagger.opened(place, ContentNetwork.embedded().rendition, heads=found)


def rater() -> Rater:
    """A tiny classifier of transformers' form."""
    with TemporaryDirectory() as folder:
        return Rater.opened(write_rater(Path(folder), rating((0.5, 0.3, 0.2))))


@cache
def classifier(name: str) -> Classifier[Any]:
    """One of them, or one of the tests' own."""
    own: Mapping[str, Callable[[], Classifier[Any]]] = {
        "reader": Reader,
        "moody reader": lambda: Moody[Reading](Reader()),
        "switched reader": lambda: UnsafeSwitch(Reader(), Path("/nowhere")),
        "viewer": Viewer,
        "moody viewer": lambda: Moody[Canonical](Viewer()),
        "hash_match with a bank": lambda: HashMatch(BankSet((BANK,))),
        "a tagger": tagger,
        "a measured tagger": lambda: tagger(MEASURED),
        "a tagger of heads": lambda: tagger(MEASURED, heads=True),
        "a rater": rater,
        "a remote list": lambda: RemoteList(
            "shield", "https://shield.test", lambda hashes: dict.fromkeys(hashes, Said(Known.NO))
        ),
        "a plugin": lambda: Plugin(Pinned("act", "acme", "1.2"), ACTS),
    }
    return own[name]() if name in own else installed()[name]


def read(*texts: str, grammar: Grammar = Grammar.V4) -> Reading:
    given_texts = [
        Text(f"field[{number}]", text, Polarity.NEGATIVE if number % 2 else Polarity.POSITIVE)
        for number, text in enumerate(texts)
    ]
    return normalise.read(Prompt(tuple(given_texts), grammar))


READINGS: Mapping[str, Callable[[], Reading]] = {
    "no field": read,
    "an empty field": lambda: read(""),
    "blank": lambda: read(" \t\n", " "),
    "plain": lambda: read("a harbour at dawn, boats", "lowres, blurry"),
    "V3": lambda: read("{{a harbour}}, [boats|gulls:0.3]", grammar=Grammar.V3),
    "V4": lambda: read("2.5::a harbour::, ||boats|gulls||, -1::fog::"),
    "unbalanced": lambda: read("{{{[[[::||" * 20),
    "another alphabet": lambda: read("ประภาคารริมทะเล", "港の夜明け", "порт"),
    "invisible": lambda: read("a\u200bhar\u00adbour\u202e", "\ufe0f" * 50),
    "emoji": lambda: read("🏝️👩🏽‍🚀⛵" * 10),
    "controls": lambda: read("\x00\x07\x1b[31m", "\uffff"),
    "encoded": lambda: read("YSBoYXJib3VyIGF0IGRhd24=", "6120686172626f7572"),
    "long": lambda: read("a harbour, " * 1400),
    "one long word": lambda: read("a" * 16_000),
    "many fields": lambda: read(*(f"boat {number}" for number in range(40))),
}


def _flat(*colour: int, size: tuple[int, int] = (64, 64)) -> Image.Image:
    return Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour)


def _noise(height: int, width: int, channels: int = 3) -> Image.Image:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, channels), np.uint8)
    return Image.fromarray(pixels)


def _mask() -> Image.Image:
    pixels: NDArray[np.uint8] = np.zeros((96, 64), np.uint8)
    pixels[20:60, 10:40] = 255
    return Image.fromarray(pixels)


def _astronaut() -> Image.Image:
    photograph = photographs.astronaut()  # type: ignore[no-untyped-call]  # skimage has no types
    return Image.fromarray(photograph)


def _half_clear() -> Image.Image:
    picture = _noise(80, 80, 4)
    picture.putalpha(Image.linear_gradient("L").resize((80, 80)))
    return picture


DRAWN: Mapping[str, tuple[Callable[[], Image.Image], str, Purpose]] = {
    "one pixel": (lambda: _flat(9, 9, 9, size=(1, 1)), "PNG", Purpose.SOURCE),
    "one row": (lambda: _noise(1, 300), "PNG", Purpose.SOURCE),
    "one column": (lambda: _noise(300, 1), "PNG", Purpose.OUTPUT),
    "white": (lambda: _flat(255, 255, 255), "PNG", Purpose.OUTPUT),
    "black": (lambda: _flat(0, 0, 0), "JPEG", Purpose.SOURCE),
    "all transparent": (lambda: _flat(200, 10, 10, 0), "PNG", Purpose.SOURCE),
    "half transparent": (_half_clear, "PNG", Purpose.REFERENCE),
    "a mask": (_mask, "PNG", Purpose.MASK),
    "an empty mask": (lambda: _flat(0, 0, 0), "PNG", Purpose.MASK),
    "a picture as a mask": (lambda: _noise(64, 64), "PNG", Purpose.MASK),
    "grey": (lambda: _noise(60, 90).convert("L"), "PNG", Purpose.SOURCE),
    "palette": (lambda: _noise(60, 90).convert("P"), "PNG", Purpose.SOURCE),
    "one bit": (lambda: _noise(60, 90).convert("1"), "PNG", Purpose.SOURCE),
    "CMYK": (lambda: _noise(60, 90).convert("CMYK"), "JPEG", Purpose.SOURCE),
    "WebP": (lambda: _noise(60, 90), "WEBP", Purpose.SOURCE),
    "noise": (lambda: _noise(300, 200), "PNG", Purpose.OUTPUT),
    "a photograph": (_astronaut, "JPEG", Purpose.SOURCE),
    "wide": (lambda: _noise(20, 3000), "PNG", Purpose.OUTPUT),
}


@cache
def picture(name: str) -> Canonical:
    make, kind, purpose = DRAWN[name]
    out = io.BytesIO()
    make().save(out, kind)
    return canonical.read(Received("parameters.image", 3, purpose, out.getvalue()))


def report(name: str, content: Any) -> Sequence[Finding]:
    """What it says; anything but a finding or a `ClassifierError` fails the test."""
    try:
        return classifier(name).classify(content)
    except ClassifierError:
        return []


def test_these_are_the_classifiers_of_an_installation() -> None:
    """A new one that nobody asked these questions would be trusted untested."""
    assert set(installed()) == {*READERS, *VIEWERS}


class TestReports:
    @pytest.mark.parametrize("what", READINGS)
    @pytest.mark.parametrize("name", [*READERS, *OURS])
    def test_of_a_text_name_exactly_what_it_emits(self, name: str, what: str) -> None:
        """Silence is unknown, and a name that was not declared could not be required."""
        reading = READINGS[what]()
        findings = classifier(name).classify(reading)

        assert {each.name for each in findings} == classifier(name).emits
        paths = {"*", *(field.path for field in reading.fields)}
        paths |= {path for field in reading.fields for path in field.also}
        for each in findings:
            assert isinstance(each.where, Field)
            assert each.where.path in paths
            assert each.source

    @pytest.mark.parametrize("what", DRAWN)
    @pytest.mark.parametrize("name", [*VIEWERS, *OTHERS])
    def test_of_a_picture_name_exactly_what_it_emits(self, name: str, what: str) -> None:
        """Of each picture it says something for each of its names, about this very picture."""
        shown = picture(what)
        findings = classifier(name).classify(shown)

        assert {each.name for each in findings} == classifier(name).emits
        for each in findings:
            assert isinstance(each.where, Picture)
            assert (each.where.carrier, each.where.index) == ("parameters.image", 3)
            assert each.source

    @pytest.mark.parametrize("name", [*READERS, *OURS])
    @settings(max_examples=25, deadline=None)
    @given(texts=st.lists(st.text(max_size=80), max_size=4), grammar=st.sampled_from(Grammar))
    def test_of_any_text_are_whole(self, name: str, texts: list[str], grammar: Grammar) -> None:
        """Whatever a client sends: no text makes a classifier fail in a way that nobody named."""
        findings = report(name, read(*texts, grammar=grammar))

        assert not findings or {each.name for each in findings} == classifier(name).emits

    @pytest.mark.parametrize("name", [*READERS, *OURS])
    def test_hold_no_content(self, name: str) -> None:
        """What is found is written down: evidence is a reference, never a word of the prompt."""
        findings = classifier(name).classify(read(f"a harbour {CANARY}", CANARY))

        assert CANARY not in repr(findings)

    @pytest.mark.parametrize("text", ["1girl, toddler, edogawa conan", "ประภาคารริมทะเล"])
    @pytest.mark.parametrize("name", [*READERS, *OURS])
    def test_of_a_text_that_was_seen_before_say_where_it_stands_now(
        self, name: str, text: str
    ) -> None:
        """Answers are remembered: neither another's place nor another tenant may show in them."""

        def found(path: str, tenant: str) -> list[tuple[object, ...]]:
            asked = Prompt((Text(path, text),), Grammar.V4, tenant)
            return _rounded(classifier(name).classify(normalise.read(asked)))

        first = found("first", "alice")

        assert repr(found("other", "alice")) == repr(first).replace("first", "other")
        assert found("first", "bob") == first

    @pytest.mark.parametrize("name", VIEWERS)
    def test_hold_no_digest_of_a_picture(self, name: str) -> None:
        """A digest could be looked up: it stays out of what is written down."""
        shown = picture("a photograph")

        said = repr(classifier(name).classify(shown))

        assert not any(digest in said for digest in (shown.md5, shown.sha1, shown.sha256))


@pytest.mark.parametrize("name", [*READERS, *OURS, *VIEWERS, *OTHERS])
class TestEach:
    def test_answers_only_what_it_emits(self, name: str) -> None:
        """A question that it is qualified for and never reports would be answered by nobody."""
        emits = classifier(name).emits

        assert classifier(name).answers or name in UNMEASURED
        assert {question.name for question in classifier(name).answers} <= emits

    def test_has_an_id_that_names_its_version(self, name: str) -> None:
        """The log names what looked: with the digest of a model or list, where there is one."""
        assert re.fullmatch(r"[a-z0-9_]+@\d+(\+[a-z0-9-]+)?(/[a-z0-9_]+@\d+\+[a-z0-9]+)?",
                            classifier(name).id)  # fmt: skip

    def test_is_the_same_after_it_looked(self, name: str) -> None:
        """Nothing that it was shown changes what it is."""
        looked = classifier(name)
        before = (looked.id, looked.emits, looked.answers)
        content = picture("noise") if name in {*VIEWERS, *OTHERS} else READINGS["plain"]()

        first = list(looked.classify(content))
        again = list(looked.classify(content))

        assert (looked.id, looked.emits, looked.answers) == before
        assert _rounded(first) == _rounded(again)

    def test_warms(self, name: str) -> None:
        """Each proves itself on a known content, any number of times."""
        classifier(name).warm()
        classifier(name).warm()

    def test_can_be_asked_from_many_threads_at_once(self, name: str) -> None:
        """The judge does, and no request may get another's answer."""
        contents: list[Any] = (
            [picture(each) for each in ("noise", "white", "a photograph", "one pixel", "a mask")]
            if name in {*VIEWERS, *OTHERS}
            else [READINGS[each]() for each in ("plain", "V4", "blank", "encoded", "emoji")]
        )

        def look(content: Any) -> list[tuple[object, ...]]:
            return _rounded(report(name, content))

        alone = [look(each) for each in contents]

        with ThreadPoolExecutor(8) as threads:
            together = list(threads.map(look, contents * 4))

        assert together == alone * 4


def test_the_id_of_a_classifier_is_the_same_in_every_process() -> None:
    """Ids are built from versions and digests: building anew changes none."""
    before = {name: each.id for name, each in installed().items()}
    installed.cache_clear()

    assert {name: each.id for name, each in installed().items()} == before


def _rounded(findings: Sequence[Finding]) -> list[tuple[object, ...]]:
    """Findings without what threads of a network may change in the last digit."""
    return [
        (each.name, each.where, each.source, round(each.score, 4), each.evidence)
        if isinstance(each, Signal)
        else (each.name, each.where, each.source, each.reason)
        for each in findings
    ]
