from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from typing_extensions import override

from classifiers.canonical import Canonical
from classifiers.content import Rendition
from classifiers.errors import ModelError
from classifiers.hash_bank_set import BankSet
from classifiers.onnx_graph import closing_operation
from classifiers.pulled import Pulled
from classifiers.runtime import Array, Session
from classifiers.signals import Reason, Signal, SignalName, Unavailable
from classifiers.tag_map import (
    HARMS,
    LEVELS,
    SPOKEN_OF,
    YOUTH,
    Labels,
    parse_tag_map,
    tag_map_bytes,
)
from classifiers.tagger import Tagger
from classifiers.viewers import embedded_viewers
from pipeline.app import _judge
from pipeline.changes.cards import Cards
from pipeline.cli.policy_sets import stacked
from pipeline.settings import first_start, load
from policies.decision import Action
from policies.facts import Moment, Rating
from policies.labels import HarmCode
from policies.testing import ADULT, EMBEDDED, OUTPUT, QUALIFIED, TEXTS, harmless, looked_at, saying
from tests.unit.classifiers.taggers import LABELS, MEASURED, NAME, labels, network, write_tagger

LookedAt = Callable[[NDArray[np.uint8]], Canonical]


@pytest.fixture
def drawing(looked_at: LookedAt) -> Canonical:
    """A disc on a plain ground, taller than wide."""
    pixels = np.full((64, 48, 3), 200, np.uint8)
    pixels[20:40, 10:30] = (30, 60, 220)
    return looked_at(pixels)


def opened(
    folder: Path, model: bytes, rendition: Rendition = Rendition.DRAWING, **card: object
) -> Tagger:
    return Tagger.opened(write_tagger(folder, model, **card), lambda _: rendition)  # type: ignore[arg-type]  # a card's parts


def scores(tagger: Tagger, picture: Canonical) -> dict[SignalName, float]:
    found = tagger.classify(picture)
    return {each.name: each.score for each in found if isinstance(each, Signal)}


class TestScores:
    def test_what_a_rating_or_tag_says_becomes_a_level_and_all_below(
        self, tmp_path: Path, drawing: Canonical
    ) -> None:
        """A rating is the model's own word for a level; its tags may know better."""
        seen = scores(opened(tmp_path, network({"nude": 0.8})), drawing)

        assert seen[SignalName.IMAGE_SEXUAL_NUDITY] == pytest.approx(0.8, abs=0.05)
        assert seen[SignalName.IMAGE_SEXUAL_SUGGESTIVE] == seen[SignalName.IMAGE_SEXUAL_NUDITY]
        assert seen[SignalName.IMAGE_SEXUAL_ACT] < 0.1
        assert seen[YOUTH] < 0.1

    @pytest.mark.parametrize("tag", ["child", "kinomoto_sakura"])
    def test_youth_is_said_by_a_tag_or_by_who_is_a_minor_where_it_comes_from(
        self, tmp_path: Path, drawing: Canonical, tag: str
    ) -> None:
        """Who is drawn counts like how: the character file is asked for pictures too."""
        found = opened(tmp_path, network({tag: 0.9})).classify(drawing)

        (youth,) = [each for each in found if isinstance(each, Signal) and each.name is YOUTH]
        assert youth.score > 0.8
        assert youth.evidence == f"tag:{tag}"

    @pytest.mark.parametrize(
        ("tag", "name"), [*zip(("rape", "bestiality", "guro"), HARMS, strict=True)]
    )
    def test_other_harm_is_said_by_its_tag(
        self, tmp_path: Path, drawing: Canonical, tag: str, name: SignalName
    ) -> None:
        """A level alone does not tell what is done to whom."""
        seen = scores(opened(tmp_path, network({tag: 0.9})), drawing)

        assert seen[name] > 0.8
        assert all(seen[other] < 0.1 for other in HARMS if other is not name)

    def test_logits_and_likelihoods_come_to_the_same(
        self, tmp_path: Path, drawing: Canonical
    ) -> None:
        """The graph says which they are: a likelihood taken for a logit is never below one half."""
        inside = scores(opened(tmp_path / "a", network({"sex": 0.7})), drawing)
        outside = scores(opened(tmp_path / "b", network({"sex": 0.7}, closing="Gemm")), drawing)

        assert inside == pytest.approx(outside, abs=1e-5)

    def test_one_tenants_picture_is_no_quicker_for_another(
        self, tmp_path: Path, drawing: Canonical
    ) -> None:
        """Else the clock would tell a tenant what another had sent."""
        tagger = opened(tmp_path, network())
        seen = tagger.classify(replace(drawing, tenant="harbour"))
        tagger._session.close()

        assert tagger.classify(replace(drawing, tenant="harbour")) == seen
        with pytest.raises(ModelError, match="closed"):
            tagger.classify(replace(drawing, tenant="lighthouse"))

    def test_the_model_sees_bgr_in_the_middle_of_a_white_square(
        self, tmp_path: Path, looked_at: LookedAt
    ) -> None:
        """What it was trained on, exactly: else its scores mean something else."""
        seen: list[NDArray[np.float32]] = []

        class Listening(Session):
            @override
            def run(self, *inputs: Array) -> tuple[Array, ...]:
                seen.extend(inputs)
                return super().run(*inputs)

        tagger = opened(tmp_path, network())
        tagger._session = Listening("listening", network())
        blue = np.full((10, 20, 3), (10, 20, 230), np.uint8)

        tagger.classify(looked_at(blue))

        assert seen[0].shape == (1, 448, 448, 3)
        assert seen[0].dtype == np.float32
        assert seen[0][0, 0, 0].tolist() == [255.0, 255.0, 255.0]
        assert seen[0][0, 224, 224].tolist() == [230.0, 20.0, 10.0]
        assert seen[0][0, -1, -1].tolist() == [255.0, 255.0, 255.0]


