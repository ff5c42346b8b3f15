from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.harmless import HarmlessPhrases
from classifiers.languages.reader import LanguageReader
from classifiers.normalise import READ_AT_MOST, Reading, read
from classifiers.prompt_engines import Engine, Question
from classifiers.prompt_model import SIGNALS, WINDOWS, PromptModel, stretched
from classifiers.prompt_network import PromptNetwork
from classifiers.prompt_panes import OVERLAP, ROOM
from classifiers.prompt_pieces import PANES
from classifiers.runtime import Array
from classifiers.signals import Field, Reason, Signal, SignalName, Unavailable
from tests.unit.classifiers.prompt_networks import write_network

MORE_THAN_ENOUGH = (ROOM - OVERLAP) * PANES * WINDOWS + OVERLAP + 100
"""Pieces that do not fit into the windows of a request."""


@pytest.fixture
def network(tmp_path: Path) -> PromptNetwork:
    return write_network(tmp_path)


@pytest.fixture
def model(network: PromptNetwork) -> PromptModel:
    return PromptModel(network, HarmlessPhrases.embedded(), LanguageReader.embedded())


def asking(*texts: str, negative: str = "") -> Reading:
    """Read texts that are asked for, and one that is not."""
    fields = [Text(f"field{at}", text) for at, text in enumerate(texts)]
    unwanted = [Text("negative", negative, Polarity.NEGATIVE)] if negative else []
    return read(Prompt((*fields, *unwanted), Grammar.V4))


def scores(model: PromptModel, reading: Reading) -> dict[SignalName, float]:
    return {one.name: one.score for one in model.classify(reading) if isinstance(one, Signal)}


