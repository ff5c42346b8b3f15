"""From a picture as it was examined to the file that leaves: what is taken out, then the marks."""

from collections.abc import Callable
from dataclasses import dataclass, field

from classifiers.container.parts import Container
from classifiers.container.take_apart import take_apart
from classifiers.errors import UnreadableError
from pipeline.errors import MarkingError
from pipeline.items import ReleasedMetadata
from pipeline.marking import xmp
from pipeline.marking.label import labelled
from pipeline.marking.rewriting import MAX_METADATA_BYTES, rewritten


@dataclass(frozen=True, slots=True)
class Leaving:
    """A file as it leaves, and what was done to it."""

    data: bytes = field(repr=False)
    mark: str
    """For the log: what became of its texts, and its marks, such as `strip_text+xmp+c2pa`."""


def leaving(
    data: bytes, metadata: ReleasedMetadata, sign: Callable[[bytes], bytes] | None = None
) -> Leaving:
    """Return a picture as it leaves; to sign it is the last step.

    Raises:
        MarkingError: it cannot be made so, or came out as another picture. It MUST NOT leave.
    """
    try:
        container = take_apart(data, MAX_METADATA_BYTES)
        left = _left(data, container, metadata)
        marked = xmp.marked(left, container.width, container.height)
    except UnreadableError as fault:
        raise MarkingError("a picture", fault.kind) from None
    if sign is None:
        return Leaving(marked, f"{metadata.value}+xmp")
    return Leaving(sign(marked), f"{metadata.value}+xmp+c2pa")


def _left(data: bytes, container: Container, metadata: ReleasedMetadata) -> bytes:
    match metadata:
        case ReleasedMetadata.KEEP:
            return data
        case ReleasedMetadata.STRIP_TEXT:
            return container.pixels
        case ReleasedMetadata.STRIP_ALL:
            return rewritten(data)
        case ReleasedMetadata.LABEL:
            return rewritten(data, labelled)