class TestWhatItAnswers:
    def test_without_a_measurement_it_raises_and_answers_nothing(
        self, tmp_path: Path, drawing: Canonical
    ) -> None:
        """A low score of a model that nobody measured must not clear anybody."""
        tagger = opened(tmp_path, network())

        assert not tagger.answers
        silent = [each for each in tagger.classify(drawing) if isinstance(each, Unavailable)]
        assert {each.name for each in silent} == tagger.emits
        assert {each.reason for each in silent} == {Reason.NOT_ASSESSED}

    def test_measured_it_answers_of_drawings(self, tmp_path: Path, drawing: Canonical) -> None:
        """That is what the tiers wait for."""
        tagger = opened(tmp_path, network(), measured=MEASURED)

        assert {question.rendition for question in tagger.answers} == {Rendition.DRAWING}
        assert {question.name for question in tagger.answers} == SPOKEN_OF
        assert all(isinstance(each, Signal) for each in tagger.classify(drawing))

    @pytest.mark.parametrize("rendition", [Rendition.PHOTOGRAPH, Rendition.UNSURE])
    def test_of_anything_else_it_says_that_it_was_not_assessed(
        self, tmp_path: Path, drawing: Canonical, rendition: Rendition
    ) -> None:
        """It was shown drawings alone: of a photograph its silence is worth nothing."""
        tagger = opened(tmp_path, network(), rendition, measured=MEASURED)

        silent = {each.name for each in tagger.classify(drawing) if isinstance(each, Unavailable)}
        assert silent == tagger.emits

    @pytest.mark.parametrize("number", [*MEASURED])
    @pytest.mark.parametrize("value", [None, 0.9499, float("nan")])
    def test_too_low_a_recall_answers_nothing_of_its_kind(
        self, tmp_path: Path, number: str, value: float | None
    ) -> None:
        """What a tier is opened with is a bound, and the bound is reviewed data."""
        numbers = {name: each for name, each in MEASURED.items() if name != number}
        if value is not None:
            numbers[number] = value

        answers = {each.name for each in opened(tmp_path, network(), measured=numbers).answers}

        of = {"level": {*LEVELS}, "youth": {YOUTH}, "harm": {*HARMS}}
        assert answers == SPOKEN_OF - of[number.partition("_")[0]]


