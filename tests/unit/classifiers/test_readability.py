# ruff: noqa: RUF001 (letters that look like others are the subject)
import base64

import pytest

from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import READ_AT_MOST, read
from classifiers.readability import Readability
from classifiers.signals import Field, Signal, SignalName


def findings(*texts: str) -> dict[SignalName, dict[str, float]]:
    fields = tuple(Text(f"p{at}", text) for at, text in enumerate(texts))
    found = Readability().classify(read(Prompt(fields, Grammar.V4)))
    assert {one.name for one in found} == Readability().emits
    by_name: dict[SignalName, dict[str, float]] = {}
    for one in found:
        assert isinstance(one, Signal)
        assert isinstance(one.where, Field)
        by_name.setdefault(one.name, {})[one.where.path] = one.score
    return by_name


def scores(*texts: str) -> dict[str, float]:
    return findings(*texts)[SignalName.TEXT_READABLE]


def unread(*texts: str) -> dict[str, float]:
    return findings(*texts)[SignalName.TEXT_LANGUAGE_UNREAD]


def terms_only(*texts: str) -> dict[str, float]:
    return findings(*texts)[SignalName.TEXT_LANGUAGE_TERMS_ONLY]


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "🦊", "1girl, solo, @_@, :3, (´・ω・`), ^_^", "灯台の夜明け", "灯塔的黎明",
        "새벽의 등대", "маяк на рассвете", "un faro al amanecer, niño", "ein Leuchtturm, Straße",
        "un phare à l'aube", "zhongli (genshin impact), xiao, hu tao, kxxy", "ಠ_ಠ",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "mrzyk, krzysztof, strč prst",
        "bW9yZSB0aGFuIG9uZSBsaWdodGhvdXNlIGF0IGRhd24=",
    ],
)  # fmt: skip
def test_what_can_be_judged_is_readable(text: str) -> None:
    """Names, faces and emoji are no reason to refuse."""
    assert scores(text) == {"*": 1.0}


@pytest.mark.parametrize(
    "text",
    [
        "⠇⠊⠛⠓⠞", "\ue000\ue001\ue002", "ф" + "\ud800" * 6,
        "vokedu bazifo ximule zakoqu wubegi fojuxa", "1girl, xqjz vkwp zzqf jxkq wvzz qpfk hjxx",
        "xkcdqz vbnmtr qwrtpsd fghjklz zxcvbnm", "f7q2k9z1x8c3v5b6n4m0f7q2k9z1x8c3v5b6n4m0a1",
        "a||b|c||" * 40, "a " * READ_AT_MOST,
    ],
    ids=lambda text: ascii(text[:12]),
)  # fmt: skip
def test_what_nobody_can_judge_is_not_readable(text: str) -> None:
    """No hit in a text that no list covers is no sign of anything."""
    assert scores(text) == {"p0": 0.0}


SOUP = "vokedu bazifo ximule zakoqu wubegi fojuxa"


