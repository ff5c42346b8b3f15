import pytest

from classifiers.by_chance import ByChance
from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import FieldReading, Spelling, read
from classifiers.prompt_terms import PromptTerms
from classifiers.signals import Signal


@pytest.fixture(scope="module")
def terms() -> PromptTerms:
    return PromptTerms.embedded()


def field(text: str) -> FieldReading:
    return read(Prompt((Text("input", text),), Grammar.V4)).fields[0]


def evidence(terms: PromptTerms, text: str) -> set[str]:
    found = terms.classify(read(Prompt((Text("input", text),), Grammar.V4)))
    return {one.evidence for one in found if isinstance(one, Signal) and one.score > 0}


@pytest.mark.parametrize(
    "text",
    [
        "1girl, arm up, skirt", "two side up,skirt", "b r a n c h", "c.o.m.p.a.s.s", "v|i|o|l|i|n",
        "b r a n c h o f c h e r r y", "preparing to put a toothbrush away", "a pen is on the desk",
        "banana cream pie on a plate", "80's punk rocker", "next to t-rex", "mole station",
        "a sheep with a black face", "helianthus annuus", "see-through curtain",
    ],
)  # fmt: skip
def test_what_neighbours_make_by_chance_is_no_term(text: str, terms: PromptTerms) -> None:
    """Whoever is refused for a branch goes elsewhere."""
    assert evidence(terms, text) == set()


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("n u d e", "term:nudity.en.2"), ("n.u.d.e.g.i.r.l", "term:nudity.en.2"),
        ("n, u, d, e", "term:nudity.en.2"), ("nu de", "term:nudity.en.2"),
        ("nu{de}", "term:nudity.en.2"), ("nu1.2::de::", "term:nudity.en.2"),
        ("a b i g c h i l d", "term:minor.en.1"), ("up skirt", "term:suggestive.en.44"),
    ],
)  # fmt: skip
def test_what_somebody_took_apart_is_found(text: str, term: str, terms: PromptTerms) -> None:
    """Spaces, full stops, weights: the word is meant, whatever stands inside it."""
    assert term in evidence(terms, text)


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("l a n t e r n", "tern", True),
        ("a l a n t e r n", "lantern", False),
        ("x q t e r n z k", "tern", False),
        ("lan tern", "lantern", False),
        ("lan, tern", "lantern", True),
        ("l, a, n, t, e, r, n", "lantern", False),
        ("l a n", "la", False),
        (" ".join("lantern" * 12), "tern", False),
    ],
)
def test_chance_is_told_from_intent(*, text: str, word: str, expected: bool) -> None:
    """Only a run that reads as other words, which go on over the term, is innocent."""
    one = field(text)
    *_, view = (view for view in one.views if view.spelling is Spelling.SQUEEZED)
    start = view.text.index(word)

    assert ByChance(["tern"]).made(view, text, start, start + len(word)) is expected