class TestOpening:
    def test_one_changed_byte_of_any_file_is_refused(self, tmp_path: Path) -> None:
        """Labels in another order would make a nude a landscape."""
        folder = write_tagger(tmp_path, network())
        for path in (folder / "model.onnx", folder / "selected_tags.csv"):
            kept = path.read_bytes()
            path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))

            with pytest.raises(ModelError, match="expected sha256"):
                Tagger.opened(folder, lambda _: Rendition.DRAWING)
            path.write_bytes(kept)

    @pytest.mark.parametrize("missing", ["card.json", "model.onnx", "selected_tags.csv"])
    def test_a_missing_file_is_refused(self, tmp_path: Path, missing: str) -> None:
        """Not installed is not the same as seeing nothing."""
        folder = write_tagger(tmp_path, network())
        (folder / missing).unlink()

        with pytest.raises(ModelError, match=missing):
            Tagger.opened(folder, lambda _: Rendition.DRAWING)

    def test_a_model_with_fewer_answers_than_labels_does_not_warm(self, tmp_path: Path) -> None:
        """One label too many, and every answer after it is another's."""
        tagger = opened(tmp_path, network(), rows=(*LABELS, ("tree", 0)))

        with pytest.raises(ModelError, match=f"expected {len(LABELS) + 1} for each view"):
            tagger.warm()

    def test_scores_that_are_no_numbers_are_no_answer(
        self, tmp_path: Path, drawing: Canonical
    ) -> None:
        """NaN would pass every threshold."""
        tagger = opened(tmp_path, network({"sky": float("nan")}))

        with pytest.raises(ModelError, match="NaN"):
            tagger.classify(drawing)

    def test_a_graph_that_ends_otherwise_is_refused(self, tmp_path: Path) -> None:
        """Scores of which nobody knows what they are must not be guessed at."""
        with pytest.raises(ModelError, match="got those of 'Softmax'"):
            opened(tmp_path, network(closing="Softmax"))

    def test_a_measurement_with_another_tag_map_is_refused(self, tmp_path: Path) -> None:
        """What was measured was the model together with what its labels mean."""
        with pytest.raises(ModelError, match="expected a calibration with this tag map"):
            opened(tmp_path, network(), measured=MEASURED, tag_map_sha256="0" * 64)

    @pytest.mark.parametrize("name", ["explicit", "child", "nude"])
    def test_labels_without_what_the_map_needs_are_refused(self, tmp_path: Path, name: str) -> None:
        """A model that has no word for it cannot say that it is not there."""
        rows = [(each, kind) for each, kind in LABELS if each != name]

        with pytest.raises(ModelError, match="labels: expected"):
            opened(tmp_path, network(), rows=rows)

    def test_it_warms(self, tmp_path: Path) -> None:
        """It proves that it sees a difference."""
        opened(tmp_path, network()).warm()


class TestParsers:
    @given(st.binary(max_size=80))
    def test_bytes_that_are_no_model_are_a_model_error(self, junk: bytes) -> None:
        """A parser has one way to fail."""
        with pytest.raises(ModelError):
            closing_operation(junk)

    @given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
    def test_bytes_that_are_no_labels_or_map_are_a_model_error(self, junk: bytes) -> None:
        """The same."""
        with pytest.raises(ModelError):
            parse_tag_map(junk)
        with pytest.raises(ModelError):
            Labels(junk, parse_tag_map(tag_map_bytes("wd_v3.yaml")))

    def test_a_label_that_is_there_twice_is_refused(self) -> None:
        """The second would be read as the first."""
        with pytest.raises(ModelError, match="each once"):
            Labels(labels((*LABELS, ("sky", 0))), parse_tag_map(tag_map_bytes("wd_v3.yaml")))


