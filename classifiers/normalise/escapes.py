"""Letters written by their number or name, and markup that stands between letters."""

import html
import re

from classifiers.normalise.encoding import Encoding

_ENTITY = r"(?:amp;)*(?:#[xX]?[0-9A-Fa-f]{1,7};?|[A-Za-z]{2,31};|[A-Za-z]{2,6})"
_ESCAPE = re.compile(
    r"[%=&\\<Uu](?:"
    r"(?<=%)(?:25)*[0-9A-Fa-f]{2}(?:%(?:25)*[0-9A-Fa-f]{2})*|(?<==)[0-9A-F]{2}(?:=[0-9A-F]{2})+"
    rf"|(?<=&){_ENTITY}(?:&{_ENTITY})*"
    r"|(?<=\\)(?:u[0-9A-Fa-f]{4}(?:\\u[0-9A-Fa-f]{4})*|U[0-9A-Fa-f]{8}|u\{[0-9A-Fa-f]{1,6}\}"
    r"|x[0-9A-Fa-f]{2}(?:\\x[0-9A-Fa-f]{2})*|[0-3][0-7]{2}(?:\\[0-3][0-7]{2})*)"
    r"|(?<=<)(?:/?[A-Za-z][^<>]{0,40}>|!--[^<>]{0,80}-->)"
    r"|(?<=[Uu])\+[0-9A-Fa-f]{4,6}[ ]?)"
)
"""It begins with a set of signs, so that whatever else is passed over quickly.

Escapes in a row are one place, and a sign that is escaped again and again (`%2525`) is one sign.
"""
_PERCENT = re.compile(r"%(?:25)*([0-9A-Fa-f]{2})")
_AMPERSAND = re.compile(r"&(?:amp;)+(?=[#A-Za-z])")
_UNITS = re.compile(r"(?<=\\u)[0-9A-Fa-f]{4}")
_OCTAL = re.compile(r"[0-3][0-7]{2}")
_END = 0x110000


def _unescaped(escape: str) -> str | None:
    if escape[0] == "&":
        letters = html.unescape(_AMPERSAND.sub("&", escape))
        return None if letters == escape else letters
    if escape[0] == "<":
        return ""
    if escape[0] == "%":
        data = bytes.fromhex("".join(_PERCENT.findall(escape)))
    elif escape[0] == "=":
        data = bytes.fromhex(escape.replace("=", ""))
    elif escape[1] == "x":
        data = bytes.fromhex(escape.replace("\\x", ""))
    elif escape[1] in "0123":
        data = bytes(int(code, 8) for code in _OCTAL.findall(escape))
    else:
        return _numbered(escape)
    return data.decode("utf-8", "replace")


def _numbered(escape: str) -> str:
    r"""Read `\uXXXX` in a row, whose surrogates belong together, or one number."""
    codes = _UNITS.findall(escape) or [escape[2:].strip("{} ")]
    letters = "".join(
        chr(number) if number < _END else "" for number in (int(code, 16) for code in codes)
    )
    return letters.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


ESCAPES = (Encoding("escapes", _ESCAPE, _unescaped, in_place=True, layered=True),)