@pytest.mark.parametrize(
    "text",
    [
        f"{SOUP} {b'moon'.hex()}", f"{SOUP} {base64.b64encode(b'cat on mat').decode()}",
        f"{SOUP} 01100011 01100001 01110100",
        f"vokedu bazifo ximule {base64.b64encode(b'zakoqu wubegi fojuxa').decode()}",
        base64.b64encode(SOUP.encode()).decode(), SOUP.encode().hex(" "),
        " ".join(SOUP.replace(" ", "")), "v0k3du b4z1f0 x1mul3 z4k0qu wub3g1 f0jux4",
        SOUP.replace(" ", ""), "xqjzvkwpz zqfjxkqwvzz qpfkhjxxkqzw",
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_a_spelling_that_says_little_excuses_no_noise(text: str) -> None:
    """A word in a code beside it, glued words, digits for letters: there is nothing to judge."""
    assert scores(text) == {"p0": 0.0}


@pytest.mark.parametrize(
    "text",
    [
        "n yvtugubhfr ng qnja, frntryy va fhzzre, uneobhe naq obng",
        " ".join("masterpiece best quality lighthouse at dawn"),
        "m4st3rp13c3 b35t qu4l1ty l1ghth0us3 4t d4wn",
        f"a lighthouse at dawn {base64.b64encode(b'beside the harbour').decode()}",
        b"more than one lighthouse at dawn".hex(" "), "1920x1080, 2b, 9s, a2", "4 8 15 16 23 42",
        "takanashi hoshino, sunaookami shiroko",
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_words_in_a_guise_are_no_noise(text: str) -> None:
    """What the terms undo is judged as what it says, and names of characters are words."""
    assert scores(text) == {"*": 1.0}


ENGLISH = base64.b64encode(b"more than one lighthouse at dawn, and a harbour").decode()
POLISH = base64.b64encode("kobieta czyta książkę w ogrodzie".encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "منارة عند الفجر", "ประภาคารยามรุ่งอรุณ", "מגדלור עם שחר", "भोर में प्रकाशस्तंभ", "φάρος την αυγή",
        "a lighthouse, منارة", "kobieta czyta książkę w ogrodzie", "дві собаки біжать уздовж пляжу",
        "1girl, solo, seorang wanita membaca buku di taman, long hair", POLISH,
        "una donna le{{gge un libro in giard}}ino mentre piove",
        "ｋｏｂｉｅｔａ ｃｚｙｔａ ｋｓｉａｚｋｅ ｗ ｏｇｒｏｄｚｉｅ",
        "kobi\u200beta czy\u200bta ksia\u200bzke w ogro\u200bdzie",
    ],
    ids=lambda text: ascii(text[:12]),
)  # fmt: skip
def test_a_language_that_nobody_reads_is_said(text: str) -> None:
    """It is refused for what it is, and not as noise."""
    assert unread(text) == {"p0": 1.0}
    assert scores(text) == {"*": 1.0}


@pytest.mark.parametrize(
    "text",
    [
        "маяк на рассвете", "un faro en un acantilado al amanecer", "zwei Hunde laufen am Strand",
        "un phare sur une falaise à l'aube", "朝の市場で買い物をする人", "在市场购物的人们",
        "시장에서 장을 보는 사람들",
    ],
    ids=lambda text: ascii(text[:12]),
)  # fmt: skip
def test_a_language_of_which_only_terms_are_read_is_said(text: str) -> None:
    """What it says beside the listed terms, nobody knows."""
    assert terms_only(text) == {"p0": 1.0}
    assert unread(text) == {"*": 0.0}


@pytest.mark.parametrize(
    "text",
    [
        "1girl, solo, long hair", "a lighthouse at dawn", "長い髪, 青い目, 笑顔",
        "长发, 蓝眼睛, 樱花",
        "긴 머리, 파란 눈, 등대", "onna no ko, kawaii", "(´・ω・`), ಠ_ಠ, 夏", ENGLISH, "",
    ],
    ids=lambda text: ascii(text[:12]),
)  # fmt: skip
def test_english_and_tags_in_any_script_are_read(text: str) -> None:
    """Tags have Japanese, Chinese and Korean names, and those resolve."""
    assert unread(text) == terms_only(text) == {"*": 0.0}


def test_the_language_is_named_and_the_words_are_not() -> None:
    """A reviewer needs the one, and no log may hold the other."""
    prompt = Prompt((Text("p", "kobieta czyta książkę w ogrodzie"),), Grammar.V4)
    (found,) = [one for one in Readability().classify(read(prompt)) if one.where == Field("p")]

    assert isinstance(found, Signal)
    assert found.evidence == "language:pl"


def test_each_field_is_judged_alone() -> None:
    """The unreadable one is named, and the others do not make up for it."""
    assert unread("a lighthouse", "منارة عند الفجر") == {"p1": 1.0}


def test_a_list_of_tags_is_told_from_sentences() -> None:
    """All that is asked for counts together; what is asked not to appear does not."""
    tags = "1girl, solo, blue hair"

    assert findings(tags, "lighthouse")[SignalName.TEXT_TAGS] == {"*": 1.0}
    assert findings(tags, "a cat sits by the sea")[SignalName.TEXT_TAGS] == {"*": 0.0}
    assert findings(f"{tags}, -1::a cat sits by the sea::")[SignalName.TEXT_TAGS] == {"*": 1.0}


def test_it_knows_what_it_can_read() -> None:
    """An installation that cannot tell must not serve."""
    Readability().warm()