class TestTiers:
    def test_no_combination_of_missing_models_opens_one(self, tmp_path: Path) -> None:
        """Mature pictures need every model that their floor asks; leaving any out closes them."""
        policy = stacked([])
        texts = frozenset(each for each in EMBEDDED if each.name.startswith("text."))
        folder = write_tagger(tmp_path, network(), measured=MEASURED)
        viewers = embedded_viewers(BankSet(()), Pulled(folder))
        asked = policy.required(Rating.MATURE)
        opening = []
        for count in range(len(viewers) + 1):
            for chosen in combinations(viewers, count):
                installed = texts.union(*(viewer.answers for viewer in chosen))
                if not policy.servable(installed)[Rating.MATURE]:
                    opening.append({viewer.id for viewer in chosen})
        needed = {viewer.id for viewer in viewers if viewer.answers & asked}

        assert len(needed) == len(viewers) - 1  # a mask's check is asked by rules alone
        assert [needed <= each for each in opening] == [True, True]
        everything = texts.union(*(viewer.answers for viewer in viewers))
        assert everything >= QUALIFIED - {each for each in QUALIFIED if each in texts}

    def test_a_tagger_that_nobody_measured_opens_none(self, tmp_path: Path) -> None:
        """A file in a folder is no qualification."""
        viewers = embedded_viewers(BankSet(()), Pulled(write_tagger(tmp_path, network())))
        installed = EMBEDDED.union(*(viewer.answers for viewer in viewers))

        assert stacked([]).servable(installed)[Rating.MATURE]

    def test_a_request_that_was_refused_for_want_of_one_goes_on_with_it(
        self, tmp_path: Path
    ) -> None:
        """That is what an operator installs it for."""
        policy = stacked([])
        findings = saying(harmless(TEXTS), TEXTS, {SignalName.TEXT_SEXUAL_SUGGESTIVE: 0.9})
        folder = write_tagger(tmp_path, network(), measured=MEASURED)
        viewers = embedded_viewers(BankSet(()), Pulled(folder))
        installed = EMBEDDED.union(*(viewer.answers for viewer in viewers))

        without = policy.decide(Moment.REQUEST, findings, ADULT, EMBEDDED)
        with_it = policy.decide(Moment.REQUEST, findings, ADULT, installed)

        assert without.action is Action.BLOCK
        assert without.missing
        assert not with_it.missing
        assert HarmCode.CAPABILITY not in {verdict.code for verdict in with_it.verdicts}

    @pytest.mark.parametrize(
        ("name", "action", "code"),
        [
            (SignalName.IMAGE_NONCONSENT, Action.BLOCK, HarmCode.SEX_NONCON),
            (SignalName.IMAGE_ANIMAL, Action.BLOCK, HarmCode.SEX_ANIMAL),
            (SignalName.IMAGE_GORE, Action.LABEL, HarmCode.VIO_GORE),
        ],
    )
    def test_other_harm_in_a_picture_is_answered_like_in_a_prompt(
        self, name: SignalName, action: Action, code: HarmCode
    ) -> None:
        """Words that nobody used may still be what came back."""
        levels = {
            SignalName.IMAGE_SEXUAL_NUDITY: 0.9,
            SignalName.IMAGE_SEXUAL_SUGGESTIVE: 0.9,
            SignalName.IMAGE_SEXUAL_ACT: 0.0,
            SignalName.IMAGE_MINOR_DRAWN: 0.0,
        }
        shown = {} if name is SignalName.IMAGE_GORE else levels
        findings = (*harmless(TEXTS), *saying(harmless(OUTPUT), OUTPUT, {**shown, name: 0.9}))
        facts = looked_at(ADULT, TEXTS, OUTPUT)

        decision = stacked([]).decide(Moment.OUTPUT, findings, facts, None)

        assert (decision.action, decision.code) == (action, code)

    def test_the_tagger_of_the_settings_looks_in_an_installation(self, tmp_path: Path) -> None:
        """What was pulled and named is opened and warmed, and opens the tier."""
        first_start(tmp_path / "var", bytes)
        write_tagger(tmp_path / "var" / "models", network(), measured=MEASURED)
        env = {
            "IMPRIMATUR_DEVELOPMENT": "true",
            "IMPRIMATUR_NOVELAI_TOKENS": "pst-" + "a" * 64,
            "IMPRIMATUR_TAGGER": f"models/{NAME}",
        }

        house = load(tmp_path / "var", env)
        judge = _judge(house, BankSet(()), Cards.of(house.pulled))
        judge.close()

        assert not stacked([]).servable(judge.installed())[Rating.MATURE]

    def test_an_altered_tagger_of_the_settings_stops_the_start(self, tmp_path: Path) -> None:
        """A gate that was blinded must not open its doors."""
        first_start(tmp_path / "var", bytes)
        folder = write_tagger(tmp_path / "var" / "models", network(), measured=MEASURED)
        (folder / "model.onnx").write_bytes(network({"sky": 0.5}))
        env = {
            "IMPRIMATUR_DEVELOPMENT": "true",
            "IMPRIMATUR_NOVELAI_TOKENS": "pst-" + "a" * 64,
            "IMPRIMATUR_TAGGER": f"models/{NAME}",
        }

        house = load(tmp_path / "var", env)
        cards = Cards.of(house.pulled)

        with pytest.raises(ModelError, match="expected sha256"):
            _judge(house, BankSet(()), cards)
