"""A week of requests, judged and discarded: what is counted, and that nothing of it is told."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.classifier import Classifier
from classifiers.errors import BankError, UnreadableError
from classifiers.normalise import Reading
from classifiers.signals import SignalName
from pipeline.cli.demo.bodies import image_to_image, v3, v45
from pipeline.cli.demo.drawings import HEIGHT, WIDTH, landscape
from pipeline.cli.policy_sets import in_place, load_set, stacked
from pipeline.cli.rehearsing.lines import OMITTED, asked_in
from pipeline.cli.rehearsing.rehearser import Fate, Outcome, Rehearser, Uncompared
from pipeline.cli.rehearsing.report import Report, Shift, people, written
from pipeline.cli.screening.lines import Line
from pipeline.items import Cause, Operation, Subject, Tier
from pipeline.judge import Judge
from pipeline.novelai.errors import RequestRefusedError
from pipeline.workers import Workers
from tests.unit.pipeline.cli.conftest import STRICTER, Run
from tests.unit.pipeline.lookers import HATE, SELF_HARM, SUGGESTIVE, Reader, Viewer

NOBODY = Subject("rehearsal")
HARBOUR = "a harbour at dawn"


def line(request: Mapping[str, Any], **said: object) -> Line:
    return Line(1, json.dumps({"request": request, **said}).encode())


def omitting(request: dict[str, Any], **parameters: object) -> dict[str, Any]:
    return {**request, "parameters": {**request["parameters"], **parameters}}


class TestALine:
    def test_is_a_request_with_whom_it_was_for(self) -> None:
        """A week holds both audiences: one option for all of it would tell neither."""
        asked = asked_in(line(v45(HARBOUR, seed=1), tier="adult", age_claim=True), NOBODY)

        assert (asked.subject.tier, asked.subject.assured) == (Tier.ADULT, True)
        assert asked.work.prompt.texts[0].text == HARBOUR

    def test_may_be_of_another_route(self) -> None:
        """Director tools cost Anlas too."""
        picture = base64.b64encode(landscape(1)).decode()
        tool = {"req_type": "lineart", "width": WIDTH, "height": HEIGHT, "image": picture}

        asked = asked_in(line(tool, route="/ai/augment-image"), NOBODY)

        assert (asked.work.operation, len(asked.images)) == (Operation.AUGMENT, 1)

    def test_says_where_a_picture_was_that_is_not_handed_on(self) -> None:
        """Its words are judged all the same, and nobody pretends to have looked at it."""
        whole = image_to_image(HARBOUR, landscape(1), seed=1)

        asked = asked_in(line(omitting(whole, image=OMITTED)), NOBODY)

        assert (asked.images, asked.omitted) == ((), 1)
        assert (asked.work.width, asked.work.height) == (WIDTH, HEIGHT)

    def test_keeps_the_pictures_that_are_there(self) -> None:
        """Of two references, one handed on."""
        there = base64.b64encode(landscape(1)).decode()
        mixed = omitting(
            v3(HARBOUR, seed=1),
            reference_image_multiple=[there, OMITTED],
            reference_strength_multiple=[0.5, 0.5],
            reference_information_extracted_multiple=[1, 1],
        )

        asked = asked_in(line(mixed), NOBODY)

        assert [(each.carrier, each.index) for each in asked.images] == [
            ("parameters.reference_image_multiple", 0)
        ]
        assert asked.omitted == 1

    @pytest.mark.parametrize(
        "said",
        [
            b"nonsense",
            b"[]",
            b'{"request": 1}',
            b'{"request": {}, "tier": ["adult"]}',
            b'{"request": {}, "route": {}}',
            b'{"request": {}, "route": "/ai/generate"}',
            b'{"request": {"parameters": {"image": "omitted"}}}',
            b'{"request": {"image": "omitted", "width": 1e9, "height": 1}}',
        ],
    )
    def test_that_is_none_is_refused_with_a_reason(self, said: bytes) -> None:
        """A typing mistake must not count as a week without blocks."""
        with pytest.raises(RequestRefusedError):
            asked_in(Line(1, said), NOBODY)

    @settings(max_examples=60)
    @given(
        st.dictionaries(
            st.sampled_from(["request", "tier", "age_claim", "route", "width", "image"]),
            st.none()
            | st.booleans()
            | st.just("omitted")
            | st.dictionaries(st.just("image"), st.just("omitted")),
        )
    )
    def test_is_read_or_refused(self, said: dict[str, object]) -> None:
        """Whatever stands there: nothing else comes out."""
        with pytest.raises((RequestRefusedError, UnreadableError)):
            asked_in(Line(1, json.dumps(said).encode()), NOBODY)


def rehearser(reader: Classifier[Reading], tier: Tier = Tier.GENERAL) -> Rehearser:
    judge = Judge([reader], [Viewer()], Workers(2, 10), lambda _: ())
    return Rehearser(judge, stacked([]), Subject("rehearsal", tier=tier))


class TestWhatBecomesOfARequest:
    READER = Reader({"hate": HATE, "harm": SELF_HARM, "bare": SUGGESTIVE})

    @pytest.mark.parametrize(
        ("prompt", "fate", "code", "cause"),
        [
            (HARBOUR, Fate.ALLOWED, "OK", None),
            ("harm", Fate.BLOCKED, "SELF.HARM", None),
            ("hate", Fate.HELD, "HATE.EXTREMISM", Cause.SUSPICION),
        ],
    )
    async def test_is_what_the_gateway_would_make_of_it(
        self, prompt: str, fate: Fate, code: str, cause: Cause | None
    ) -> None:
        """With its price, since that is what is saved or spent."""
        outcome = await rehearser(self.READER).rehearse(line(v45(prompt, seed=1)))

        assert (outcome.fate, outcome.cause, outcome.missing) == (fate, cause, ())
        assert outcome.code.partition(".")[0] == code.partition(".")[0]
        assert outcome.anlas > 0

    async def test_is_a_refusal_where_what_is_required_is_not_installed(self) -> None:
        """Before anything is paid: the question that has no answer here is named."""
        unable = Reader(answers=frozenset())

        outcome = await rehearser(unable).rehearse(line(v45(HARBOUR, seed=1)))

        assert (outcome.fate, outcome.code) == (Fate.BLOCKED, "CAPABILITY")
        assert "text.hate" in outcome.missing

    async def test_is_counted_apart_where_a_picture_is_none(self) -> None:
        """The gateway refuses it with 400 or 415: no policy says so."""
        outcome = await rehearser(self.READER).rehearse(
            line(image_to_image(HARBOUR, b"no", seed=1))
        )

        assert outcome.fate is Fate.NOT_SERVED
        assert outcome.why

    async def test_looks_at_the_pictures_that_are_there(self) -> None:
        """And says how many these were."""
        outcome = await rehearser(self.READER).rehearse(
            line(image_to_image(HARBOUR, landscape(1), seed=1))
        )

        assert (outcome.fate, outcome.pictures, outcome.omitted) == (Fate.ALLOWED, 1, 0)


def test_lists_answer_as_they_stand_and_are_not_asked() -> None:
    """One that is past its time refuses requests; a match would need an entry in the log."""

    class Stale:
        def opened(self) -> Any:
            raise BankError("stale")

    uncompared = Uncompared(Stale())
    assert uncompared.answers == frozenset()
    assert SignalName.HASH_CSAM_EXACT in uncompared.emits


def test_a_set_takes_the_place_of_the_one_of_its_name() -> None:
    """Else it would be judged by both, and a milder one could never be tried."""
    floor, default = load_set("floor"), load_set("default")

    assert in_place([floor, default], default) == [floor, default]
    assert in_place([floor], default) == [floor, default]


class TestTheReport:
    def test_counts_blocks_by_code_and_holds_by_cause(self) -> None:
        """What is held because nobody could look takes no person: a machine looks again."""
        report = Report()
        report.take(
            [
                Outcome(1, Fate.ALLOWED, "OK", anlas=20),
                *(Outcome(n, Fate.HELD, "HATE", Cause.SUSPICION, anlas=10) for n in range(84)),
                Outcome(2, Fate.HELD, "UNKNOWN", Cause.INCAPACITY, anlas=10),
                Outcome(3, Fate.BLOCKED, "SELF", anlas=7, missing=("text.hate",), pictures=2),
                Outcome(4, Fate.NOT_SERVED, why="model: unknown", omitted=1),
            ]
        )
        shift = Shift(days=7, rulings_an_hour=2, hours_a_day=4)

        told = written(report, shift, "d" * 64)

        assert told["fates"] == {
            "allowed": 1,
            "blocked": 1,
            "held": 85,
            "later": 0,
            "not_served": 1,
        }
        assert told["blocks"] == {"SELF": 1}
        assert told["holds"] == {"suspicion": 84, "incapacity": 1}
        assert told["anlas"] == {"saved": 7, "waiting": 850, "spent": 20}
        assert told["missing"] == {"text.hate": 1}
        assert told["pictures"] == {"looked_at": 2, "not_looked_at": 1}
        assert told["not_served"] == [{"why": "model: unknown", "count": 1, "first_line": 4}]
        need = people(report, shift)
        assert (need.rulings_a_day, need.hours_a_day, need.reviewers) == (12, 6, 2)

    def test_of_nothing_is_nothing(self) -> None:
        """An empty file needs nobody."""
        assert people(Report(), Shift(7, 40, 6)).reviewers == 0


def test_a_file_is_judged_and_nothing_of_it_is_told(run: Run, tmp_path: Path) -> None:
    """Over the real classifiers; the words of a platform's users belong in no terminal log."""
    week = tmp_path / "week.jsonl"
    lines = [
        {"request": v45("1girl, zonkwort, harbour", seed=1)},
        {"request": v45("nude", seed=1)},
        {"request": v45("nude", seed=1), "tier": "adult", "age_claim": True},
        {"request": omitting(image_to_image(HARBOUR, landscape(1), seed=1), image=OMITTED)},
        {"request": {"input": "zonkwort"}},
    ]
    week.write_text("\n".join(map(json.dumps, lines)))
    before = set(tmp_path.iterdir())

    done = run("rehearse", "--requests", week, "--alone", "--json", "--processes", 1)

    assert done.exit_code == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["fates"]["not_served"] == 1
    assert told["fates"]["allowed"] >= 1
    assert told["blocks"].get("AGE.CLAIM") == 1
    assert told["blocks"].get("CAPABILITY") == 1
    assert told["missing"]
    assert told["pictures"]["not_looked_at"] == 1
    assert "zonkwort" not in done.stdout + done.stderr
    assert set(tmp_path.iterdir()) == before


def test_a_policy_that_cannot_be_used_is_told(run: Run, tmp_path: Path) -> None:
    """Before anything is judged, with file, line and column."""
    week, bad = tmp_path / "week.jsonl", tmp_path / "bad.yaml"
    week.write_text("")
    bad.write_text("set: x\n")

    done = run("rehearse", "--requests", week, "--policy", bad, "--alone")

    assert done.exit_code == 2
    assert "bad.yaml" in done.stderr


def test_it_is_said_in_words_too(run: Run, tmp_path: Path) -> None:
    """An empty week is a week in which nothing is blocked."""
    week, stricter = tmp_path / "week.jsonl", tmp_path / "stricter.yaml"
    week.write_text("")
    stricter.write_text(STRICTER)

    done = run("rehearse", "--requests", week, "--policy", stricter, "--alone", "--days", 1)

    assert done.exit_code == 0, done.stderr
    assert "Nothing is blocked." in done.stdout
    assert "Anlas saved" in done.stdout
