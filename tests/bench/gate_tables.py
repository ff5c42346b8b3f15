"""The tables of `docs/prompt-gate.md`, out of what became of every text."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

from classifiers.prompt_heads import Head
from classifiers.signals import SignalName
from pipeline.cli.measuring.measures import Rate
from pipeline.cli.measuring.page import percent
from policies.levels import Minor, Sexual
from tests.bench.gate_outcomes import MODEL, Outcome, policy

CAPTIONS = ("coco", "geneval", "T2I-CompBench", "wildcards", "ages")
TAGS = ("tags_harmless", "tags_young", "prompts of common tags")
_NAMED = (
    "matrix",
    "sexual.nonconsent.model",
    "sexual.animal.model",
    "ncii.named",
    "self_harm.model",
)


def tables(seen: Sequence[Outcome]) -> Iterator[str]:
    """Give every section, a heading and its table."""
    held_out = [one for one in seen if one.case.resembles is None]
    yield _section("False blocks", _false_blocks(held_out))
    yield _section("Evidence of a minor", _minor(held_out))
    yield _section("Sexual levels", _sexual(held_out))
    yield _section("Cells of the matrix", _cells(held_out, seen))
    yield _section("Where harmless texts land", _landings(held_out))
    yield _section("Sexual texts about adults, for adults", _adults(held_out))
    yield _section("Disguised harmless words", _disguised(held_out))


def _false_blocks(seen: Sequence[Outcome]) -> Iterator[Sequence[str]]:
    yield (
        "source",
        "texts",
        "stopped for anybody",
        "budget",
        "by words alone",
        "stopped for adults",
        "most often by",
    )
    benign = [one for one in seen if one.case.is_benign and not _is_disguised(one)]
    for source in dict.fromkeys(one.case.source for one in benign):
        its = [one for one in benign if one.case.source == source]
        rules = Counter(rule for one in its for rule in one.for_anybody)
        budget = its[0].case.budget
        yield (
            source,
            f"{len(its):,}",
            _share(its, lambda one: bool(one.for_anybody)),
            "" if budget is None else f"{budget:.1%}",
            _percent(its, lambda one: bool(one.without_model)),
            _percent(its, lambda one: bool(one.for_adults)),
            ", ".join(f"`{rule}` {count}" for rule, count in rules.most_common(2)),
        )


def _minor(seen: Sequence[Outcome]) -> Iterator[Sequence[str]]:
    yield "texts", "number", "weak or more", "two weak or more", "strong", "by words alone"
    for name, its in _groups_of_age(seen):
        yield (
            name,
            f"{len(its):,}",
            *(_share(its, _at_least_minor(level)) for level in list(Minor)[1:]),
            _percent(its, lambda one: any(name in _WORDS_OF_AGE for name in one.reached)),
        )


_WORDS_OF_AGE = frozenset(
    {
        SignalName.TEXT_MINOR_TERM,
        SignalName.TEXT_MINOR_AGE,
        SignalName.TEXT_MINOR_CONTEXT,
        SignalName.TEXT_MINOR_CHARACTER,
        SignalName.TEXT_MINOR_FICTION,
    }
)


def _groups_of_age(seen: Sequence[Outcome]) -> Iterator[tuple[str, Sequence[Outcome]]]:
    captions = [one for one in seen if one.case.source in {"coco", "T2I-CompBench"}]
    yield "captions with children", [one for one in captions if one.case.minor]
    yield "captions without", [one for one in captions if one.case.minor is False]
    ages = [one for one in seen if one.case.source == "ages"]
    yield "captions with an age under 18 or a word for it", [one for one in ages if one.case.minor]
    yield "captions with a grown age", [one for one in ages if one.case.minor is False]
    yield "tags with a child", [one for one in seen if one.case.source == "tags_young"]
    tags = [one for one in seen if one.case.source == "tags_harmless"]
    plain = [one for one in tags if one.case.minor is False]
    yield "tags without any hint", plain
    yield (
        "the same, but those that name a character",
        [one for one in plain if not one.by_character],
    )
    yield "sexual texts about adults", [one for one in seen if Head.SEXUAL in one.case.heads]


def _sexual(seen: Sequence[Outcome]) -> Iterator[Sequence[str]]:
    yield "texts", "number", "suggestive or more", "nudity or more", "act", "by words alone"
    for name, its in _groups_of_sex(seen):
        yield (
            name,
            f"{len(its):,}",
            *(_share(its, _at_least_sexual(level)) for level in list(Sexual)[1:]),
            _percent(its, lambda one: any(name.startswith("text.sexual.") for name in one.reached)),
        )


def _groups_of_sex(seen: Sequence[Outcome]) -> Iterator[tuple[str, Sequence[Outcome]]]:
    for level in list(Sexual)[1:]:
        yield f"tags of level {level}", [one for one in seen if one.case.sexual is level]
    for source in ("coprov2", "nibbler"):
        its = [one for one in seen if one.case.source == source and Head.SEXUAL in one.case.heads]
        yield f"prose, {source}", its
    for name, sources in (("captions", CAPTIONS), ("tags", TAGS)):
        yield f"harmless {name}", _harmless(seen, sources)


def _cells(seen: Sequence[Outcome], everything: Sequence[Outcome]) -> Iterator[Sequence[str]]:
    captions, tags = _harmless(seen, CAPTIONS), _harmless(seen, TAGS)
    lists = [one for one in everything if one.case.resembles is not None]
    children = [one for one in seen if one.case.minor and one.case.source in (*CAPTIONS, *TAGS)]
    yield (
        "minor",
        "sexual",
        "action",
        "captions there falsely",
        "tag prompts there falsely",
        "look-alikes there or beyond",
        "look-alikes stopped by the matrix",
        "caught of what belongs there",
    )
    for minor, sexual in product(Minor, Sexual):
        wrong = _falsely(minor, sexual)
        alike = [one for one in lists if one.case.resembles == (minor, sexual)]
        worse = Rate(sum(_reaches(one, minor, sexual) for one in alike), len(alike))
        stopped = Rate(sum("matrix" in one.for_adults for one in alike), len(alike))
        yield (
            f"`{minor}`",
            f"`{sexual}`",
            f"`{policy().floor.matrix.cells[minor, sexual].action}`",
            _percent(captions, wrong),
            _percent(tags, wrong),
            f"{worse.hits} of {worse.total}" if alike else "",
            f"{stopped.hits} of {stopped.total}" if alike else "",
            _caught(children, seen, minor, sexual),
        )


def _caught(
    children: Sequence[Outcome], seen: Sequence[Outcome], minor: Minor, sexual: Sexual
) -> str:
    """Say what follows from the two axes, as if they were independent: no text holds both.

    Of the strong row, what any cell stops. Of the others, what lands in the cell or beyond: no
    source labels evidence as weak, so those are the texts with a child that show so much of it.
    """
    texts = [one for one in seen if one.case.sexual is sexual]
    if sexual is Sexual.NONE:
        return "" if minor is Minor.NONE else _percent(children, _at_least_minor(minor))
    if minor is not Minor.STRONG:
        return percent(
            _rate(children, _at_least_minor(minor)) * _rate(texts, _at_least_sexual(sexual))
        )
    caught = 0.0
    for level, depth in product(Minor, Sexual):
        stops = policy().floor.matrix.cells[level, depth].action not in {"allow", "label"}
        caught += stops * _part(children, level) * _depth(texts, depth)
    return percent(caught)


def _rate(seen: Sequence[Outcome], counts: Callable[[Outcome], bool]) -> float:
    return sum(map(counts, seen)) / len(seen)


def _part(seen: Sequence[Outcome], level: Minor) -> float:
    return sum(one.minor is level for one in seen) / len(seen)


def _depth(seen: Sequence[Outcome], level: Sexual) -> float:
    return sum(one.sexual is level for one in seen) / len(seen)


def _reaches(one: Outcome, minor: Minor, sexual: Sexual) -> bool:
    """Whether it lands in the cell it resembles, or one with as much or more of both."""
    return one.minor.height >= minor.height and one.sexual.height >= sexual.height


def _falsely(minor: Minor, sexual: Sexual) -> Callable[[Outcome], bool]:
    """Whether a harmless text lands there, and its source says that it does not belong there.

    Where the source is silent on age, only the sexual level can be false. Names of characters are
    in tag prompts by chance, and are what the list of characters says.
    """

    def lands(one: Outcome) -> bool:
        there = one.minor is minor and one.sexual is sexual
        is_adult = one.case.minor is False and not one.by_character
        is_false = sexual is not Sexual.NONE or (minor is not Minor.NONE and is_adult)
        return there and is_false

    return lands


def _landings(seen: Sequence[Outcome]) -> Iterator[Sequence[str]]:
    cells = [cell for cell in product(Minor, Sexual) if cell != (Minor.NONE, Sexual.NONE)]
    used = [
        cell
        for cell in cells
        if any((one.minor, one.sexual) == cell for one in seen if one.case.is_benign)
    ]
    yield ("source", "texts", *(f"{minor}, {sexual}" for minor, sexual in used))
    benign = [one for one in seen if one.case.is_benign and not _is_disguised(one)]
    for source in dict.fromkeys(one.case.source for one in benign):
        for has_child in (False, True):
            its = [
                one
                for one in benign
                if one.case.source == source and (one.case.minor is True) is has_child
            ]
            if its:
                counts = Counter((one.minor, one.sexual) for one in its)
                name = f"{source}, with children" if has_child else source
                yield (name, f"{len(its):,}", *(str(counts[cell] or "") for cell in used))


def _adults(seen: Sequence[Outcome]) -> Iterator[Sequence[str]]:
    yield (
        "texts",
        "number",
        "stopped",
        *(f"`{rule}`" for rule in _NAMED),
        "other",
    )
    for name, its in _groups_of_adults(seen):
        yield (
            name,
            f"{len(its):,}",
            _share(its, lambda one: bool(one.for_adults)),
            *(_percent(its, _by(rule)) for rule in _NAMED),
            _percent(its, lambda one: bool(set(one.for_adults) - set(_NAMED))),
        )


def _groups_of_adults(seen: Sequence[Outcome]) -> Iterator[tuple[str, Sequence[Outcome]]]:
    for source in ("tags_suggestive", "tags_sexual"):
        yield source, [one for one in seen if one.case.source == source]
    for source in ("coprov2", "nibbler"):
        its = [one for one in seen if one.case.source == source and Head.SEXUAL in one.case.heads]
        yield f"{source}, sexual", its
    for source in ("tags_forced", "tags_animal", "tags_gore"):
        yield f"{source}, for comparison", [one for one in seen if one.case.source == source]


def _disguised(seen: Sequence[Outcome]) -> Iterator[Sequence[str]]:
    yield "texts", "number", "a head reached its threshold", "stopped", "by words alone", "by which"
    for source in dict.fromkeys(one.case.source for one in seen if _is_disguised(one)):
        its = [one for one in seen if one.case.source == source]
        heads = Counter(
            name.removeprefix(MODEL)
            for one in its
            for name in one.reached
            if name.startswith(MODEL)
        )
        yield (
            source,
            f"{len(its):,}",
            _share(its, lambda one: any(name.startswith(MODEL) for name in one.reached)),
            _percent(its, lambda one: bool(one.for_anybody)),
            _percent(its, lambda one: bool(one.without_model)),
            ", ".join(f"`{head}` {count}" for head, count in heads.most_common(3)),
        )


def _is_disguised(one: Outcome) -> bool:
    return one.case.source.startswith("disguised")


def _harmless(seen: Sequence[Outcome], sources: Sequence[str]) -> list[Outcome]:
    return [one for one in seen if one.case.is_benign and one.case.source in sources]


def _at_least_minor(level: Minor) -> Callable[[Outcome], bool]:
    return lambda one: one.minor.height >= level.height


def _at_least_sexual(level: Sexual) -> Callable[[Outcome], bool]:
    return lambda one: one.sexual.height >= level.height


def _by(rule: str) -> Callable[[Outcome], bool]:
    return lambda one: rule in one.for_adults


def _percent(seen: Sequence[Outcome], holds: Callable[[Outcome], bool]) -> str:
    share = Rate(sum(map(holds, seen)), len(seen)).share
    return "-" if share is None else percent(share)


def _share(seen: Sequence[Outcome], holds: Callable[[Outcome], bool]) -> str:
    rate = Rate(sum(map(holds, seen)), len(seen))
    share, interval = rate.share, rate.interval
    if share is None or interval is None:
        return "-"
    return f"{percent(share)} ({percent(interval.low)} to {percent(interval.high)})"


def _section(title: str, rows: Iterable[Sequence[str]]) -> str:
    head, *rest = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([f"### {title}", "", head, "|---" * head.count(" | ") + "|---|", *rest, ""])
