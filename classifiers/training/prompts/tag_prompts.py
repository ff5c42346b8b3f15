# ruff: noqa: E501  # lists of words are easier to review as tables than as single lines
"""Composes prompts of tags by category and use, as NovelAI's users write them.

A prompt has one theme. Sexual themes take no tag that hints at youth, and no character or series,
because some are minors; who is counted (`1girl`) comes with a word that says adult, and harmless
prompts have such words as often. Young themes take no tag that might be sexual in other company.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Final

from classifiers.prompt_heads import Head
from classifiers.training.prompts.lexicons import (
    is_minor,
    is_sexual,
    is_suggestive,
    is_youthful,
)
from classifiers.training.prompts.rows import Kind, Row, safe

_USED: Final = {"0": 1000, "1": 200, "3": 500, "4": 500, "5": 5000}
"""Uses from which a tag of a category counts: rarer ones are too obscure to be labelled by a list."""


class Theme(StrEnum):
    """What a prompt is about."""

    HARMLESS = "harmless"
    SUGGESTIVE = "suggestive"
    YOUNG = "young"
    SEXUAL = "sexual"
    FORCED = "forced"
    ANIMAL = "animal"
    GORE = "gore"
    SELF_HARM = "self_harm"
    HATE = "hate"


_SHARES: Final = {
    Theme.HARMLESS: 0.40,
    Theme.SUGGESTIVE: 0.06,
    Theme.YOUNG: 0.13,
    Theme.SEXUAL: 0.24,
    Theme.FORCED: 0.04,
    Theme.ANIMAL: 0.02,
    Theme.GORE: 0.05,
    Theme.SELF_HARM: 0.03,
    Theme.HATE: 0.03,
}
_FORCED: Final = re.compile(
    r"\b(?:rape|gang rape|molest\w*|imminent rape|after rape|chikan|forced|mind control|hypnosis|"
    r"sleep molestation|defeat|drugged|blackmail|sex slave|slave|public indecency.*)\b"
)
_BEAST: Final = re.compile(
    r"\b(?:bestiality|animal penis|horse penis|dog penis|canine penis|zoophilia)\b"
)
_GORE: Final = re.compile(
    r"\b(?:guro|gore|decapitation|severed .*|dismemberment|intestines|corpse|(?<!of )death|murder|"
    r"beheaded|blood splatter|pool of blood|disembowel\w*|impaled|torture|execution|stab\w*|strangling|"
    r"ryona|gunshot wound|deep wound|exposed (?:bone|muscle|brain)|organs|headless|crucifixion|"
    r"zombie|asphyxiation|flesh|bleeding|blood on (?:face|clothes|hands|weapon|knife|floor|wall))\b"
)
_SELF_HARM: Final = re.compile(
    r"\b(?:suicide\w*|self.?harm|noose|hanged|hanging$|wrist cutting|cutting oneself)\b"
)
_HATE: Final = re.compile(
    r"\b(?:nazi\w*|swastika|hitler|ku klux klan|kkk|racism|blackface|third reich|ss insignia)\b"
)
_DARK: Final = re.compile(
    r"\b(?:blood\w*|injury|knife|skull|weapon|gun|dead|bruise|scar|wound\w*|dark|evil|corruption|cigarette|smoking|alcohol|drugs?|syringe|war|fight\w*)\b"
)
_LEFT_OUT: Final = re.compile(
    r"\b(?:translat\w*|request|commission\w*|username|id|artist name|text|watermark|signature)\b"
)
_ADULT: Final = (
    "mature female",
    "mature male",
    "adult",
    "adult woman",
    "old man",
    "mature",
    "1woman",
    "middle-aged",
)
_SUBJECTS: Final = ("1girl", "2girls", "1boy", "2boys", "1boy, 1girl", "multiple girls", "solo")
_NOBODY: Final = ("solo", "no humans", "couple", "group", "1other", "man", "woman")
_SEASONING: Final = 0.5
_THEMED_USES: Final = 50
"""Uses from which a tag of a theme counts; those are told by name."""
_MILD: Final = frozenset(
    [
        "thighhighs",
        "black thighhighs",
        "white thighhighs",
        "swimsuit",
        "bikini",
        "one-piece swimsuit",
        "midriff",
        "navel",
        "sweat",
        "bare shoulders",
        "bare arms",
        "bare legs",
        "barefoot",
        "high heels",
        "open jacket",
        "tongue out",
        "collar",
        "strapless",
        "bed",
        "on bed",
        "zettai ryouiki",
        "leotard",
        "white collar",
        "high collar",
        "bodysuit",
        "rope",
        "kiss",
        "yuri",
        "rabbit girl",
        "playboy bunny",
        "medium breasts",
        "bedroom",
        "thigh strap",
        "thigh boots",
        "detached collar",
        "armpits",
    ]
)
"""What is sexual in other company only, and too common to be left out of harmless prompts."""


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags by what they are about; each comes with how often it is used, to the power of a half."""

    harmless: tuple[tuple[str, ...], tuple[float, ...]]
    childhood: tuple[tuple[str, ...], tuple[float, ...]]
    """Harmless, and not sexual in any company."""
    suggestive: tuple[tuple[str, ...], tuple[float, ...]]
    sexual: tuple[tuple[str, ...], tuple[float, ...]]
    young: tuple[tuple[str, ...], tuple[float, ...]]
    neutral: tuple[tuple[str, ...], tuple[float, ...]]
    """Harmless, and without any hint of youth: what a sexual prompt may hold as well."""
    names: tuple[str, ...]
    """Characters and series, for harmless prompts only."""
    artists: tuple[str, ...]
    themed: dict[Theme, tuple[str, ...]]


