"""What outsiders said of the log's checkpoints, as lines of an export: each speaks for itself."""

from audit.anchors import Anchor, AnchorKind
from audit.canonical_json import canonical
from audit.errors import MalformedError
from audit.leaf import read_object
from audit.note import decode_base64, encode_base64

_KEYS = {"at", "body", "checkpoint", "kind", "size", "who"}


def anchor_line(anchor: Anchor) -> bytes:
    """Write an anchor as a line, without its end."""
    return canonical(
        {
            "size": anchor.size,
            "kind": anchor.kind.value,
            "who": anchor.who,
            "at": anchor.at,
            "checkpoint": anchor.checkpoint,
            "body": encode_base64(anchor.body),
        }
    )


def read_anchor(line: bytes) -> Anchor:
    """Read such a line; nothing of it is believed yet.

    Raises:
        MalformedError: it is not what `anchor_line` would write.
    """
    said = read_object(line, "anchor")
    size, at, kind = said.get("size"), said.get("at"), said.get("kind")
    if said.keys() != _KEYS or kind not in [*AnchorKind] or canonical(said) != line:
        raise MalformedError("anchor", "its keys, in canonical form", sorted(said))
    if not isinstance(size, int) or not isinstance(at, int):
        raise MalformedError("anchor", "whole numbers for size and at", "others")
    return Anchor(
        size,
        AnchorKind(str(kind)),
        str(said["who"]),
        at,
        str(said["checkpoint"]),
        decode_base64(str(said["body"]), "anchor"),
    )