class Counting:
    """An engine that counts how often it is asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.asked = 0

    def ask(self, questions: Sequence[Question], /) -> Array:
        """Count, and answer."""
        self.asked += 1
        return self._engine.ask(questions)

    def close(self) -> None:
        """Close the other."""
        self._engine.close()


class TestClassify:
    def test_each_head_is_reported_once(self, model: PromptModel) -> None:
        """What is promised is reported, and nothing else."""
        found = model.classify(asking("a cat at dawn", "lighthouse"))

        assert [one.name for one in found] == list(SIGNALS.values())
        assert model.emits == set(SIGNALS.values())
        assert {one.name for one in model.answers} == model.emits

    def test_the_field_that_counts_most_is_named(self, model: PromptModel) -> None:
        """A reviewer is led to the text, and a mild field must not dilute a bad one."""
        texts = ("a cat", "dawn dawn", "lighthouse, cat")
        alone = {text: scores(model, asking(text)) for text in texts}

        for found in model.classify(asking(*texts)):
            assert isinstance(found, Signal)
            by_score = {alone[text][found.name]: text for text in texts}
            best = by_score[max(by_score)]
            assert found.score == pytest.approx(alone[best][found.name])
            assert found.where == Field(f"field{texts.index(best)}", (0, len(best)))

    def test_what_is_not_asked_for_is_not_read(self, model: PromptModel) -> None:
        """A negative prompt that names what it wants gone is no request for it."""
        asked = scores(model, asking("a cat"))

        assert scores(model, asking("a cat", negative="dawn")) == asked
        assert scores(model, asking("a cat, -1::dawn::")) == scores(model, asking("a cat, "))

    def test_grammar_is_undone_before_it_is_read(self, model: PromptModel) -> None:
        """Braces and weights are how a prompt is written, not what it says."""
        assert scores(model, asking("a cat, dawn")) == scores(model, asking("a {{cat}}, 2::dawn::"))

    def test_a_text_that_comes_twice_is_read_once(
        self, network: PromptNetwork, model: PromptModel
    ) -> None:
        """Sixteen copies must not use up the room of what stands behind them."""
        long = "cat " * 1500
        found = model.classify(asking(*[long + " " * at for at in range(4)], "dawn"))

        assert len(list(network.pieces.windows(long))) > WINDOWS / 4
        assert {type(one) for one in found} >= {Signal}
        assert not [one for one in found if isinstance(one, Unavailable)]

    def test_a_tenant_cannot_tell_what_another_asked(self, network: PromptNetwork) -> None:
        """An answer that is remembered comes sooner: the clock must not say that others asked."""
        engine = Counting(network.engine)
        model = PromptModel(
            replace(network, engine=engine), HarmlessPhrases.embedded(), LanguageReader.embedded()
        )
        for tenant in ("alice", "bob", "alice"):
            model.classify(read(Prompt((Text("input", "a cat"),), Grammar.V4, tenant)))

        assert engine.asked == 2

    def test_nothing_asked_for_is_nothing_seen(self, model: PromptModel) -> None:
        """An empty prompt has no subject; other classifiers say whether it may be sent."""
        assert set(scores(model, asking("", " , "[:1])).values()) == {0.0}

    def test_what_lies_beyond_is_unavailable(self, model: PromptModel) -> None:
        """Padding must not push a text out of sight and leave a clean answer."""
        text = "cat " * MORE_THAN_ENOUGH
        found = model.classify(asking(text, "dawn"))
        missing = [one for one in found if isinstance(one, Unavailable)]

        assert {one.name for one in missing} == model.emits
        assert {one.reason for one in missing} == {Reason.NOT_ASSESSED}
        assert Field("field1", (0, 4)) in {one.where for one in missing}
        (beyond,) = {one.where for one in missing} - {Field("field1", (0, 4))}
        assert isinstance(beyond, Field)
        assert beyond.span is not None
        assert 0 < beyond.span[0] <= (ROOM - OVERLAP) * PANES * WINDOWS * 4

    def test_what_was_never_read_is_unavailable(self, model: PromptModel) -> None:
        """Beyond the limit of reading nobody knows what stands there."""
        found = model.classify(asking("cat" + " " * READ_AT_MOST + "dawn"))

        missing = {one.where for one in found if isinstance(one, Unavailable)}
        assert missing == {Field("field0")}

    def test_what_a_client_writes_by_itself_is_not_read(self, model: PromptModel) -> None:
        """Nobody typed it, and reading it takes longer than reading the prompt."""
        quality = "best quality, amazing quality, very aesthetic, absurdres"

        assert "best" not in asking(f"a cat, {quality}").fields[0].typed(Polarity.POSITIVE)
        assert scores(model, asking(f"a cat, {quality}")) == scores(model, asking("a cat, "))

    @pytest.mark.parametrize("text", ["\U0001f338", "\u6e2f, \u591c"])
    def test_what_it_cannot_read_it_says_nothing_of(self, model: PromptModel, text: str) -> None:
        """Unknown words look all alike to it: an answer about them would be about nothing."""
        assert set(scores(model, asking(text)).values()) == {0.0}

    @pytest.mark.parametrize(
        "text",
        [
            "une femme lit un livre dans le jardin",
            "eine frau liest ein buch im garten",
            "\u043f\u043e\u0440\u0442!",
            "\u5973\u6027\u304c\u672c\u3092\u8aad\u3093\u3067\u3044\u308b",
        ],
    )
    def test_of_another_language_it_says_that_it_could_not_look(
        self, model: PromptModel, text: str
    ) -> None:
        """It was measured in English and tags: a score would be a guess, and a zero a lie."""
        found = model.classify(asking(text))

        assert [one.name for one in found] == list(SIGNALS.values())
        for one in found:
            assert isinstance(one, Unavailable)
            assert (one.reason, one.where.__class__) == (Reason.OTHER_LANGUAGE, Field)

    def test_english_beside_another_language_is_read(self, model: PromptModel) -> None:
        """A sentence in French must not take away what stands beside it in English."""
        mixed = model.classify(asking("une femme lit un livre dans le jardin, a cat at dawn"))
        missing = {one.where for one in mixed if isinstance(one, Unavailable)}
        seen = [one for one in mixed if isinstance(one, Signal)]

        assert missing == {Field("field0", (0, 37))}
        assert [one.name for one in seen] == list(SIGNALS.values())
        assert {one.where for one in seen} == {Field("field0", (37, 52))}
        alone = scores(model, asking("a cat at dawn"))
        assert (
            scores(model, asking("une femme lit un livre dans le jardin", "a cat at dawn")) == alone
        )

    def test_what_is_not_asked_for_needs_no_language(self, model: PromptModel) -> None:
        """The model reads no negative prompt, so none can keep it from answering."""
        reading = asking("a cat", negative="une femme lit un livre dans le jardin")

        assert scores(model, reading) == scores(model, asking("a cat"))
        assert not [one for one in model.classify(reading) if isinstance(one, Unavailable)]

    def test_a_disguise_that_folds_away_changes_nothing(self, model: PromptModel) -> None:
        """Full-width letters are letters."""
        wide = "".join(chr(ord(letter) + 0xFEE0) for letter in "dawn")

        assert scores(model, asking(wide)) == scores(model, asking("dawn"))


class TestStretched:
    @given(likelihood=st.floats(0, 1), threshold=st.floats(0.01, 0.99))
    def test_half_is_the_threshold(self, likelihood: float, threshold: float) -> None:
        """A policy's 0.5 must mean just what the card's threshold means."""
        score = stretched(likelihood, threshold)

        assert 0 <= score <= 1
        assert (score >= 0.5) == (likelihood >= threshold)

    @given(pair=st.tuples(st.floats(0, 1), st.floats(0, 1)), threshold=st.floats(0.01, 0.99))
    def test_order_is_kept(self, pair: tuple[float, float], threshold: float) -> None:
        """What the model finds worse must not score better."""
        less, more = sorted(pair)

        assert stretched(less, threshold) <= stretched(more, threshold)


class TestWarm:
    def test_it_looks_at_the_known_text(self, model: PromptModel) -> None:
        """The first request must not pay for loading."""
        model.warm()
        assert model.id.startswith("prompt_model@1+")
