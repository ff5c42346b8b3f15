import pytest

from classifiers.harmless import HarmlessPhrases


@pytest.fixture(scope="module")
def harmless() -> HarmlessPhrases:
    return HarmlessPhrases.embedded()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("stars visible to the naked eye", "stars visible to the"),
        ("pussy willow, a vase", ", a vase"),
        ("a baby blue car", "a car"),
        ("naked eye, naked eye", ","),
        ("a sexton and his spade", "a and his spade"),
        ("a pirate's booty", "a"),
    ],
)
def test_a_harmless_phrase_is_blanked_in_place(
    harmless: HarmlessPhrases, text: str, left: str
) -> None:
    """A model that goes by words takes it for what it seems; places must stay places."""
    blanked = harmless.blanked(text)

    assert len(blanked) == len(text)
    assert blanked.split() == left.split()


@pytest.mark.parametrize("text", ["naked eyes of a cat", "snaked eye", "naked, eye", "", "\ud800"])
def test_everything_else_stays(harmless: HarmlessPhrases, text: str) -> None:
    """What only begins like a harmless phrase is none, and is still read."""
    assert harmless.blanked(text) == text