def load(folder: Path) -> Tags:
    """Sort the tags that are used enough."""
    general: list[tuple[str, float]] = []
    names: list[str] = []
    artists: list[str] = []
    themed: list[str] = []
    with (folder / "danbooru_tags.csv").open(encoding="utf-8", newline="") as lines:
        for tag, category, count, _ in csv.reader(lines):
            text = tag.replace("_", " ")
            uses = int(count)
            if category == "0" and uses >= _THEMED_USES:
                themed.append(text)
            if uses < _USED[category] or _LEFT_OUT.search(text) or len(text) < 3:  # noqa: PLR2004  # ":d" and the like
                continue
            match category:
                case "0":
                    general.append((text, float(uses) ** _SEASONING))
                case "1":
                    artists.append(text)
                case "3" | "4" if not is_suggestive(text) and not is_minor(text):
                    names.append(text)
                case _:
                    pass
    plain = [one for one in general if not is_suggestive(one[0]) and not _is_themed(one[0])]
    clean = [one for one in plain if not is_minor(one[0])]
    return Tags(
        harmless=_weighed(clean + [one for one in general if one[0] in _MILD]),
        suggestive=_weighed([one for one in general if _is_only_suggestive(one[0])]),
        sexual=_weighed([one for one in general if _is_only_sexual(one[0])]),
        childhood=_weighed(clean),
        young=_weighed([one for one in plain if is_minor(one[0]) and "uniform" not in one[0]]),
        neutral=_weighed([one for one in clean if not is_youthful(one[0])]),
        names=tuple(names),
        artists=tuple(
            name for name in artists if not is_youthful(name) and not is_suggestive(name)
        ),
        themed={
            theme: tuple(text for text in themed if found(text) and not is_youthful(text))
            for theme, found in _THEMES.items()
        },
    )


_THEMES: Final[Mapping[Theme, Callable[[str], bool]]] = {
    Theme.FORCED: lambda text: _FORCED.search(text) is not None,
    Theme.ANIMAL: lambda text: _BEAST.search(text) is not None,
    Theme.GORE: lambda text: _GORE.search(text) is not None and not is_suggestive(text),
    Theme.SELF_HARM: lambda text: _SELF_HARM.search(text) is not None and not is_suggestive(text),
    Theme.HATE: lambda text: _HATE.search(text) is not None and not is_suggestive(text),
}


def _is_themed(text: str) -> bool:
    return any(found(text) for found in _THEMES.values()) or _DARK.search(text) is not None


def _is_only_sexual(text: str) -> bool:
    odd = _FORCED.search(text) or _BEAST.search(text) or _GORE.search(text)
    return is_sexual(text) and not is_youthful(text) and not odd


def _is_only_suggestive(text: str) -> bool:
    return (
        is_suggestive(text)
        and text not in _MILD
        and not is_sexual(text)
        and not is_youthful(text)
        and not _is_themed(text)
    )


