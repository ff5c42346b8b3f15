"""The words of a request: what was found, how they read, and what their tags mean."""

from classifiers import normalise
from classifiers.content import Grammar, Polarity, Prompt, Text
from pipeline.console.places import Span
from pipeline.console.words import MOST_VIEWS, Said, glosses, said_of


def said(text: str, *spans: Span, polarity: Polarity = Polarity.POSITIVE) -> Said:
    """How one text is shown."""
    prompt = Prompt((Text("input", text, polarity), Text("empty", "  ")), Grammar.V4)
    (shown,) = said_of(prompt, normalise.read(prompt), spans)
    return shown


def test_what_was_found_is_marked_where_it_stands() -> None:
    """What was found in another text is not."""
    shown = said("a grey harbour", Span("input", 2, 6, "x"), Span("negative", 0, 1, "y"))
    assert [(piece.text, piece.names) for piece in shown.pieces] == [
        ("a ", ()),
        ("grey", ("x",)),
        (" harbour", ()),
    ]


def test_a_disguise_is_shown_undone_and_plain_words_are_not_shown_twice() -> None:
    """Capitals, weights and underscores are no disguise."""
    assert said("{A Grey_Harbour}").views == []
    views = dict(said("h.a.r.b.o.r, aGFyYm91cg==").views)
    assert "harbor" in views["received/closed_up"]
    assert views["decoded:base64/plain"] == "harbour"
    assert len(said("h.4.r.b.0.r, aGFyYm91cg==, l4kke, sssea, @ h4rb0r").views) <= MOST_VIEWS


def test_common_tags_have_a_gloss_however_they_are_written() -> None:
    """With weights, in capitals, with underscores; each once."""
    shown = said("{{Wide_Shot}}, wide shot, 1girl, a grey harbour", polarity=Polarity.NEGATIVE)
    assert [tag for tag, _ in shown.glosses] == ["wide shot", "1girl"]
    assert shown.polarity == "negative"


def test_every_gloss_is_one_line_under_a_tag_as_it_reads_plain() -> None:
    """Else it would never be found, or be another thing than words."""
    for tag, gloss in glosses().items():
        assert tag == tag.casefold().strip()
        assert "_" not in tag
        assert gloss
        assert "\n" not in gloss
