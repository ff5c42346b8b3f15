# ruff: noqa: RUF001 (letters that look like others are the subject)
import base64
import codecs
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.normalise import (
    READ_AT_MOST,
    FieldReading,
    Obstacle,
    Spelling,
    Spellings,
    is_invisible,
    read,
)
from classifiers.normalise.reading import Later

ODD = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cf", "Mn", "Me", "Co"]),
        st.sampled_from(list("{}[]|:.-0123456789%&#;=\\xuab\n \u200b\u00ad\u3099")),
    ),
    max_size=200,
)


def read_one(
    text: str, polarity: Polarity = Polarity.POSITIVE, grammar: Grammar = Grammar.V4
) -> FieldReading:
    (field,) = read(Prompt((Text("input", text, polarity),), grammar)).fields
    return field


def spellings(text: str) -> set[str]:
    return {view.text.strip() for view in read_one(text).views}


class TestAnyText:
    @given(ODD, st.sampled_from(Polarity), st.sampled_from(Grammar))
    def test_every_view_leads_back_into_the_text(
        self, text: str, polarity: Polarity, grammar: Grammar
    ) -> None:
        """A reviewer is shown the place; a place outside the text would be a fault."""
        field = read_one(text, polarity, grammar)

        for view in field.views:
            assert len(view.origin) == len(view.text)
            for at in range(len(view.text)):
                start, end = view.span(at, at + 1)
                assert 0 <= start < end <= len(text)
        assert len(field.asked()) == len(field.plain.text)

    @given(ODD)
    def test_the_plain_view_loses_no_letter(self, text: str) -> None:
        """A letter that no view holds is a letter that nobody judges."""
        field = read_one(text)

        kept = {
            at
            for letter, at in zip(field.plain.text, field.plain.origin, strict=True)
            if not letter.isspace()
        }
        # what composes with the letter before it (jamo, voicing marks) is kept in that letter
        joins = {chr(code) for code in (*range(0x1100, 0x1200), 0xFF9E, 0xFF9F)}
        missing = [
            letter
            for at, letter in enumerate(text)
            if letter.isalpha() and not is_invisible(letter) and at not in kept
        ]
        assert set(missing) <= joins

    @given(ODD, st.sampled_from(Grammar))
    def test_views_go_forward_through_the_text(self, text: str, grammar: Grammar) -> None:
        """A span from its first letter to its last holds all between; only one view goes back."""
        for view in read_one(text, grammar=grammar).views:
            places = list(view.origin)
            if view.source == "received":
                back = view.spelling is Spelling.REVERSED
                assert places == sorted(places, reverse=back)

    @given(ODD)
    def test_what_is_read_is_bounded_by_what_was_received(self, text: str) -> None:
        """Else a short text could keep the gate busy for long."""
        assert _size(text) <= 60 * len(text) + 20_000

    @given(st.lists(ODD, max_size=4))
    def test_each_distinct_text_is_read_once(self, texts: list[str]) -> None:
        """A request holds copies; reading them again finds nothing new."""
        carriers = tuple(Text(f"p{at}", text) for at, text in enumerate(texts))

        reading = read(Prompt(carriers, Grammar.V4))

        assert [field.text for field in reading.fields] == list(dict.fromkeys(texts))
        paths = [path for field in reading.fields for path in (field.path, *field.also)]
        assert sorted(paths) == [carrier.path for carrier in carriers]

    @given(ODD)
    def test_folding_twice_changes_nothing_more(self, text: str) -> None:
        """What is plain stays plain, letters being what counts."""
        once = read_one(text.replace(":", "").replace("|", "")).plain.text

        twice = read_one(once.replace(":", "")).plain.text

        assert [x for x in twice if x.isascii() and x.isalpha()] == [
            x for x in once if x.isascii() and x.isalpha()
        ]


