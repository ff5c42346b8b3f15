# ruff: noqa: RUF001 (letters that look like others are the subject)
import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classifiers.normalise.decode import decode
from classifiers.normalise.letters import Letters

MORSE = {"l": ".-..", "a": ".-", "m": "--", "p": ".--."}
ENCODED = {
    "percent": ("escapes", "%6c%61%6d%70"),
    "quoted-printable": ("escapes", "=6C=61=6D=70"),
    "decimal entities": ("escapes", "&#108;&#97;&#109;&#112;"),
    "a soft hyphen by name": ("escapes", "la&shy;mp"),
    "unicode escapes": ("escapes", "\\u006c\\u0061\\u006d\\u0070"),
    "escaped surrogates": ("escapes", "\\ud835\\udcf5amp"),
    "escapes in braces": ("escapes", "\\u{6c}amp"),
    "long escapes": ("escapes", "\\U0000006camp"),
    "byte escapes": ("escapes", "\\x6c\\x61\\x6d\\x70"),
    "octal escapes": ("escapes", "\\154\\141\\155\\160"),
    "code points": ("escapes", "U+006C U+0061 U+006D U+0070"),
    "markup": ("escapes", "la<b>mp</b>"),
    "a comment": ("escapes", "la<!-- x -->mp"),
    "base64": ("base64", "bGFtcA=="),
    "base64 of what nobody sees": ("base64", "bOKAi2HigIttcA=="),
    "base32": ("base32", base64.b32encode(b"a lamp").decode()),
    "hexadecimal": ("hex", "6c616d70"),
    "hexadecimal with 0x": ("hex", "0x6c 0x61 0x6d 0x70"),
    "binary": ("binary", "01101100 01100001 01101101 01110000"),
    "character codes": ("codes", "108 97 109 112"),
    "places in the alphabet": ("places", "12-1-13-16"),
    "Morse": ("morse", " ".join(MORSE[letter] for letter in "lamp")),
    "Morse with slashes": ("morse", "·−··/·−/−−/·−−·"),
    "spelling words": ("spelling words", "Lima Alfa Mike Papa"),
    "pig Latin": ("pig latin", "amplay"),
    "tag characters": ("tags", "".join(chr(0xE0000 + ord(letter)) for letter in "lamp")),
    "variation selectors": ("selectors", "".join(chr(0xE0100 + ord(x) - 16) for x in "lamp")),
    "upside down": ("turned", "dɯɐl"),
    "mirrored": ("mirrored", "qmɒl"),
    "ideographs": ("ideographs", "ㄥ卂爪卩".replace("ㄥ", "乚")),
    "strokes": ("strokes", "|_/-\\|\\/|p"),
    "bars for l": ("strokes", "c|amp"),
    "a bracket for c": ("strokes", "a(lamp"),
    "camel case": ("camel case", "softLampView"),
    "emoji": ("emoji", "🔪"),
}  # fmt: skip


def said(text: str) -> dict[str, str]:
    return {name: letters.text for name, letters in decode(Letters.of(text)).texts}


@pytest.mark.parametrize(("name", "text"), ENCODED.values(), ids=ENCODED)
def test_what_is_encoded_is_found(name: str, text: str) -> None:
    """Each way that somebody may try, once."""
    content = said(f"a red {text}, hat")[name].casefold()

    expected = {"emoji": "knife", "strokes": "lamp"}.get(name, "lamp")
    assert expected in content.replace("𝓵", "l").replace("\u200b", "").replace("\xad", "") or (
        text == "a(lamp" and "aclamp" in content
    )


@pytest.mark.parametrize(
    "text",
    [
        "1girl, solo, long hair, (masterpiece), @_@, :3, 2024, rating:general",
        "salt&pepper, 100% wool, 1/2, 3, 4, 5, a - b - c, ... --- !!!",
        "facade, decade, Masterpiece, Photography, ABANDONED, added, beef, 12 monkeys",
        "a_b_c, hatsune_miku_(vocaloid), jpeg artifacts, 灯台の夜明け, маяк, фонарь",
        "<3, >_<, \\o/, ^_^, (x_x), O_o, a | b, 1.5::hat::",
    ],
)
def test_ordinary_text_hides_nothing(text: str) -> None:
    """What is decoded by chance costs time, and may hit by chance."""
    assert set(said(text)) <= {"strokes", "pig latin"}


def test_texts_inside_texts_are_found_to_a_depth() -> None:
    """Three times; what lies deeper is told, not passed over."""
    text = "lantern"
    for depth in range(1, 6):
        text = base64.b64encode(text.encode()).decode()
        inside = decode(Letters.of(text))

        assert any("lantern" in one.text for _, one in inside.texts) is (depth <= 3)
        assert inside.complete is (depth <= 3)


def test_what_an_escape_belongs_to_is_kept_around_it() -> None:
    """The word goes on beside it, but a whole prompt need not be read again for one escape."""
    text = "far away, " * 100 + "la%6Dp, hat" + ", farther" * 100 + " la&#109;p"

    (found,) = [letters for name, letters in decode(Letters.of(text)).texts if name == "escapes"]

    assert found.text.count("lamp") == 2
    assert len(found.text) < 400
    places = list(found.sources())
    assert places == sorted(places)
    assert text[places[found.text.index("lamp")]] == "l"


def test_more_than_is_decoded_is_told() -> None:
    """Emoji become words, which are longer than they."""
    inside = decode(Letters.of("🐃🐄" * 5_000))

    assert not inside.complete


@given(st.text(alphabet="%&#;=\\ux0123456789abcdefU+<>/|()-. A🐃\n", max_size=80))
def test_all_that_is_decoded_leads_back(text: str) -> None:
    """And is not much more than there was."""
    inside = decode(Letters.of(text))

    for _, letters in inside.texts:
        assert all(0 <= place < len(text) for place in letters.sources())
    assert sum(len(letters.codes) for _, letters in inside.texts) <= 3 * len(text) + 1000


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=30))
@example("bgajga")  # in base64 it has small letters alone, but for the first
@example("vgarga")  # in base64 it has nothing else
def test_any_word_is_found_in_its_usual_encodings(word: str) -> None:
    """Whatever its letters are."""
    for text in (
        base64.b64encode(word.encode()).decode(),
        word.encode().hex(),
        "".join(f"%{code:02x}" for code in word.encode()),
        " ".join(f"{code:08b}" for code in word.encode()),
        "".join(chr(0xE0000 + code) for code in word.encode()),
    ):
        assert any(word in one.text for _, one in decode(Letters.of(text)).texts)
