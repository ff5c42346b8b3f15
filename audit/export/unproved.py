"""What a verification of an export cannot prove, and how somebody could."""

from collections.abc import Iterator, Sequence

from audit.export.heads import Heads
from audit.export.manifest import Manifest
from audit.export.names import PARQUET
from audit.export.profile import WITH_TILES, Profile
from audit.outsiders import Vouched, newest_of_each, utc
from audit.report import Vouching


def vouching(found: Sequence[Vouched]) -> tuple[Vouching, ...]:
    """Return for each outsider what they said of the largest checkpoint."""
    return tuple(
        Vouching(each.kind, each.who, each.checkpoint.size, utc(each.at))
        for each in newest_of_each(found)
    )


def not_proved(manifest: Manifest, heads: Heads) -> Iterator[str]:
    """Say it, a sentence each."""
    tiled, size = manifest.scope.profile in WITH_TILES, manifest.size
    stamped = [each.checkpoint.size for each in heads.vouched]
    outside = [*(each.size for each in heads.outside), *stamped]
    compared = [each for each in outside if each == size or (tiled and each < size)]
    if max([0, *compared]) < size:
        after = f"after size {max(compared)}" if compared else "at all: no checkpoint from outside"
        yield f"that nothing was cut off or rewritten by the key's holder {after}"
    if len(compared) < len(outside):
        yield "that the other checkpoints from outside are of this history: they cannot be compared"
    yield "that everybody is shown this same log: compare checkpoints with others, or ask a witness"
    yield "that what happened was written: compare with the upstream bill and the pictures' marks"
    if stamped:
        yield f"that the times after size {max(stamped)} are true"
        yield "that no entry is older than it says: outsiders tell only what was there by when"
    else:
        yield "that the times are true: the log states them, nobody outside has stamped them"
    if manifest.withheld:
        yield "that what is left out is left out rightly: ask for entries of your choice, by index"
        yield "that whatever was released was admitted: some of the entries are left out"
    if not tiled:
        yield "that these are all the entries there are for you: the others' hashes are not given"
    if manifest.scope.profile is Profile.TRANSPARENCY:
        yield "the figures: they count entries that are not here"
    if manifest.policies_missing:
        count = len(manifest.policies_missing)
        yield f"what {count} of the policies said that entries name: they are not here"
    if PARQUET in manifest.files:
        yield f"that {PARQUET} says what the entries say: its last column is the entry, compare it"
    yield "what the operator says beside the log: controls, lists, subprocessors"
