"""Letters drawn with other signs: upside down, mirrored, as ideographs, as strokes and brackets."""

# ruff: noqa: RUF001 (letters that look like others are what this file is about)

import re

from classifiers.normalise.encoding import Encoding, is_foreign


def _pairs(pairs: str) -> dict[str, str]:
    return {pair[:-1]: pair[-1] for pair in pairs.split()}


_FLIPPED = _pairs(
    "ɐa ɔc ǝe ɟf ƃg ɓg ɥh ıi ᴉi ɾj ʞk ʅl ꞁl ɯm ɹr ʇt ʌv ʍw ʎy "
    "∀a Ɔc ᗡd Ǝe Ⅎf ⅁g ⅃l ˥l Ԁp ᴚr ⊥t ┴t ∩u ⅄y Λv"
)
_MIRRORED = _pairs("ɒa ↄc ɘe ʇf ǫg ⇂l ɿr Яr ƨs Ƨs ƚt Ɨt")
_IDEOGRAPHS = _pairs(
    "卂a 乃b 匚c 刀d 乇e 千f 厶g 卄h 工i 丨i 丿j フj 长k 乚l レl 从m 爪m 几n 冂n 口o ロo 卩p 尸p "
    "尺r 丂s 丁t ㄒt 匕t 凵u ㄩu 山w 乂x メx ㄚy 丫y 乙z"
)
_STROKES = _pairs(
    r"|\/|m /\/\m \/\/w |\|n |_|u |-|h ]-[h /-\a /\a \/v ()o (_)u [)d |)d |>d |<k |{k |3b "
    r"><x )(x ][i '/y `/y |_l vvw VVw"
)
_TURNED = str.maketrans("qpudbn" + "".join(_FLIPPED), "bdnpqu" + "".join(_FLIPPED.values()))
_OVER = str.maketrans("dbqp" + "".join(_MIRRORED), "bdpq" + "".join(_MIRRORED.values()))
_IS_TURNED = re.compile(f"[{''.join(_FLIPPED)}]")
_IS_MIRRORED = re.compile(f"[{''.join(_MIRRORED)}]")
_RUN_OF_TURNED = re.compile(rf"[A-Za-z0-9 {''.join(_FLIPPED)}]{{3,}}")
_RUN_OF_MIRRORED = re.compile(rf"[A-Za-z0-9 {''.join(_MIRRORED)}]{{3,}}")
_RUN_OF_IDEOGRAPHS = re.compile(f"[{''.join(_IDEOGRAPHS)}]{{4,64}}")
_STROKE = re.compile("|".join(map(re.escape, sorted(_STROKES, key=len, reverse=True))))
_MAY_BE_STROKES = re.compile(
    rf"{_STROKE.pattern}|[a-z]\||\|[a-z]|[a-z0-9@$!]\([a-z0-9@$!]|\([a-z]+[@$!]"
)
_WORDY = re.compile(r"[A-Za-z0-9@$!+]")
"""Letters, and figures and signs that are read as letters later."""
_NOT_WORDY = bytes(code for code in range(0x80) if not _WORDY.match(chr(code)))
_A_STROKE = re.compile(r"[|/\\()\[\]<>{}'`_-]|vv|VV|3b")
"""What any text has in it that `_MAY_BE_STROKES` finds something in; it is found sooner."""
_FEWEST = 3
_MOSTLY = 0.85
"""The least share of letters and figures in what may pass for a word."""
_FEW = 3
"""Bars that may be letters; more are the bars of a randomiser or of mixing."""


def _from_turned(token: str) -> str | None:
    return token.translate(_TURNED)[::-1] if _IS_TURNED.search(token) else None


def _from_mirrored(token: str) -> str | None:
    return token.translate(_OVER)[::-1] if _IS_MIRRORED.search(token) else None


def _from_ideographs(token: str) -> str:
    return "".join(_IDEOGRAPHS[sign] for sign in token)


def _may_hold_strokes(text: str) -> bool:
    return bool(_A_STROKE.search(text) and _MAY_BE_STROKES.search(text))


def _from_strokes(token: str) -> str | None:
    if not _WORDY.search(token):
        return None
    letters = _STROKE.sub(lambda match: _STROKES[match[0]], token)
    if "|" in letters and letters.count("|") <= _FEW:
        letters = letters.replace("|", "l")
    if "(" in letters and token.count("(") > token.count(")"):
        letters = letters.replace("(", "c")
    if letters == token:
        return None
    likely = len(letters.encode("ascii", "replace").translate(None, _NOT_WORDY))
    return letters if likely >= max(_FEWEST, _MOSTLY * len(letters)) else None


DRAWINGS = (
    Encoding("turned", _RUN_OF_TURNED, _from_turned, _IS_TURNED.search),
    Encoding("mirrored", _RUN_OF_MIRRORED, _from_mirrored, _IS_MIRRORED.search),
    Encoding(
        "ideographs", re.compile(f"[{''.join(_IDEOGRAPHS)}]{{4,64}}"), _from_ideographs, is_foreign
    ),
    Encoding("strokes", re.compile(r"[^\s,.;:]{5,64}"), _from_strokes, _may_hold_strokes),
)
