import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.normalise import TagKind
from classifiers.normalise.tags import tags


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1girl, artist:someone else, hat", TagKind.ARTIST, "someone else"),
        ("{artist: a b}", TagKind.ARTIST, "a b"),
        ("1.2::Artist:name::", TagKind.ARTIST, "name"),
        ("rating:general", TagKind.RATING, "general"),
        ("year 2024, hat", TagKind.YEAR, "2024"),
        ("year:2024", TagKind.YEAR, "2024"),
        ("source#hug, hat", TagKind.SOURCE, "hug"),
        ("target#holding hands", TagKind.TARGET, "holding hands"),
        ("mutual#hug|x", TagKind.MUTUAL, "hug"),
        ("fur dataset, a fox", TagKind.DATASET, "fur"),
        (" Background Dataset", TagKind.DATASET, "Background"),
        ("a @[my chunk] b", TagKind.CHUNK, "my chunk"),
    ],
)
def test_a_tag_of_a_known_form_is_read(text: str, kind: TagKind, value: str) -> None:
    """What it means differs from what its words mean in a prompt."""
    (tag,) = tags(text)

    assert tag.kind is kind
    assert text[slice(*tag.value)].strip() == value
    assert tag.span[0] <= tag.value[0] < tag.value[1] <= tag.span[1]


@pytest.mark.parametrize(
    "text",
    ["", "martist:x", "artist", "year 20245", "resource#x", "a fur dataset", "fur datasets", "@[]"],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    """A word within a word, or a switch where it switches nothing."""
    assert tags(text) == ()


@given(st.text(alphabet="artis:#@[]ye0, |fur\n", max_size=60))
def test_tags_come_in_order_within_the_text(text: str) -> None:
    """A reader goes through them beside the text."""
    found = tags(text)

    assert list(found) == sorted(found, key=lambda tag: tag.span)
    assert all(0 <= tag.span[0] < tag.span[1] <= len(text) for tag in found)
