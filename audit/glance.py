"""Sees at one glance that bytes are a leaf in canonical form, and reads what a walk needs of it.

What a leaf may say is a regular language: its keys stand in one order, each with a value of one
shape. So one pattern for each kind, made from the table in `audit.fields`, proves canonical form
and schema together, many times faster than to parse, to check and to write again. It may miss a
leaf (with a number of sixteen digits, say), which is then read the long way. It MUST NOT take what
`Leaf.parse_slowly` would refuse: property tests hold the two together.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha1
from operator import lt
from typing import NamedTuple

from audit.entry import STEPS, Kind
from audit.fields import (
    FIELDS,
    MAX_ITEMS,
    Check,
    ListOf,
    is_code,
    is_count,
    is_digest,
    is_flag,
    is_id,
    is_time,
    is_vkey,
)

MAX_LEAF_BYTES = 16 * 1024

# What matched can match in no second way, so no pattern ever needs to step back: the last `+`.
_HEX = r"[0-9a-f\x80]"  # \x80 is never there: with three ranges, `re` makes a table, which is fast
_DIGEST = f"(?:{_HEX}{{64}}|{_HEX}{{40}}|{_HEX}{{32}})"
_ID = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_DAY = (  # of no year 0, and no 29 February of a year that ends in 00
    "(?!0000)[0-9]{2}(?:[0-9]{2}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    "|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    "|(?:0[48]|[2468][048]|[13579][26])-02-29)"
)
_TIME = rf"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{{6}}Z"
_SHAPES: Mapping[Check, str] = {
    is_code: '"[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,95}+"',
    is_digest: f'"{_DIGEST}"',
    is_id: f'"{_ID}"',
    is_time: f'"{_TIME}"',
    is_count: "(?:0|[1-9][0-9]{0,14}+)",  # a digit less than may be: so each is small enough
    is_flag: "(?:true|false)",
    is_vkey: r'"[!#-*,-\[\]-~]{1,96}+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44,64}+"',  # nothing to escape
}
_NEXT = r'(?:,(?=")|(?=\}))'  # a comma and then a key, or the end
_NAMED = '"[a-z][a-z0-9_]{0,47}+"'
_PERSONAL = rf'(?:{_NAMED}:"{_DIGEST}"{_NEXT})*+'
_KIND = '"kind":"'
_SAID = ("attempt", "sample", "samples", "submission")
_UUID_5_HASH, _UUID_5 = ~(0xF << 76 | 0x3 << 62), 0x5 << 76 | 0x2 << 62


class Glance(NamedTuple):
    """What a walk over the log needs of a leaf to follow it. `sealed` is that of `Leaf`."""

    entry_id: bytes
    kind: Kind
    at: str
    sealed: bool
    submission: str | None
    sample: int
    samples: int


def glance(leaf: bytes) -> Glance | None:
    """Return what these bytes say if they are a leaf in canonical form; None is no answer."""
    if len(leaf) > MAX_LEAF_BYTES or not leaf.isascii():
        return None
    text = leaf.decode("ascii")
    start = text.find(_KIND) + len(_KIND)
    form = _form(text[start : text.find('"', start)])
    found = None if form is None else form.pattern.fullmatch(text)
    if form is None or found is None:
        return None
    at, detail, written, personal, attempt, sample, samples, submission = found.groups()
    if personal.count(":") > 1 and not _in_order(personal):
        return None
    entry_id = bytes.fromhex(written.replace("-", ""))
    if form.is_step:
        step = form.first if sample is attempt is None else _step(form.kind, sample, attempt)
        if submission is None or int.from_bytes(entry_id) != _step_id(submission, step):
            return None
    sealed = personal != "" or detail != "null"
    number = 0 if sample is None else int(sample)
    said = (entry_id, form.kind, at, sealed, submission, number, int(samples or 1))
    return tuple.__new__(Glance, said)  # half the time of Glance(*said)


@dataclass(frozen=True, slots=True)
class _Form:
    """How one kind is written; `first` stands for its first sample and attempt in a step's id."""

    kind: Kind
    pattern: re.Pattern[str]
    is_step: bool
    first: bytes


@cache
def _form(name: str) -> _Form | None:
    if name not in [*Kind]:
        return None
    kind = Kind(name)
    fields = {**dict.fromkeys(_SAID), **FIELDS[kind]}
    public = "".join(_field(key, check) for key, check in sorted(fields.items()))
    pattern = re.compile(
        rf'\{{"at":"({_TIME})","detail":(null|"{_DIGEST}"),"id":"({_ID})","kind":"{name}",'
        rf'"personal":\{{({_PERSONAL})\}},"public":\{{{public}\}},"v":1\}}'
    )
    return _Form(kind, pattern, kind in STEPS, _step(kind, None, None))


def _field(key: str, check: Check | None) -> str:
    """Write the pattern of a field, with a group where its value is read afterwards."""
    if check is None:
        return "((?!))?+"  # a group for what this kind never says
    if isinstance(check, ListOf):
        each = _SHAPES[check.each]
        value = rf"\[(?:{each}(?:,{each}){{0,{MAX_ITEMS - 1}}}+)?+\]"
    else:
        value = _SHAPES[check]
    if key in _SAID:
        bare = value.strip('"')
        value = value.replace(bare, f"({bare})")
    return f'(?:"{key}":{value}{_NEXT})?+'


def _in_order(personal: str) -> bool:
    """Whether the names ascend, as they do in canonical form, and so no name stands twice."""
    names = personal.split('"')[1::4]
    return all(map(lt, names, names[1:]))


@lru_cache(1024)  # nearly all are the same few
def _step(kind: Kind, sample: str | None, attempt: str | None) -> bytes:
    return f"{kind.value}/{sample or 0}/{attempt or 0}".encode()


def _step_id(submission: str, step: bytes) -> int:
    """Return the number of `audit.entry.entry_id` (RFC 9562, 5.5), with no UUIDs on the way."""
    said = bytes.fromhex(submission.replace("-", "")) + step
    return int.from_bytes(sha1(said).digest()[:16]) & _UUID_5_HASH | _UUID_5  # noqa: S324 - theirs
