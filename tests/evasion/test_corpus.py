"""What disguises get past the terms: no more than was measured, and none raises a false alarm."""

from collections.abc import Iterable

import pytest

from classifiers.content import Grammar, Prompt, Text
from classifiers.prompt_terms import PromptTerms
from tests.evasion.corpus import (
    DISGUISES,
    Tried,
    attempts,
    caught_of,
    found,
    placeholder_terms,
    tried,
)
from tests.evasion.disguise import Disguise
from tests.evasion.words import LISTED, UNLISTED, Script, Word

CAUGHT = 0.99
"""What must be caught of all that is tried. Issue 3 asks for 97 %; it was 99.3 % when written."""


@pytest.fixture(scope="module")
def terms(tmp_path_factory: pytest.TempPathFactory) -> PromptTerms:
    return placeholder_terms(tmp_path_factory.mktemp("terms"))


def missed(rows: Iterable[Tried]) -> str:
    """Say what got past, a line for each disguise."""
    return "\n".join(
        f"{row.disguise}: {len(row.missed)} of {len(row.words)}, {', '.join(row.missed)}"
        for row in rows
        if row.missed
    )


def test_the_corpus_is_as_large_as_it_claims() -> None:
    """A share of few cases says little, and one of English alone says nothing of the others."""
    counts = [len(list(attempts(disguise, LISTED))) for disguise in DISGUISES]
    latin = [count for count in counts if count >= 18]

    assert len({disguise.name for disguise in DISGUISES}) == len(DISGUISES)
    assert len(latin) >= 60
    assert min(counts) >= 1
    assert {word.script for word in LISTED} == {word.script for word in UNLISTED} == set(Script)


def test_disguised_words_are_caught(terms: PromptTerms) -> None:
    """A list that is passed with a full stop between the letters is no list."""
    rows = list(tried(terms))

    assert caught_of(rows) >= CAUGHT, missed(rows)


@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda disguise: disguise.name)
def test_a_disguise_alone_raises_nothing(disguise: Disguise, terms: PromptTerms) -> None:
    """Fancy letters are common in harmless prompts: only a listed word is a finding."""
    for word, prompt in attempts(disguise, UNLISTED):
        assert not found(terms, prompt), word.text


@pytest.mark.parametrize("word", LISTED, ids=lambda word: word.text)
def test_a_listed_word_is_found_as_it_is(word: Word, terms: PromptTerms) -> None:
    """Else all that is missed would be missed for another reason."""
    prompt = Prompt((Text("input", f"masterpiece, {word.text}, soft light"),), Grammar.V4)

    assert len(found(terms, prompt)) == 1
