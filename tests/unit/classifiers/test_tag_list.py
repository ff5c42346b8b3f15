import pytest

from classifiers.tag_list import is_tag_list


@pytest.mark.parametrize(
    "text",
    [
        "1girl, solo, blue hair",
        "1girl, hand on another's neck, city lights at dusk\nrain",
        "lighthouse,dawn,,  sea |",
    ],
)
def test_short_phrases_are_a_list(text: str) -> None:
    """A tag names one thing; many of them are no sentence."""
    assert is_tag_list(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a cat",
        "lighthouse, dawn",
        "a woman reads a book, 1girl, solo, blue hair",
        "1girl, solo, blue hair\na lighthouse stands over the sea",
    ],
)
def test_a_sentence_anywhere_is_no_list(text: str) -> None:
    """Tags around a sentence must not make it count for less, nor may a few words pass for tags."""
    assert not is_tag_list(text)
