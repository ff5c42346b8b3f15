"""What outsiders' words are worth to a verifier: only those that it trusts by name count."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from audit.anchors import Anchor, AnchorKind
from audit.checkpoint import Checkpoint
from audit.cosignature import WitnessKey, cosigned
from audit.errors import MalformedError, UntrustedError
from audit.fields import write_time
from audit.note import Note
from audit.rotation import KeyChain


@dataclass(frozen=True, slots=True)
class Outsiders:
    """Whom a verifier trusts besides the log itself; `certificates` are a stamp authority's."""

    witnesses: tuple[WitnessKey, ...] = ()
    certificates: bytes | None = None


NOBODY = Outsiders()
CLOCK_SECONDS = 300
"""By how much the log's clock and an outsider's may differ."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """A checkpoint that somebody trusted spoke of, at this second of their clock."""

    kind: AnchorKind
    who: str
    at: int
    checkpoint: Checkpoint


def vouched(anchor: Anchor, chain: KeyChain, trusted: Outsiders) -> Vouched | None:
    """Hold one anchor to its maker's key; None where the verifier does not know the maker.

    Raises:
        MalformedError, UntrustedError: it does not hold, or it is of another log.
        UnusableError: there is no way to look here.
    """
    if anchor.kind is AnchorKind.COSIGNATURE:
        keys = [each for each in trusted.witnesses if each.name == anchor.who]
        if not keys:
            return None
        note = Note.parse(cosigned(anchor.checkpoint, [anchor.body]))
        signed = [key for key in keys if any(map(key.signed, note.signatures))]
        at = (signed or keys)[0].seen_at(note)
    elif trusted.certificates is None:
        return None
    else:
        from audit.stamps import stamped_at  # noqa: PLC0415 - it loads a second OpenSSL

        at = stamped_at(anchor.body, anchor.checkpoint.encode(), trusted.certificates)
    return Vouched(anchor.kind, anchor.who, at, chain.open(anchor.checkpoint))


def utc(seconds: int) -> str:
    """Write a second since 1970 as leaves have their times."""
    return write_time(datetime.fromtimestamp(seconds, UTC))


def newest_of_each(found: Iterable[Vouched]) -> list[Vouched]:
    """Return for each outsider what they said of the largest checkpoint."""
    newest: dict[tuple[AnchorKind, str], Vouched] = {}
    for each in sorted(found, key=lambda vouched: vouched.checkpoint.size):
        newest[each.kind, each.who] = each
    return list(newest.values())


def held(
    anchors: Iterable[Anchor], chain: KeyChain, trusted: Outsiders
) -> tuple[list[Vouched], list[str], int]:
    """Hold every anchor; return what holds, what does not, and how many are by strangers.

    Raises:
        UnusableError: a time stamp was to be looked at, and there is no way to.
    """
    good, problems, strangers = list[Vouched](), list[str](), 0
    for anchor in anchors:
        try:
            found = vouched(anchor, chain, trusted)
        except (MalformedError, UntrustedError, UnicodeDecodeError) as fault:
            kind = anchor.kind.value.replace("_", " ")
            problems.append(f"the {kind} by {anchor.who} at size {anchor.size}: {fault}")
            continue
        if found is None:
            strangers += 1
        else:
            good.append(found)
    return good, problems, strangers
