import pytest

from classifiers.tag_list import is_tag_list, phrases


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
    assert is_tag_list([phrases(text)])


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
    assert not is_tag_list([phrases(text)])


def test_fields_are_one_list_together() -> None:
    """A caption is a tag or two: with its prompt it is a list, unless either is prose."""
    assert is_tag_list(map(phrases, ("lighthouse, dawn", "", "1girl")))
    assert not is_tag_list(map(phrases, ("1girl, solo, blue hair", "she reads a long book")))
    assert not is_tag_list([])