def _weighed(found: list[tuple[str, float]]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    return tuple(text for text, _ in found), tuple(weight for _, weight in found)


def prompts(tags: Tags, random: Random, count: int) -> Iterator[Row]:
    """Compose `count` prompts of all themes."""
    themes = random.choices(tuple(_SHARES), tuple(_SHARES.values()), k=count)
    for number, theme in enumerate(themes):
        chosen = _compose(tags, theme, random)
        text = ", ".join(chosen)
        source = f"tags_{theme}"
        labels = _labels(theme, text)
        yield Row(source, f"{source}/{number}", text, labels, Kind.COMPOSED, tags=tuple(chosen))


def _compose(tags: Tags, theme: Theme, random: Random) -> list[str]:
    some = random.randint(3, 22)
    match theme:
        case Theme.HARMLESS | Theme.SUGGESTIVE:
            chosen = [random.choice(_SUBJECTS), *_pick(tags.harmless, random, some)]
            chosen += random.choices(tags.names, k=random.choice((0, 0, 0, 1, 2)))
            chosen += _adult(random)
            if theme is Theme.SUGGESTIVE:
                chosen += _pick(tags.suggestive, random, random.randint(1, 5))
        case Theme.YOUNG:
            chosen = [random.choice(_SUBJECTS), *_pick(tags.childhood, random, some)]
            chosen += _pick(tags.young, random, random.randint(1, 2)) + _childlike(random)
        case Theme.GORE | Theme.SELF_HARM | Theme.HATE:
            chosen = [random.choice(_SUBJECTS), *_pick(tags.neutral, random, some)]
            chosen += random.choices(tags.themed[theme], k=random.randint(1, 3))
            chosen += _adult(random)
        case _:
            chosen = [*_counted(random), *_pick(tags.neutral, random, some // 2)]
            chosen += _pick(tags.sexual, random, random.randint(1, 7))
            chosen += _pick(tags.suggestive, random, random.randint(0, 5))
            if theme is not Theme.SEXUAL:
                chosen += random.choices(tags.themed[theme], k=random.randint(1, 2))
    if random.random() < 0.3:  # noqa: PLR2004  # artists are in all themes, so that they tell nothing
        chosen.append(
            random.choice(("artist:{}", "by {}", "{}")).format(random.choice(tags.artists))
        )
    return list(dict.fromkeys(chosen))


def _counted(random: Random) -> list[str]:
    """Return who is in a sexual prompt: adults that say so, or people without a count."""
    if random.random() < 0.6:  # noqa: PLR2004
        return [random.choice(_SUBJECTS[:-1]), random.choice(_ADULT)]
    return [random.choice(_NOBODY)]


def _adult(random: Random) -> list[str]:
    return [random.choice(_ADULT)] if random.random() < 0.45 else []  # noqa: PLR2004  # as often as above


_CHILDLIKE: Final = (
    "child",
    "children",
    "toddler",
    "little boy",
    "little girl",
    "kid",
    "young girl",
    "young boy",
    "female child",
    "male child",
)


def _childlike(random: Random) -> list[str]:
    return [random.choice(_CHILDLIKE)] if random.random() < 0.5 else []  # noqa: PLR2004


def _pick(among: tuple[Sequence[str], Sequence[float]], random: Random, count: int) -> list[str]:
    return random.choices(among[0], among[1], k=count) if count else []


def _labels(theme: Theme, text: str) -> dict[Head, int]:
    labels = safe(real_person=0)
    labels.pop(Head.ILLEGAL)
    match theme:
        case Theme.HARMLESS:
            return (
                labels | {Head.ILLEGAL: 0, Head.MINOR_PRESENT: 0}
                if not is_youthful(text)
                else labels
            )
        case Theme.SUGGESTIVE:
            labels.pop(Head.SEXUAL)
        case Theme.YOUNG:
            labels.pop(Head.SEXUAL)
            labels.pop(Head.NONCONSENT)
            labels[Head.MINOR_PRESENT] = 1
        case Theme.SEXUAL:
            labels[Head.SEXUAL] = 1
        case Theme.FORCED:
            labels |= {Head.SEXUAL: 1, Head.NONCONSENT: 1}
        case Theme.ANIMAL:
            labels |= {Head.SEXUAL: 1, Head.ANIMAL: 1}
            labels.pop(Head.NONCONSENT)
        case Theme.GORE:
            labels[Head.GORE_VIOLENCE] = 1
            labels.pop(Head.SELF_HARM)
        case Theme.SELF_HARM:
            labels[Head.SELF_HARM] = 1
            labels.pop(Head.GORE_VIOLENCE)
        case Theme.HATE:
            labels[Head.HATE] = 1
            labels.pop(Head.GORE_VIOLENCE)
    return labels
