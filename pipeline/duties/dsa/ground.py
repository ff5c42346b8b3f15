"""For what something ended: read from the entries of one submission."""

from collections.abc import Sequence

from audit.entry import Json, Kind
from audit.leaf import Leaf
from pipeline.items import NEVER_RELEASED, Cause, Stage
from policies.decision import Action
from policies.labels import HarmCode

_CODES = {code.value: code for code in HarmCode}
_CUSTODY = frozenset({"media.quarantined", "media.lost"})


def code_of(end: Leaf, leaves: Sequence[Leaf]) -> HarmCode:
    """Return for what something ended: as the entry says, or as it was ruled or held."""
    own = _CODES.get(str(end.public.get("code", "")))
    if own is not None:
        return own
    for leaf in reversed(leaves):
        if leaf.kind in {Kind.RULING, Kind.HELD} and is_about(leaf, end):
            found = _CODES.get(str(leaf.public.get("code", "")))
            if found is not None and leaf.public.get("cause") != Cause.INCAPACITY:
                return found
    return HarmCode.UNKNOWN


def is_about(leaf: Leaf, end: Leaf) -> bool:
    """Whether a hold, or a ruling on one, is of what ended."""
    if end.kind is Kind.HALTED:
        return leaf.public.get("stage") == Stage.SCREEN
    same: Json = end.public.get("sample", 0)
    return leaf.public.get("stage") == Stage.EXAMINE and leaf.public.get("sample", 0) == same


def is_of_the_worst(leaf: Leaf) -> bool:
    """Whether an entry says that something is for the child-safety team alone."""
    public = leaf.public
    return (
        str(public.get("code", "")).partition(".")[0] == NEVER_RELEASED
        or public.get("action") == Action.BLOCK_AND_ESCALATE
        or public.get("event") in _CUSTODY
    )
