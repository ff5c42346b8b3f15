# ruff: noqa: S311  # to be repeated, not to be secret
import json
from importlib.resources import files
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.prompt_heads import Head
from classifiers.training.prompts import benign, tag_prompts
from classifiers.training.prompts.lexicons import (
    is_doubtful,
    is_forbidden,
    is_minor,
    is_sexual,
    is_suggestive,
    is_youthful,
    shows_minor,
)
from classifiers.training.prompts.prepare import READERS, SEED, finished

DATA = Path(__file__).parents[6] / "shared" / "data" / "prompts"
SEXUAL = (Head.SEXUAL, Head.NONCONSENT, Head.ANIMAL)
STATISTICS = files("classifiers.training.prompts") / "statistics.json"


class TestWords:
    @pytest.mark.parametrize(
        "text", ["child", "two KIDS", "toddler_bed", "a 12 year old", "12yo", "teen"]
    )
    def test_words_of_childhood_are_known(self, text: str) -> None:
        """What slips through here could meet anything in a training text."""
        assert is_minor(text)
        assert is_youthful(text)

    @pytest.mark.parametrize(
        "text", ["1girl", "2boys", "a 34 year old", "210 years", "childless", "kidney"]
    )
    def test_who_is_counted_and_who_is_of_age_is_no_minor(self, text: str) -> None:
        """`1girl` is nobody's age."""
        assert not is_minor(text)

    @pytest.mark.parametrize("text", ["rating:explicit", "nude", "completely_nude", "sex"])
    def test_words_of_sex_are_known(self, text: str) -> None:
        """The other half of what must never meet."""
        assert is_sexual(text)
        assert is_suggestive(text)

    @pytest.mark.parametrize("text", ["analog", "a cucumber", "grape", "cockpit", "assassin"])
    def test_words_inside_words_are_other_words(self, text: str) -> None:
        """A list that fires on everything would leave nothing to learn from."""
        assert not is_sexual(text)

    @pytest.mark.parametrize("text", ["baby elephant", "baby's breath", "a baby blue car"])
    def test_young_animals_and_colours_show_no_minor(self, text: str) -> None:
        """The captions are full of them."""
        assert not shows_minor(text)
        assert is_minor(text)

    def test_either_side_may_come_from_the_label(self) -> None:
        """What a source says of a text counts as much as its words."""
        assert is_forbidden("child", labelled_sexual=True)
        assert is_forbidden("rating:explicit", labelled_minor=True)
        assert is_forbidden("school uniform", labelled_sexual=True)
        assert not is_forbidden("child")
        assert not is_forbidden("rating:explicit")
        assert not is_forbidden("adult woman", labelled_sexual=True)

    @given(st.text(max_size=80))
    def test_any_text_can_be_asked_about(self, text: str) -> None:
        """The proof below holds of whatever is in the files."""
        assert is_forbidden(text) <= is_doubtful(text) <= is_sexual(text)


class TestTrainingTexts:
    def test_no_training_text_fired_both_lexicons(self) -> None:
        """The law of this data, as counted when it was made."""
        lexicons = json.loads(STATISTICS.read_text("utf-8"))["lexicons"]

        assert set(lexicons) == {"sexual=0 minor=0", "sexual=0 minor=1", "sexual=1 minor=0"}
        assert min(lexicons.values()) > 1000

    def test_half_of_the_harmless_texts_are_real(self) -> None:
        """A model that knows harmless text from its pairs only is a detector of their style."""
        rows = json.loads(STATISTICS.read_text("utf-8"))["rows"]
        kinds = {kind: rows[f"train/kind/{kind}/benign"] for kind in ("real", "paired", "composed")}

        assert kinds["real"] >= kinds["paired"] + kinds["composed"]


if DATA.exists():  # it is not in this repository: with it there is one test more

    def test_no_text_fires_both_lexicons_whatever_is_done_to_it() -> None:
        """The law of this data, made again: some texts of each source, changed as for training."""
        random = Random(SEED)
        tags = tag_prompts.prompts(tag_prompts.load(DATA), random, 700)
        captions = list(islice(benign.coco(DATA), 400))
        some = [row for reader in READERS for row in islice(reader(DATA), 250)]
        some += [*captions, *benign.ages(captions, random, 200), *tags]
        kept = [row for one in some if (row := finished(one, random)) is not None]

        assert len(kept) > 2500
        for row in kept:
            sexual = any(row.labels.get(head) for head in SEXUAL)
            assert not (is_sexual(row.text) and is_minor(row.text)), row.source
            assert not (sexual and is_youthful(row.text)), row.source
            assert not (sexual and row.labels.get(Head.MINOR_PRESENT)), row.source
            assert not (is_sexual(row.text) and row.labels.get(Head.MINOR_PRESENT)), row.source