BAD = {
    "empty": "",
    "whitespace": " \t\r\n\u3000\u2028",
    "one emoji": "\U0001f98a",
    "lone surrogates": "a\ud800b\udfff\udc80" * 500,
    "bytes that are no UTF-8": b"caf\xe9 \xff\xfe lamp".decode("utf-8", "surrogateescape"),
    "NUL": "la\0mp" * 500,
    "a bidi override": "\u202epmal" * 500,
    "deep braces": "{" * 16_000,
    "closing braces": "]" * 16_000,
    "ten thousand branches": "||" + "a|" * 10_000 + "||",
    "ten thousand randomisers": "a||b|c||" * 2_000,
    "marks only": "\u0301" * 16_000,
    "base64 only": "YWJj" * 4_000,
    "single letters": "a " * 8_000,
    "a sentence in one letter": "\ufdfa" * 16_000,
    "emoji only": "\U0001f403" * 16_000,
    "escapes of escapes": "&amp;" * 3_200,
    "every weight": "-1::" * 4_000,
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
@pytest.mark.parametrize("grammar", Grammar)
def test_bad_input_gets_a_defined_answer(text: str, grammar: Grammar) -> None:
    """Whatever it is, it is read whole or said not to be, and no view explodes."""
    for polarity in Polarity:
        field = read_one(text, polarity, grammar)

        assert field.plain.source == "received"
        assert sum(run.end - run.start for run in field.runs) == min(len(text), READ_AT_MOST)
        assert (Obstacle.TOO_LONG in field.unread) is (len(text) > READ_AT_MOST)
    assert _size(text) <= 60 * len(text) + 20_000


def _size(text: str) -> int:
    return sum(len(view.text) for view in read_one(text).views)


DISGUISES = {
    "as it is": "lantern",
    "case": "LanTern",
    "braces in the word": "la{n}tern",
    "a weight in the word": "lan1.4::tern::",
    "a reset in the word": "lan::tern",
    "full width": "ｌａｎｔｅｒｎ",
    "mathematical": "\U0001d4f5\U0001d4ea\U0001d4f7\U0001d4fd\U0001d4ee\U0001d4fb\U0001d4f7",
    "circled": "ⓛⓐⓝⓣⓔⓡⓝ",
    "black squares": "🅻🅰🅽🆃🅴🆁🅽",
    "flags": "🇱🇦🇳🇹🇪🇷🇳",
    "small capitals": "ʟᴀɴᴛᴇʀɴ",
    "accents": "láñtérn".replace("ñ", "n"),
    "combining marks": "l\u0336a\u0336n\u0336t\u0336e\u0336r\u0336n\u0336",
    "Cyrillic lookalikes": "lаntеrn",
    "zero width": "lan\u200btern",
    "soft hyphen": "lan\u00adtern",
    "bidi marks": "lan\u202etern",
    "tag characters between": "lan\U000e0061tern",
    "written in tag characters": "".join(chr(0xE0000 + ord(letter)) for letter in "lantern"),
    "repeats": "laaaanterrrn",
    "doubles": "llaanntteerrnn",
    "reversed": "nretnal",
    "rot13": codecs.encode("lantern", "rot13"),
    "base64": base64.b64encode(b"lantern").decode(),
    "base64 twice": base64.b64encode(base64.b64encode(b"lantern")).decode(),
    "hexadecimal": b"lantern".hex(),
    "spaced hexadecimal": b"lantern".hex(" "),
    "binary": " ".join(f"{code:08b}" for code in b"lantern"),
    "percent": "".join(f"%{code:02x}" for code in b"lantern"),
    "entities": "".join(f"&#{code};" for code in b"lantern"),
    "escapes": "".join(f"\\u{code:04x}" for code in b"lantern"),
    "upside down": "uɹǝʇuɐl",
    "Morse": ".-.. .- -. - . .-. -.",
    "camel case": "redLanternHat",
    "fancy letters": "ʟคภʇєяղ".replace("ʇ", "т"),
    "currency signs": "Ⱡ₳₦₮ɆⱤ₦",
    "Canadian syllabics": "ᒪᗩᑎTEᖇᑎ",
    "Braille": "⠇⠁⠝⠞⠑⠗⠝",
    "tags of markup": "lan<b>tern</b>",
    "a randomiser in the word": "lan||t|d||ern",
    "two randomisers": "l||a|o||nter||n|m||",
}
TAKEN_APART = {
    "spaces": "l a n t e r n",
    "dots": "l.a.n.t.e.r.n",
    "dashes": "l-a-n-t-e-r-n",
    "underscores": "l_a_n_t_e_r_n",
    "lines": "l\na\nn\nt\ne\nr\nn",
    "wide spaces": "l   a   n   t   e   r   n",
    "chunks": "lan tern",
}


@pytest.mark.parametrize("disguised", DISGUISES.values(), ids=DISGUISES)
def test_a_word_is_read_through_its_disguise(disguised: str) -> None:
    """Whoever hides a word has a reason."""
    words = {word for text in spellings(disguised) for word in text.split()}

    assert "lantern" in words


@pytest.mark.parametrize("disguised", TAKEN_APART.values(), ids=TAKEN_APART)
def test_a_word_taken_apart_is_put_together(disguised: str) -> None:
    """At the start of a text too, and over line breaks; the edges show it is no chance."""
    views = [
        view for view in read_one(f"{disguised}, red").views if view.spelling is Spelling.SQUEEZED
    ]

    assert any(view.text == "lanternred" and {0, 7, 10} <= view.edges for view in views)


@pytest.mark.parametrize("leet", ["l4nt3rn", "l@nt3rn", "14n7ern", "14nt3rn$"])
def test_figures_are_read_as_letters(leet: str) -> None:
    """One figure stands for several letters, so words of the lists are read the same way."""
    assert any(text.startswith("iantern") for text in spellings(leet))


@pytest.mark.parametrize("text", ["が", "ﾊﾞ", "か\u3099", "한", "ñ", "n\u0303"])
def test_a_letter_that_its_mark_makes_another_keeps_it(text: str) -> None:
    """Without it, a harmless word turns into another."""
    assert read_one(text).plain.text not in {"か", "ハ", "n"}
    assert len(read_one(text).plain.text) == 1


def test_jamo_are_put_together() -> None:
    """A syllable written in pieces looks the same."""
    assert read_one("\u1112\u1161\u11ab").plain.text == "한"


def test_beyond_the_limit_is_unread() -> None:
    """Not truncated in silence: what nobody read is not clean."""
    assert read_one("a " * (READ_AT_MOST // 2)).unread == ()
    assert read_one("a " * READ_AT_MOST).unread == (Obstacle.TOO_LONG,)


def test_disguises_are_undone_once_and_only_when_somebody_asks() -> None:
    """Of a text that is known again nobody does; and a fault on the way leaves no half of them."""
    plain = read_one("a harbour").plain
    made: list[Spellings] = []

    def make() -> Spellings:
        made.append(Spellings((plain,)))
        if len(made) == 1:
            raise MemoryError
        return made[-1]

    later = Later(make)
    assert made == []
    with pytest.raises(MemoryError):
        later.get()

    assert later.get() is later.get() is made[1]
    assert len(made) == 2


def test_a_text_is_known_again_by_a_digest_of_all_that_it_is_read_by() -> None:
    """What is remembered under it must hold for nothing else: not for another tenant's, either."""

    def identity(words: str, *, polarity: Polarity = Polarity.POSITIVE, **of: Any) -> bytes:
        asked = Prompt((Text("input", words, polarity),), **{"grammar": Grammar.V4} | of)
        (field,) = read(asked).fields
        return field.identity

    others = [
        identity("a harbour"),
        identity("a harbour "),
        identity("a harbour", polarity=Polarity.NEGATIVE),
        identity("a harbour", grammar=Grammar.V3),
        identity("a harbour", tenant="alice"),
        identity("a harbour", tenant="bob"),
    ]

    assert len(set(others)) == len(others)
    assert identity("a harbour", tenant="bob") == others[-1]
    assert identity("a " * READ_AT_MOST) == b""


def test_more_branches_than_are_tried_are_unread() -> None:
    """Alternatives that stand alone are all read, however many."""
    assert read_one("||" + "|".join("abc" for _ in range(3000)) + "||").unread == ()
    assert read_one("a||b|c||" * 40).unread == (Obstacle.TOO_MANY_BRANCHES,)


def test_a_word_half_inside_a_weight_is_asked_for() -> None:
    """A hit counts as asked for if any part of it is."""
    field = read_one("lan-1::tern::, -1::lamp::")

    assert field.polarity_of((0, 11)) is Polarity.POSITIVE
    assert field.polarity_of((19, 23)) is Polarity.NEGATIVE
    assert "lamp" not in field.asked()
