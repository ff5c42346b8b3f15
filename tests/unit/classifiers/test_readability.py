# ruff: noqa: RUF001 (letters that look like others are the subject)
import pytest

from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import READ_AT_MOST, read
from classifiers.readability import Readability
from classifiers.signals import Field, Signal


def scores(*texts: str) -> dict[str, float]:
    fields = tuple(Text(f"p{at}", text) for at, text in enumerate(texts))
    found = Readability().classify(read(Prompt(fields, Grammar.V4)))
    return {
        one.where.path: one.score
        for one in found
        if isinstance(one, Signal) and isinstance(one.where, Field)
    }


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
        "منارة عند الفجر", "ประภาคารยามรุ่งอรุณ", "מגדלור עם שחר", "भोर में प्रकाशस्तंभ", "φάρος την αυγή",
        "a lighthouse, منارة", "⠇⠊⠛⠓⠞", "\ue000\ue001\ue002", "ф" + "\ud800" * 6,
        "xkcdqz vbnmtr qwrtpsd fghjklz zxcvbnm", "f7q2k9z1x8c3v5b6n4m0f7q2k9z1x8c3v5b6n4m0a1",
        "a||b|c||" * 40, "a " * READ_AT_MOST,
    ],
    ids=lambda text: ascii(text[:12]),
)  # fmt: skip
def test_what_nobody_can_judge_is_not_readable(text: str) -> None:
    """No hit in a text that no list covers is no sign of anything."""
    assert scores(text) == {"p0": 0.0}


def test_each_field_is_judged_alone() -> None:
    """The unreadable one is named, and the others do not make up for it."""
    assert scores("a lighthouse", "منارة عند الفجر") == {"p1": 0.0}


def test_it_knows_what_it_can_read() -> None:
    """An installation that cannot tell must not serve."""
    Readability().warm()
