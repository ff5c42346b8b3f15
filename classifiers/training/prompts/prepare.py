"""Makes the training data out of the sources.

    python -m classifiers.training.prompts.prepare DATA OUT

Reads, drops what both lexicons find, leaves out duplicates, splits by group, and writes the texts
as the model meets them. Only texts to train on are changed (`augment`). Then looks again: whatever
fires both lexicons after all of this is left out, in the text as written and as served.
`OUT/statistics.json` says what came of it. The same seed gives the same bytes.
"""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from classifiers.prompt_heads import Head
from classifiers.training.prompts import benign, sources, tag_prompts
from classifiers.training.prompts.augment import augmented
from classifiers.training.prompts.duplicates import without_duplicates
from classifiers.training.prompts.lexicons import is_doubtful, is_forbidden, is_minor, is_sexual
from classifiers.training.prompts.rows import Row, Split, as_served, write

SEED: Final = 20261122
_TAGGED: Final = 20_000
_WILDCARDS: Final = 2_500
_PEOPLE: Final = 3_000
_AGES: Final = 3_000
_LEAST_LETTERS: Final = 3

READERS: Final[tuple[Callable[[Path], Iterator[Row]], ...]] = (
    sources.nibbler,
    sources.ailuminate,
    sources.catqa,
    sources.coprov2,
    sources.hatemoji,
    sources.surge,
    sources.davidson,
    benign.benchmarks,
)
"""Of texts that were written by others, COCO's captions aside."""


def _caps() -> Mapping[tuple[str, str], int]:
    """Return how many groups of a source and class are taken: more would drown the others."""
    return {
        ("coprov2", "hate"): 2_000,
        ("davidson", "offensive"): 1_200,
        ("davidson", "neither"): 1_500,
    }


def gather(folder: Path) -> Iterator[Row]:
    """Read and compose all rows, the labelled sources first."""
    random = Random(SEED)  # noqa: S311  # to be repeated, not to be secret
    for reader in READERS:
        yield from capped(reader(folder), random)
    captions = list(benign.coco(folder))
    yield from captions
    yield from benign.ages(captions, random, _AGES)
    yield from benign.wildcards(folder, random, _WILDCARDS)
    yield from benign.people(folder, random, _PEOPLE)
    yield from tag_prompts.prompts(tag_prompts.load(folder), random, _TAGGED)


def capped(rows: Iterable[Row], random: Random) -> Iterator[Row]:
    """Yield rows of as many groups of each capped class as are taken."""
    found = list(rows)
    for (source, kind), most in _caps().items():
        groups = sorted({row.group for row in found if _is_of(row, source, kind)})
        taken = set(random.sample(groups, min(most, len(groups))))
        found = [row for row in found if not _is_of(row, source, kind) or row.group in taken]
    yield from found


def _is_of(row: Row, source: str, kind: str) -> bool:
    match source, kind:
        case "coprov2", _:
            return row.group.startswith(f"coprov2/{kind}/")
        case _, "neither":
            return row.source == source and Head.HARASSMENT in row.labels
        case _:
            return row.source == source and row.labels.get(Head.HATE) == 0 and len(row.labels) <= 4  # noqa: PLR2004


def forbids(row: Row, text: str) -> bool:
    """Whether the row must not be learned from, with `text` as it came to be."""
    sexual = any(row.labels.get(head) for head in (Head.SEXUAL, Head.NONCONSENT, Head.ANIMAL))
    minor = bool(row.labels.get(Head.MINOR_PRESENT))
    return is_forbidden(text, labelled_sexual=sexual, labelled_minor=minor)


def split_of(group: str) -> Split:
    """Return the split of a group: 80 % train, 8 % dev, 12 % test; a caption keeps its own."""
    name = "coco/" + group.split("/")[1] if group.startswith("coco/") else group
    share = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / (1 << 32)
    if share < 0.80:  # noqa: PLR2004
        return Split.TRAIN
    return Split.DEV if share < 0.88 else Split.TEST  # noqa: PLR2004


def prepared(folder: Path) -> Iterator[Row]:
    """Yield all rows as they are learned from or measured on."""
    random = Random(SEED + 1)  # noqa: S311
    wanted = (row for row in gather(folder) if not forbids(row, row.text))
    for row in without_duplicates(wanted):
        kept = finished(row, random)
        if kept is not None:
            yield kept


def finished(row: Row, random: Random) -> Row | None:
    """Return a row as it is learned from, or None if what it has become must not be."""
    split = split_of(row.group)
    text = augmented(row.text, row.tags, random) if split is Split.TRAIN else row.text
    served = as_served(text)
    if len(served) < _LEAST_LETTERS:
        return None
    if any(forbids(row, one) or is_doubtful(one) for one in (text, served)):
        return None
    return replace(row, text=served, split=split, tags=())


def statistics(rows: Iterable[Row]) -> dict[str, object]:
    """Return counts by source, head and split, of both lexicons, and the digest of all texts."""
    counts: Counter[str] = Counter()
    lexicons: Counter[str] = Counter()
    digest = hashlib.sha256()
    for row in rows:
        digest.update(row.to_json().encode())
        counts[f"{row.split}/{row.source}"] += 1
        counts[f"{row.split}/kind/{row.kind}/{'benign' if row.is_benign else 'harm'}"] += 1
        for head, value in row.labels.items():
            counts[f"{row.split}/{head}/{value}"] += 1
        sexual, minor = is_sexual(row.text), is_minor(row.text)
        lexicons[f"sexual={int(sexual)} minor={int(minor)}"] += 1
    return {
        "sha256": digest.hexdigest(),
        "lexicons": dict(lexicons),
        "rows": dict(sorted(counts.items())),
    }


def main(folder: Path, out: Path) -> None:
    """Write the rows of `folder` and what they amount to."""
    out.mkdir(parents=True, exist_ok=True)
    rows = list(prepared(folder))
    for split in Split:
        write(out / f"{split}.jsonl", (row for row in rows if row.split is split))
    known = statistics(rows)
    (out / "statistics.json").write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    print(json.dumps(known, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
