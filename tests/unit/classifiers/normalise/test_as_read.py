"""Terms are brought to the forms of views all at once; one by one, the same must come out."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import vocabulary
from classifiers.normalise import plain_form, plain_forms
from classifiers.normalise.as_read import altered, squeezed
from classifiers.normalise.letters import Letters
from classifiers.normalise.lookalikes import undress
from classifiers.normalise.spellings import derepeated_form, leet_form, squeezed_form
from classifiers.normalise.variants import one_script
from classifiers.vocabulary import Vocabulary

TEXTS = st.lists(st.text(max_size=12) | st.text("abello \u0303\u043an\u3131\u314f", max_size=8))


@pytest.fixture(scope="module")
def shipped() -> Vocabulary:
    return vocabulary.load(files("classifiers") / "terms")


@given(TEXTS | st.lists(st.sampled_from(["\uf8ff", "a\uf8ff", "b", ""])))
def test_many_texts_are_folded_as_each_alone(texts: list[str]) -> None:
    """No letter of one may touch the next, and none may be lost between them."""
    assert plain_forms(texts) == [plain_form(text) for text in texts]


@given(TEXTS)
def test_many_terms_are_altered_as_each_alone(texts: list[str]) -> None:
    """A term whose form is another's would be found where nobody wrote it."""
    folded = list(filter(None, map(plain_form, texts)))
    latin = [undress(one_script(Letters.of(text))).text for text in folded]
    leet = [leet_form(text) for text in latin]

    assert list(altered(folded)) == [
        latin,
        leet,
        [derepeated_form(text) for text in latin],
        [derepeated_form(text) for text in leet],
    ]
    assert squeezed(folded) == [squeezed_form(text) for text in folded]


def test_the_shipped_terms_are_in_the_form_of_today(shipped: Vocabulary) -> None:
    """What is folded otherwise than a text is folded now is found in no text."""
    texts = [term.text for term in shipped.terms]

    assert texts == [plain_form(text) for text in texts]
